//! The table of settings: name, form, default, what it is for. Help, checks and docs/CONFIG.md are made from it.

use std::{collections::BTreeMap, net::SocketAddr};

use tongshi_hub::RequestLog;
use tongshi_model::Secret;

mod lists;

pub(crate) use lists::{Cidrs, Days, WebAddress};

macro_rules! settings {
    ($($(#[doc = $about:literal])+ $name:ident: $form:ty = $default:expr;)*) => {
        /// All settings.
        pub(crate) struct Settings { $($(#[doc = $about])+ pub(crate) $name: $form,)* }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Settings {
            /// The names of all settings.
            pub(crate) fn names() -> Vec<&'static str> {
                vec![$(stringify!($name)),*]
            }

            /// Sets one by name; none when there is no such setting.
            pub(crate) fn set(&mut self, name: &str, value: &toml::Value) -> Option<Result<(), String>> {
                match name {
                    $(stringify!($name) => Some(Setting::read(value).map(|value| self.$name = value)),)*
                    _ => None,
                }
            }

            /// Every setting as it stands, secrets hidden.
            pub(crate) fn rows(&self) -> Vec<Row> {
                vec![$(Row {
                    name: stringify!($name),
                    form: <$form as Setting>::FORM,
                    about: concat!($($about),+).trim(),
                    value: self.$name.show(),
                }),*]
            }
        }
    };
}

/// One line of the table.
pub(crate) struct Row {
    /// The name in the file.
    pub(crate) name: &'static str,
    /// What can be written there.
    pub(crate) form: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// Its value for people, secrets hidden; empty when it is not set.
    pub(crate) value: String,
}

settings! {
    /// Where the data is kept: a `postgres://` address, or nothing for `tongshi.db` in the data directory.
    database_url: Hidden = Hidden(None);
    /// The key that encrypts credentials; without it `master.key` in the data directory, made at the first start.
    key: Hidden = Hidden(None);
    /// Where `serve` and `demo` listen.
    listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7070));
    /// Faces with a listener of their own, beside `/d/{dialect}` of the hub.
    faces: Faces = Faces(BTreeMap::new());
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `warn,tongshi_hub=debug`. Not
    /// set, `serve` logs `info` and every other command `warn`.
    log: Text = Text(None);
    /// How the log is written to standard error.
    log_format: LogFormat = LogFormat::Human;
    /// Threads that run the program's tasks.
    worker_threads: usize = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 64);
    /// How long a connection to a vendor may take to come about.
    connect_timeout_ms: u64 = 5_000;
    /// How long a call to a vendor may take in all.
    call_timeout_ms: u64 = 30_000;
    /// The largest answer of a vendor that is read, unpacked. Some vendors have lists without pages.
    answer_bytes_max: usize = 64 * 1024 * 1024;
    /// Whether `http://` may be used to hosts other than this one. Credentials and people then travel in the open.
    allow_plain_http: bool = false;
    /// Certificates in PEM that are trusted beside those of the system, for vendors behind a company's own.
    ca_file: Text = Text(None);
    /// The proxy through which vendors are reached, this host excepted. The usual variables of the environment are
    /// not read.
    proxy_url: Hidden = Hidden(None);
    /// Calls a second to one connection, over all operations.
    calls_per_second_max: u32 = hub().calls_per_second_max;
    /// Calls in flight to one connection.
    calls_in_flight_max: usize = hub().calls_in_flight_max;
    /// How often a call is tried.
    attempts_max: u32 = hub().attempts_max;
    /// The wait before the second try; doubled for each further one, with jitter.
    retry_delay_ms: u64 = hub().retry_delay_ms;
    /// The longest wait before another try; also the longest `Retry-After` that is obeyed within a run.
    retry_delay_ms_max: u64 = hub().retry_delay_ms_max;
    /// How many days back a full sync reads what is read by days.
    window_days: i32 = hub().window_days;
    /// How many days back an incremental sync reads what is read by days.
    recent_days: i32 = hub().recent_days;
    /// A run that finds more than this share missing waits for a person.
    shrink_percent_max: u32 = hub().shrink_percent_max;
    /// Fewer missing than this are never held.
    shrink_rows_min: u64 = hub().shrink_rows_min;
    /// How often a list that changes while it is read is read again.
    passes_max: u32 = hub().passes_max;
    /// How long a silent run keeps its connection to itself, where nobody can see that its process has died.
    lease_seconds: i64 = hub().lease_seconds;
    /// How often `serve` syncs each connection; 0 for never.
    sync_every_seconds: u64 = hub().sync_every_seconds;
    /// Rows committed together.
    commit_rows: usize = hub().commit_rows;
    /// How sure a rule must be that two people are one before it links them; above 100 none ever does.
    identity_confidence_percent: u32 = hub().identity_confidence_percent;
    /// How often a write is sent to its vendor.
    write_attempts_max: u32 = hub().write_attempts_max;
    /// The wait before a write is tried again; doubled for each further time, with jitter.
    write_delay_seconds: i64 = hub().write_delay_seconds;
    /// How long a vendor that did not answer is given to finish what it may have begun, before it is asked.
    write_unsure_seconds: i64 = hub().write_unsure_seconds;
    /// Where apps and browsers reach the hub, such as `https://hub.example.com`: links that faces hand out begin so. Not
    /// set, it is where the hub listens.
    public_url: WebAddress = WebAddress(None);
    /// Proxies in front of the hub. Only their word for the client's address (`X-Forwarded-For`, `Forwarded`) is taken;
    /// without them every client behind a proxy counts as one.
    trusted_proxies: Cidrs = Cidrs::default();
    /// Requests to `/v1` that an app may make in a minute unless it has a limit of its own; 0 for no limit.
    app_requests_per_minute: u32 = hub().app_requests_per_minute;
    /// Wrong keys or signatures after which one key from one address is not listened to for a while. An address with
    /// many keys has ten times as many, a key from many addresses a thousand times.
    credential_failures_max: u32 = hub().credential_failures_max;
    /// For how long, the first time; each further failure doubles it.
    credential_block_seconds: u64 = hub().credential_block_seconds;
    /// For how long at most.
    credential_block_seconds_max: u64 = hub().credential_block_seconds_max;
    /// Which calls of faces, vendors' events and `/v1` the log of requests keeps: `refusals`, `all` or `off`.
    request_log: RequestLog = hub().request_log;
    /// How many days the log of requests keeps them; 0 keeps none.
    request_log_days: u32 = hub().request_log_days;
    /// How many calls the log of requests keeps at most.
    request_log_rows_max: u64 = hub().request_log_rows_max;
    /// Where traces are sent: a collector's address for OTLP over HTTP, such as `http://127.0.0.1:4318`. Not set, none
    /// are taken.
    otlp_endpoint: Text = Text(None);
    /// Headers for the collector, as `name=value,name=value`.
    otlp_headers: Hidden = Hidden(None);
    /// How many of a hundred traces are kept.
    otlp_sample_percent: u32 = 100;
    /// How often one app may wait for changes at once, by long poll or stream, at one process.
    followers_per_app_max: usize = hub().followers_per_app_max;
    /// Private networks to which webhooks may be sent, such as `10.8.0.0/16,127.0.0.0/8`. `demo` permits this machine.
    webhook_private_ranges: Cidrs = Cidrs::default();
    /// How long somebody who signed in through the hub stays signed in.
    session_hours: u32 = hub().session_hours;
    /// Days that things are kept, by rule; 0 for ever. docs/RETENTION.md lists the rules with their own days.
    retention_days: Days = Days(BTreeMap::new());
}

