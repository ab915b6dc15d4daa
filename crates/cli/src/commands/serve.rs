//! `tongshi serve`: the hub, until somebody says stop.

use std::{collections::BTreeMap, io, net::SocketAddr};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tongshi_api::{ApiConfig, Limits};
use tongshi_hub::Hub;

use crate::{
    commands::connect,
    exit::{Exit, Failure},
    pairs,
    program::{Absent, Program},
};

/// Start the hub.
#[derive(clap::Args)]
#[command(
    long_about = "Starts the hub: /v1, the faces, the vendors' events, scheduled syncs. Brings the database up \
    to date first. SIGTERM or ctrl-c stop it: no new connections, requests in flight are finished, runs keep their \
    checkpoint. Several hubs may share one PostgreSQL."
)]
#[command(after_long_help = "\
Examples:
  tongshi serve
  tongshi serve --data DIR --listen 0.0.0.0:7070 --face zhiren=0.0.0.0:7071
  TONGSHI_DATABASE_URL=postgres://… TONGSHI_LOG_FORMAT=json tongshi serve

A face answers under /d/{dialect} of the hub, by Host {dialect}.…, and on its own listener with --face.

Exit codes: 0 stopped in order; 1 an address is taken or the configuration is wrong; 5 the database cannot be \
    reached; 70 our own fault.")]
pub(crate) struct Args {
    /// Where to listen
    #[command(flatten)]
    at: At,
}

/// Where to listen, as `serve` and `demo` take it.
#[derive(clap::Args)]
pub(crate) struct At {
    /// Where to listen [TONGSHI_LISTEN; default 127.0.0.1:7070]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// A listener for one face alone [env TONGSHI_FACES]
    #[arg(long = "face", value_name = "DIALECT=ADDR:PORT")]
    faces: Vec<String>,
}

/// Listeners that are open, before anybody is answered.
pub(crate) struct Listeners {
    hub: TcpListener,
    faces: BTreeMap<String, TcpListener>,
    addresses: BTreeMap<String, SocketAddr>,
    address: SocketAddr,
}

/// What runs while the hub is up.
pub(crate) struct Serving {
    tasks: JoinSet<Result<(), Failure>>,
    stop: CancellationToken,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let listeners = Listeners::open(program, &args.at).await?;
    let hub = program.hub(Absent::Make).await?;
    let address = listeners.address;
    let mut serving = Serving::start(&hub, listeners);
    serving.background(&hub);
    tracing::info!(%address, "serving");
    program.say(format!("Tongshi answers at http://{address}; ctrl-c stops it."));
    serving.until_stopped().await?;
    Ok(Exit::Done)
}

impl Listeners {
    /// Opens all listeners, so that a taken port is told before anything else is done.
    pub(crate) async fn open(program: &Program, at: &At) -> Result<Self, Failure> {
        let settings = &program.config.settings;
        let hub = bind(at.listen.unwrap_or(settings.listen), "--listen 127.0.0.1:7170").await?;
        let mut wanted = settings.faces.0.clone();
        for pair in &at.faces {
            let (dialect, address) = pairs::split("--face", pair)?;
            let address = address.parse().map_err(|_| {
                Failure::usage(format!("--face {dialect}=… has no address"))
                    .mend("write it as --face zhiren=127.0.0.1:7071")
            })?;
            wanted.insert(dialect.to_owned(), address);
        }
        let (mut faces, mut addresses) = (BTreeMap::new(), BTreeMap::new());
        for (dialect, address) in wanted {
            connect::dialect(&dialect)?;
            let listener = bind(address, &format!("--face {dialect}=127.0.0.1:7171")).await?;
            addresses.insert(dialect.clone(), local(&listener)?);
            faces.insert(dialect, listener);
        }
        Ok(Self { address: local(&hub)?, hub, faces, addresses })
    }

    /// Where programs on this machine reach the hub.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", reachable(self.address))
    }

    /// Where programs on this machine reach a face.
    pub(crate) fn face_url(&self, dialect: &str) -> String {
        match self.addresses.get(dialect) {
            Some(address) => format!("http://{}", reachable(*address)),
            None => format!("{}/d/{dialect}", self.url()),
        }
    }
}

impl Serving {
    /// Begins to answer.
    pub(crate) fn start(hub: &Hub, listeners: Listeners) -> Self {
        hub.listens_at(listeners.url());
        let stop = CancellationToken::new();
        let limits = Limits::default();
        let pages = Some(tongshi_console::router(hub, tongshi_api::openapi()));
        let router = tongshi_api::router(hub.clone(), ApiConfig { limits, pages });
        let mut tasks = JoinSet::new();
        let (listener, token) = (listeners.hub, stop.clone());
        tasks.spawn(async move {
            tongshi_api::serve(listener, router, limits, token).await;
            Ok(())
        });
        for (dialect, listener) in listeners.faces {
            let (hub, token) = (hub.clone(), stop.clone());
            tasks.spawn(async move {
                Ok(tongshi_api::serve_face(listener, &hub, &dialect, limits, token).await?)
            });
        }
        Self { tasks, stop }
    }

    /// Begins the hub's own work: scheduled syncs, events that wait.
    pub(crate) fn background(&mut self, hub: &Hub) {
        let (hub, token) = (hub.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            Box::pin(hub.run_background(token)).await;
            Ok(())
        });
    }

    /// Waits for SIGTERM or ctrl-c, then drains. A second signal ends the process at once.
    pub(crate) async fn until_stopped(mut self) -> Result<(), Failure> {
        let mut signals = Signals::new()?;
        tokio::select! {
            () = signals.next() => {}
            // A task that ends by itself has failed; the others are stopped in order and it is reported.
            Some(ended) = self.tasks.join_next() => {
                self.stop.cancel();
                self.tasks.join_all().await;
                return joined(ended);
            }
        }
        tracing::info!("stopping");
        tokio::select! {
            ended = self.stop() => ended,
            () = signals.next() => Err(Failure::new(Exit::Incomplete, "stopped before requests in flight were finished")),
        }
    }

    /// Stops in order: no new connections, requests in flight are finished.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            joined(ended)?;
        }
        Ok(())
    }
}

/// SIGTERM and ctrl-c.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn joined(ended: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    ended.unwrap_or_else(|error| Err(Failure::internal(format!("a part of the hub ended: {error}"))))
}

async fn bind(address: SocketAddr, instead: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::usage(format!("{address} is taken by another program"))
            .mend(format!("stop that program, or choose another port, such as {instead}")),
        io::ErrorKind::PermissionDenied => Failure::usage(format!("this user may not listen on {address}"))
            .mend(format!("choose a port above 1023, such as {instead}")),
        _ => Failure::usage(format!("{address} cannot be listened on: {error}"))
            .mend(format!("choose an address of this machine, such as {instead}")),
    })
}

fn local(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    Ok(listener.local_addr()?)
}

/// An address that listens everywhere is reached through this machine's own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        match address {
            SocketAddr::V4(_) => address.set_ip(std::net::Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(_) => address.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
        }
    }
    address
}
