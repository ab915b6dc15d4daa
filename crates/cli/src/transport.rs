//! Carries messages to vendors over HTTP: verified TLS, no redirects, limits on time and size. Nothing of a query
//! is ever put in an error: credentials travel there.

use std::{error::Error as _, fmt, net::IpAddr, sync::Arc, sync::Mutex, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use reqwest::{
    Certificate, Client, Proxy, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use tongshi_dialect::{Addresses, Message, Reply, Transport, TransportError};
use tongshi_hub::{Transports, may_go_to};
use tongshi_model::Error;

use crate::config::Settings;

/// Connections kept open to one vendor while nothing is sent.
const IDLE_CONNECTIONS_MAX: usize = 16;
/// How long such a connection is kept. Vendors' load balancers close theirs after a minute or more.
const IDLE_SECONDS_MAX: u64 = 45;

/// How long a message to an app may take in all.
const OUTBOUND_SECONDS_MAX: u64 = 20;
/// What is read of an app's answer.
const OUTBOUND_ANSWER_BYTES_MAX: usize = 64 * 1024;
const INWARDS: &str = "the address leads to a private or reserved network";

/// Makes transports. Clients are built when the first vendor needs them: reading the system's certificates takes
/// time and memory that an idle hub does not spend, and a machine without certificates can still speak to itself.
pub(crate) struct HttpTransports {
    connect_timeout: Duration,
    call_timeout: Duration,
    answer_bytes_max: usize,
    allow_plain_http: bool,
    ca_file: Option<String>,
    proxy_url: Option<tongshi_model::Secret>,
    private_ranges: Addresses,
    plain: Mutex<Option<Client>>,
    secure: Mutex<Option<Client>>,
    outbound_plain: Mutex<Option<Client>>,
    outbound_secure: Mutex<Option<Client>>,
}

/// Whom a client may reach.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Vendors, at addresses that the operator gave.
    Vendors,
    /// Addresses that apps gave, which must not lead inwards.
    Outbound,
}

impl HttpTransports {
    /// Transports within these limits.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            connect_timeout: Duration::from_millis(settings.connect_timeout_ms),
            call_timeout: Duration::from_millis(settings.call_timeout_ms),
            answer_bytes_max: settings.answer_bytes_max,
            allow_plain_http: settings.allow_plain_http,
            ca_file: settings.ca_file.0.clone(),
            proxy_url: settings.proxy_url.0.clone(),
            private_ranges: settings.webhook_private_ranges.0.clone(),
            plain: Mutex::new(None),
            secure: Mutex::new(None),
            outbound_plain: Mutex::new(None),
            outbound_secure: Mutex::new(None),
        }
    }

    /// The client for secure or plain connections, built once.
    fn client(&self, secure: bool, reach: Reach) -> Result<Client, Error> {
        let place = match (reach, secure) {
            (Reach::Vendors, true) => &self.secure,
            (Reach::Vendors, false) => &self.plain,
            (Reach::Outbound, true) => &self.outbound_secure,
            (Reach::Outbound, false) => &self.outbound_plain,
        };
        let mut place = place.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = &*place {
            return Ok(client.clone());
        }
        let client = self.build(secure, reach)?;
        *place = Some(client.clone());
        Ok(client)
    }

    fn build(&self, secure: bool, reach: Reach) -> Result<Client, Error> {
        let mut builder = Client::builder()
            .user_agent(concat!("tongshi/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .gzip(true)
            .connect_timeout(self.connect_timeout)
            .timeout(self.call_timeout)
            .pool_idle_timeout(Duration::from_secs(IDLE_SECONDS_MAX))
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .tcp_nodelay(true);
        builder = match (&self.proxy_url, secure) {
            (Some(url), _) => builder.proxy(proxy(url.expose())?),
            (None, _) => builder.no_proxy(),
        };
        if reach == Reach::Outbound {
            builder = builder.timeout(Duration::from_secs(OUTBOUND_SECONDS_MAX));
            // Through a proxy names are resolved by the proxy, which has its own rules about where they may lead.
            if self.proxy_url.is_none() {
                builder = builder.dns_resolver(Arc::new(Guard(self.private_ranges.clone())));
            }
        }
        if !secure {
            builder = builder.tls_certs_only(Vec::<Certificate>::new());
        } else if let Some(path) = &self.ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        builder.build().map_err(|error| {
            Error::unavailable(format!(
                "secure connections cannot be made: {}; install the system's CA certificates or set ca_file",
                root_cause(&error)
            ))
        })
    }
}

#[async_trait]
impl Transports for HttpTransports {
    fn open(&self, base_url: &str) -> Result<Arc<dyn Transport>, Error> {
        let base = Base::parse(base_url, self.allow_plain_http)?;
        let client = self.client(base.secure, Reach::Vendors)?;
        Ok(Arc::new(HttpTransport {
            client,
            base,
            answer_bytes_max: self.answer_bytes_max,
            cuts: false,
            timeout: self.call_timeout,
        }))
    }

    fn open_outbound(&self, base_url: &str) -> Result<Arc<dyn Transport>, Error> {
        // The hub has decided whether it may be plain; a literal address is not resolved, so it is looked at here.
        let base = Base::parse(base_url, true)?;
        if literal(&base.origin).is_some_and(|address| !may_go_to(address, &self.private_ranges)) {
            return Err(Error::invalid("url", INWARDS));
        }
        let client = self.client(base.secure, Reach::Outbound)?;
        Ok(Arc::new(HttpTransport {
            client,
            base,
            answer_bytes_max: OUTBOUND_ANSWER_BYTES_MAX,
            cuts: true,
            timeout: Duration::from_secs(OUTBOUND_SECONDS_MAX),
        }))
    }

    async fn check_outbound(&self, base_url: &str) -> Result<(), Error> {
        let url = Url::parse(base_url).map_err(|_| Error::invalid("url", INWARDS))?;
        let (Some(host), None) = (url.host_str(), self.proxy_url.as_ref()) else { return Ok(()) };
        if literal(base_url).is_some() {
            return self.open_outbound(base_url).map(drop);
        }
        // A name that is not known today may be tomorrow; where it leads then is looked at when it is used.
        let Ok(mut found) = tokio::net::lookup_host((host, 0)).await else { return Ok(()) };
        if found.all(|address| may_go_to(address.ip(), &self.private_ranges)) {
            Ok(())
        } else {
            Err(Error::invalid("url", INWARDS))
        }
    }
}

/// The address that stands in a URL in place of a name, in whatever spelling.
fn literal(url: &str) -> Option<IpAddr> {
    let url = Url::parse(url).ok()?;
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Resolves names for messages to apps: only addresses to which they may go are given to the client, which connects
/// to one of those and does not resolve again.
struct Guard(Addresses);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let ranges = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| may_go_to(address.ip(), &ranges)).collect();
            if allowed.is_empty() {
                return Err(INWARDS.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn proxy(url: &str) -> Result<Proxy, Error> {
    let unusable =
        |_| Error::invalid("proxy_url", "proxy_url must be an address such as http://proxy.example.com:3128");
    let here = reqwest::NoProxy::from_string("localhost,127.0.0.0/8,::1");
    Ok(Proxy::all(url).map_err(unusable)?.no_proxy(here))
}

fn certificates(path: &str) -> Result<Vec<Certificate>, Error> {
    let pem = std::fs::read(path)
        .map_err(|error| Error::invalid("ca_file", format!("ca_file {path} cannot be read: {error}")))?;
    Certificate::from_pem_bundle(&pem)
        .map_err(|_| Error::invalid("ca_file", format!("ca_file {path} holds no certificates in PEM")))
}

/// A vendor's base address, taken apart once.
struct Base {
    /// Scheme, host and port.
    origin: String,
    /// What stands in front of every path, without a slash at its end.
    path: String,
    /// Host and port for people.
    place: String,
    secure: bool,
}

impl Base {
    fn parse(text: &str, allow_plain_http: bool) -> Result<Self, Error> {
        let invalid = |text: &'static str| Error::invalid("base_url", text);
        let url = Url::parse(text.trim())
            .map_err(|_| invalid("the base URL must be an address such as https://zhiren.example.com"))?;
        let secure = match url.scheme() {
            "https" => true,
            "http" if allow_plain_http || is_loopback(&url) => false,
            "http" => {
                return Err(invalid(
                    "the base URL must begin with https://: over http:// credentials and people travel in the open \
                     (the setting allow_plain_http permits it)",
                ));
            }
            _ => return Err(invalid("the base URL must begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "the base URL must not carry a user or password; give credentials with --set",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("the base URL must end with its path, without ? and #"));
        }
        let host = url.host_str().ok_or_else(|| invalid("the base URL names no host"))?;
        let place = match url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path: url.path().trim_end_matches('/').to_owned(),
            place,
            secure,
        })
    }

    /// The address on the wire. What a scheme has signed must arrive as it is, so an address that the URL rules
    /// would change (a `..` as a segment, say) is refused.
    fn address(&self, message: &Message) -> Option<Url> {
        let path = format!("{}{}", self.path, message.path);
        let mut text = format!("{}{path}", self.origin);
        if !message.query.is_empty() {
            text.push('?');
            text.push_str(&message.query);
        }
        let url = Url::parse(&text).ok()?;
        (url.path() == path && url.query().unwrap_or_default() == message.query).then_some(url)
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A transport to one base address.
struct HttpTransport {
    client: Client,
    base: Base,
    answer_bytes_max: usize,
    /// Whether a longer answer is cut there and not refused.
    cuts: bool,
    timeout: Duration,
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, message: Message) -> Result<Reply, TransportError> {
        let Some(url) = self.base.address(&message) else {
            let text = "the path or query holds characters that an address cannot carry unchanged".to_owned();
            return Err(TransportError { text, unsent: true });
        };
        let mut request = self.client.request(message.method, url).headers(message.headers);
        if let Some(host) = message.authority.as_deref().and_then(|name| HeaderValue::from_str(name).ok()) {
            request = request.header(header::HOST, host);
        }
        if !message.body.is_empty() {
            request = request.body(message.body);
        }
        let mut response = request.send().await.map_err(|error| self.failure(&error))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = self.read(response).await?;
        Ok(Reply { status, headers, body })
    }
}

impl HttpTransport {
    /// Reads the body to its end or to the limit, whichever comes first.
    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let Some(first) = response.chunk().await.map_err(|error| self.failure(&error))? else {
            return Ok(Bytes::new());
        };
        let mut whole = BytesMut::new();
        let mut chunk = Some(first);
        while let Some(bytes) = chunk {
            if self.cuts && whole.len() + bytes.len() >= self.answer_bytes_max {
                whole.extend_from_slice(&bytes[..self.answer_bytes_max - whole.len()]);
                return Ok(whole.freeze());
            }
            if whole.len() + bytes.len() > self.answer_bytes_max {
                let text = format!(
                    "the answer of {} is larger than {} bytes (answer_bytes_max)",
                    self.base.place, self.answer_bytes_max
                );
                return Err(TransportError { text, unsent: false });
            }
            let next = response.chunk().await.map_err(|error| self.failure(&error))?;
            if next.is_none() && whole.is_empty() {
                // The usual small answer: one piece, handed on without a copy.
                return Ok(bytes);
            }
            whole.extend_from_slice(&bytes);
            chunk = next;
        }
        Ok(whole.freeze())
    }

    fn failure(&self, error: &reqwest::Error) -> TransportError {
        let place = &self.base.place;
        let unsent = error.is_connect() || error.is_builder();
        let text = match (error.is_connect(), error.is_timeout()) {
            (true, true) => format!("no connection to {place} came about in time"),
            (true, false) => format!("no connection to {place}: {}", root_cause(error)),
            (false, true) => format!("{place} did not answer within {} s", self.timeout.as_secs_f32()),
            (false, false) if error.is_body() || error.is_decode() => {
                format!("the answer of {place} broke off: {}", root_cause(error))
            }
            (false, false) => format!("the exchange with {place} broke: {}", root_cause(error)),
        };
        TransportError { text, unsent }
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpTransport({})", self.base.place)
    }
}

/// The innermost cause. The outermost text carries the address with its query, and the innermost says the most.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "no reason is known".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests;