/// The bounds of whole numbers, both inclusive.
const BOUNDS: &[(&str, i64, i64)] = &[
    ("worker_threads", 1, 64),
    ("connect_timeout_ms", 100, 120_000),
    ("call_timeout_ms", 100, 3_600_000),
    ("answer_bytes_max", 1024, 1024 * 1024 * 1024),
    ("calls_per_second_max", 1, 100_000),
    ("calls_in_flight_max", 1, 256),
    ("attempts_max", 1, 20),
    ("retry_delay_ms", 1, 60_000),
    ("retry_delay_ms_max", 1, 3_600_000),
    ("window_days", 0, 3_660),
    ("recent_days", 0, 3_660),
    ("shrink_percent_max", 0, 100),
    ("shrink_rows_min", 0, 1_000_000),
    ("passes_max", 2, 20),
    ("lease_seconds", 10, 3_600),
    ("sync_every_seconds", 0, 30 * 86_400),
    ("commit_rows", 1, 10_000),
    ("identity_confidence_percent", 60, 101),
    ("write_attempts_max", 1, 100),
    ("write_delay_seconds", 0, 600),
    ("write_unsure_seconds", 0, 3_600),
    ("app_requests_per_minute", 0, 1_000_000),
    ("credential_failures_max", 1, 10_000),
    ("credential_block_seconds", 1, 86_400),
    ("credential_block_seconds_max", 1, 86_400),
    ("request_log_days", 0, 3_660),
    ("request_log_rows_max", 1, 100_000_000),
    ("otlp_sample_percent", 0, 100),
    ("followers_per_app_max", 0, 8_192),
    ("session_hours", 1, 24 * 90),
];

