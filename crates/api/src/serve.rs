//! Listening: connections are accepted, each under its limits, until somebody says stop; then those that are being
//! answered may finish. What goes wrong on one connection ends that connection.

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, sync::atomic::Ordering, time::Duration};

use axum::{Extension, Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tongshi_hub::Hub;
use tongshi_model::Error;
use tower::Service as _;

use crate::{config::Limits, edge::face_router, meters, socket::Watched};

/// The opening of HTTP/2. Who has not said so much when a head should be there has said nothing that counts.
const PREFACE_BYTES: usize = 24;

/// How often the histograms are folded together.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// When the machine has no more sockets to give, it is asked again after this time.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long an HTTP/2 connection may be silent before it is asked whether it lives.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Is cancelled when the listener stops, for answers that would wait longer than a stop does. Part of each request.
#[derive(Clone, Default)]
pub(crate) struct Stopping(CancellationToken);

impl Stopping {
    /// The token. A request that came through no listener is never stopped.
    pub(crate) fn token(of_request: Option<Extension<Self>>) -> CancellationToken {
        of_request.unwrap_or_default().0.0
    }
}

/// Serves until `stop`, then lets requests finish for at most [`Limits::drain_max`].
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, stop: CancellationToken) {
    let app = app.layer(Extension(Stopping(stop.clone())));
    let permits = Arc::new(Semaphore::new(limits.connections_max));
    let builder = builder(&limits);
    let drain = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut upkeep = tokio::time::interval(UPKEEP_EVERY);
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            _ = upkeep.tick() => {
                meters::recorder().run_upkeep();
                continue;
            }
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let serving = connection(stream, peer, &builder, &drain, app.clone(), &limits);
        connections.spawn(async move {
            serving.await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_max, drain.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut that did not finish in time");
    }
    connections.shutdown().await;
}

/// Serves one face at the root of this listener.
pub async fn serve_face(
    listener: TcpListener,
    hub: &Hub,
    dialect: &str,
    limits: Limits,
    stop: CancellationToken,
) -> Result<(), Error> {
    let app = face_router(hub, dialect, limits)?;
    serve(listener, app, limits, stop).await;
    Ok(())
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_read_max)
        .max_buf_size(limits.head_bytes_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(limits.head_read_max)
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX));
    builder
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) if belongs_to_peer(&error) => None,
        Err(error) => {
            tracing::error!(%error, "no connection can be accepted for now");
            tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            None
        }
    }
}

fn belongs_to_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// One connection, to its end.
fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    builder: &auto::Builder<TokioExecutor>,
    drain: &GracefulShutdown,
    app: Router,
    limits: &Limits,
) -> impl Future<Output = ()> + Send + use<> {
    // Answers are written in one piece; waiting for more to send would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let (stream, heard) = Watched::new(stream, limits.write_stall_max);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        app.clone().call(request)
    });
    let serving = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let serving = drain.watch(serving);
    let head_read_max = limits.head_read_max;
    async move {
        let mut serving = pin!(serving);
        let ended = match tokio::time::timeout(head_read_max, serving.as_mut()).await {
            Ok(ended) => ended,
            Err(_) if heard.load(Ordering::Relaxed) < PREFACE_BYTES => return,
            Err(_) => serving.await,
        };
        if let Err(error) = ended {
            tracing::debug!(error = ?error.to_string(), "a connection ended early");
        }
    }
}