impl Settings {
    /// The bounds of a whole number.
    pub(crate) fn bounds(name: &str) -> Option<(i64, i64)> {
        BOUNDS.iter().find(|(bounded, ..)| *bounded == name).map(|(_, low, high)| (*low, *high))
    }

    /// Values out of bounds: the name and what is wrong.
    pub(crate) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        for row in self.rows() {
            let Some((low, high)) = Self::bounds(row.name) else { continue };
            if !row.value.parse::<i64>().is_ok_and(|value| (low..=high).contains(&value)) {
                problems.push((row.name, format!("{} must be between {low} and {high}", row.name)));
            }
        }
        problems
    }

    /// What the hub keeps to.
    pub(crate) fn hub(&self) -> tongshi_hub::Settings {
        tongshi_hub::Settings {
            calls_per_second_max: self.calls_per_second_max,
            calls_in_flight_max: self.calls_in_flight_max,
            attempts_max: self.attempts_max,
            retry_delay_ms: self.retry_delay_ms,
            retry_delay_ms_max: self.retry_delay_ms_max,
            window_days: self.window_days,
            recent_days: self.recent_days,
            shrink_percent_max: self.shrink_percent_max,
            shrink_rows_min: self.shrink_rows_min,
            passes_max: self.passes_max,
            lease_seconds: self.lease_seconds,
            sync_every_seconds: self.sync_every_seconds,
            commit_rows: self.commit_rows,
            identity_confidence_percent: self.identity_confidence_percent,
            write_attempts_max: self.write_attempts_max,
            write_delay_seconds: self.write_delay_seconds,
            write_unsure_seconds: self.write_unsure_seconds,
            trusted_proxies: self.trusted_proxies.0.clone(),
            app_requests_per_minute: self.app_requests_per_minute,
            credential_failures_max: self.credential_failures_max,
            credential_block_seconds: self.credential_block_seconds,
            credential_block_seconds_max: self.credential_block_seconds_max,
            request_log: self.request_log,
            request_log_days: self.request_log_days,
            request_log_rows_max: self.request_log_rows_max,
            followers_per_app_max: self.followers_per_app_max,
            webhook_private_ranges: self.webhook_private_ranges.0.clone(),
            webhook_plain_http: self.allow_plain_http,
            session_hours: self.session_hours,
            retention_days: self.retention_days.0.clone(),
            public_url: self.public_url.0.clone(),
            data_directory: None,
        }
    }
}

fn hub() -> tongshi_hub::Settings {
    tongshi_hub::Settings::default()
}

/// A value that can stand in a file or in the environment.
trait Setting: Sized {
    /// What can be written, for people.
    const FORM: &'static str;

    /// Reads it from text.
    fn parse(text: &str) -> Option<Self>;

    /// Shows it, secrets hidden.
    fn show(&self) -> String;

    /// Reads it from a file. The error never quotes the value: it may be a misplaced secret.
    fn read(value: &toml::Value) -> Result<Self, String> {
        let text = match value {
            toml::Value::String(text) => Some(text.clone()),
            toml::Value::Integer(number) => Some(number.to_string()),
            toml::Value::Boolean(switch) => Some(switch.to_string()),
            toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => None,
        };
        text.and_then(|text| Self::parse(&text)).ok_or_else(|| format!("must be {}", Self::FORM))
    }
}

macro_rules! whole_numbers {
    ($($form:ty),*) => {$(
        impl Setting for $form {
            const FORM: &'static str = "a whole number";
            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

whole_numbers!(u32, u64, usize, i32, i64);

impl Setting for bool {
    const FORM: &'static str = "true or false";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for SocketAddr {
    const FORM: &'static str = "an address and port such as 127.0.0.1:7070";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// Text that need not be set.
pub(crate) struct Text(pub(crate) Option<String>);

impl Setting for Text {
    const FORM: &'static str = "text";

    fn parse(text: &str) -> Option<Self> {
        Some(Self(Some(text.to_owned()).filter(|text| !text.is_empty())))
    }

    fn show(&self) -> String {
        self.0.clone().unwrap_or_default()
    }
}

/// Text that is not shown.
pub(crate) struct Hidden(pub(crate) Option<Secret>);

impl Setting for Hidden {
    const FORM: &'static str = "text, kept secret";

    fn parse(text: &str) -> Option<Self> {
        Some(Self(Some(text).filter(|text| !text.is_empty()).map(Secret::new)))
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(String::new, |_| "(hidden)".to_owned())
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Setting for LogFormat {
    const FORM: &'static str = "human or json";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "human" => Some(Self::Human),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Human => "human".to_owned(),
            Self::Json => "json".to_owned(),
        }
    }
}

impl Setting for RequestLog {
    const FORM: &'static str = "refusals, all or off";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "refusals" => Some(Self::Refusals),
            "all" => Some(Self::All),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Refusals => "refusals".to_owned(),
            Self::All => "all".to_owned(),
            Self::Off => "off".to_owned(),
        }
    }
}

/// Addresses of faces by dialect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faces(pub(crate) BTreeMap<String, SocketAddr>);

impl Setting for Faces {
    const FORM: &'static str =
        "a table of dialect = \"address:port\"; in the environment dialect=address:port,…";

    fn parse(text: &str) -> Option<Self> {
        text.split(',')
            .map(|pair| {
                let (dialect, address) = pair.split_once('=')?;
                Some((dialect.trim().to_owned(), address.trim().parse().ok()?))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    fn show(&self) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(dialect, address)| format!("{dialect}={address}")).collect();
        pairs.join(",")
    }

    fn read(value: &toml::Value) -> Result<Self, String> {
        let faces = match value {
            toml::Value::Table(table) => table
                .iter()
                .map(|(dialect, address)| Some((dialect.clone(), address.as_str()?.parse().ok()?)))
                .collect::<Option<_>>()
                .map(Self),
            toml::Value::String(text) => Self::parse(text),
            toml::Value::Integer(_)
            | toml::Value::Boolean(_)
            | toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => None,
        };
        faces.ok_or_else(|| format!("must be {}", Self::FORM))
    }
}

#[cfg(test)]
mod tests;
