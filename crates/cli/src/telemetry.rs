//! Traces to a collector (OTLP over HTTP), by configuration only. Nothing of a person is in a span: names of operations,
//! numbers, ids of runs. Spans leave in the background; a collector that is away delays nobody.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, SpanKind, TraceContextExt as _, TraceState, TracerProvider as _},
};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{
        IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, SdkTracerProvider, ShouldSample as _,
        TracerProviderBuilder,
    },
};
use tokio::runtime::Handle;
use tongshi_hub::trace::{self, Parent};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::{config::Settings, exit::Failure};

/// How long the collector may take.
const SEND_MAX: Duration = Duration::from_secs(10);
/// How long the end of the program waits for the last spans.
const LAST_MAX: Duration = Duration::from_secs(5);
/// Where a collector takes traces when the setting names only the collector.
const PATH: &str = "/v1/traces";

/// The runtime on which spans are sent: they are handed over by a thread that has none.
static RUNTIME: OnceLock<Handle> = OnceLock::new();

/// What exports spans until the program ends.
#[derive(Default)]
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Spans may be sent from now on.
    pub(crate) fn on(handle: Handle) {
        let _ = RUNTIME.set(handle);
    }

    /// Sends the last spans. Not to be called on the runtime that sends them.
    pub(crate) fn end(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(LAST_MAX)
        {
            tracing::warn!(reason = %error, "the last spans were not sent");
        }
    }
}

/// The layer that takes spans, if a collector is configured, and what ends it.
pub(crate) fn layer<S>(settings: &Settings) -> Result<(Option<impl Layer<S> + use<S>>, Telemetry), Failure>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let Some(endpoint) = &settings.otlp_endpoint.0 else { return Ok((None, Telemetry::default())) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender::default())
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(address(endpoint)?)
        .with_timeout(SEND_MAX)
        .with_headers(headers(settings)?)
        .build()
        .map_err(|error| {
            Failure::usage(format!("traces cannot be sent: {error}")).mend("look at otlp_endpoint")
        })?;
    let provider = provider(settings.otlp_sample_percent, |builder| builder.with_batch_exporter(exporter));
    Ok((Some(layer_over(&provider)), Telemetry(Some(provider))))
}

/// A provider of spans that keeps this share of traces.
fn provider(
    percent: u32,
    export: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
) -> SdkTracerProvider {
    let sampler = Sampler::TraceIdRatioBased(f64::from(percent) / 100.0);
    let resource = Resource::builder_empty()
        .with_service_name("tongshi")
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let builder = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(sampler.clone())))
        .with_id_generator(GivenIds::default())
        .with_resource(resource);
    trace::install(Box::new(Places { sampler }));
    export(builder).build()
}

fn layer_over<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("tongshi"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        // Spans for traces only, and no line of the log.
        .with_filter(filter_fn(|metadata| metadata.target() == trace::SPANS))
}

/// The address for traces of a collector.
fn address(endpoint: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::usage("otlp_endpoint is no address")
            .mend("give one such as http://127.0.0.1:4318, the collector's port for HTTP")
    };
    let url = reqwest::Url::parse(endpoint).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong());
    }
    let base = endpoint.trim_end_matches('/');
    Ok(if base.ends_with(PATH) { base.to_owned() } else { format!("{base}{PATH}") })
}

/// Headers as `name=value,name=value`.
fn headers(settings: &Settings) -> Result<HashMap<String, String>, Failure> {
    let Some(text) = &settings.otlp_headers.0 else { return Ok(HashMap::new()) };
    let pairs = text.expose().split(',').filter(|pair| !pair.trim().is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    });
    pairs.collect::<Option<_>>().ok_or_else(|| {
        Failure::usage("otlp_headers cannot be read").mend("write it as name=value,name=value")
    })
}

/// How the hub's own words for places in traces become OpenTelemetry's.
struct Places {
    sampler: Sampler,
}

thread_local! {
    /// The names that the next root span gets.
    static GIVEN: Cell<Option<Parent>> = const { Cell::new(None) };
}

impl trace::Tracer for Places {
    fn follow(&self, span: &Span, parent: Parent) {
        let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
        let (trace, id) = (TraceId::from_bytes(parent.trace), SpanId::from_bytes(parent.span));
        let remote = SpanContext::new(trace, id, flags, true, TraceState::default());
        // A span that has begun keeps its parent, which is then a mistake of ours and shows in the trace.
        let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote));
    }

    fn begin(&self, span: &Span, root: Parent) {
        GIVEN.set(Some(root));
        // Asking for its place begins the span, which then takes the names.
        let _ = span.context();
        GIVEN.set(None);
    }

    fn place(&self, span: &Span) -> Option<Parent> {
        let context = span.context();
        let span = context.span();
        let here = span.span_context();
        here.is_valid().then(|| Parent {
            trace: here.trace_id().to_bytes(),
            span: here.span_id().to_bytes(),
            sampled: here.is_sampled(),
        })
    }

    fn samples(&self, trace: [u8; 16]) -> bool {
        let trace = TraceId::from_bytes(trace);
        let result = self.sampler.should_sample(None, trace, "", &SpanKind::Internal, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }
}

/// Random names, except where a root span has its own.
#[derive(Debug, Default)]
struct GivenIds(RandomIdGenerator);

impl IdGenerator for GivenIds {
    fn new_trace_id(&self) -> TraceId {
        GIVEN.get().map_or_else(|| self.0.new_trace_id(), |given| TraceId::from_bytes(given.trace))
    }

    fn new_span_id(&self) -> SpanId {
        GIVEN.get().map_or_else(|| self.0.new_span_id(), |given| SpanId::from_bytes(given.span))
    }
}

/// Sends what the exporter has made.
#[derive(Debug, Default)]
struct Sender {
    client: Arc<Mutex<Option<reqwest::Client>>>,
}

impl Sender {
    /// The client, built when the first spans are sent.
    fn client(&self) -> Result<reqwest::Client, HttpError> {
        let mut place = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*place {
            return Ok(client.clone());
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(SEND_MAX)
            .build()
            .map_err(reqwest::Error::without_url)?;
        Ok(place.insert(client).clone())
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let handle = RUNTIME.get().ok_or("the program has not begun")?;
        let client = self.client()?;
        let sending = handle.spawn(async move {
            let (parts, body) = request.into_parts();
            let url = parts.uri.to_string();
            let sent = client.request(parts.method, url).headers(parts.headers).body(body).send().await;
            let response = sent.map_err(reqwest::Error::without_url)?;
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            Ok::<_, reqwest::Error>(answer)
        });
        Ok(sending.await??)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
    use tongshi_dialect::{Face, Message, Reply};
    use tongshi_hub::{
        Actor, Answer, Begun, LoadItem, NewApp, NewConnection, NewRecord, NewRoute, NewWebhook, Scopes,
        WebhookOwner,
    };
    use tongshi_model::{Draft, Kind};
    use tongshi_testkit::{LEDGER, LEDGER_ADDRESS, Ledger, Setup, TestHub, on_each_database};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Takes down the trace that each message came with.
    #[derive(Default)]
    struct Ear(Mutex<Vec<String>>);

    #[async_trait::async_trait]
    impl Face for Ear {
        async fn answer(&self, message: Message) -> Reply {
            self.0.lock().unwrap().push(message.header("traceparent").unwrap().to_owned());
            Reply::empty(http::StatusCode::OK)
        }
    }

    async fn listen(hub: &TestHub) -> Arc<Ear> {
        let ear = Arc::new(Ear::default());
        hub.wire.lead("http://ear.test", ear.clone());
        let app = NewApp { name: "ear".to_owned(), scopes: Scopes::all(), ..NewApp::default() };
        let app = hub.hub.create_app(&hub.main, app, &Actor::cli()).await.unwrap().app.id;
        let url = "http://ear.test/hooks".to_owned();
        let new = NewWebhook { name: None, url, events: vec!["*".to_owned()], full: false };
        hub.hub.create_webhook(&WebhookOwner::operator(&hub.main, "test"), app, new).await.unwrap();
        ear
    }

    fn named<'a>(spans: &'a [SpanData], name: &str) -> Vec<&'a SpanData> {
        spans.iter().filter(|span| span.name == name).collect()
    }

    /// From the call to the vendor to whoever reads the change later: one trace, and nobody's name in it.
    #[tokio::test]
    async fn a_change_leads_back_to_the_vendor_call_that_brought_it() {
        let exporter = InMemorySpanExporter::default();
        let provider = provider(100, |builder| builder.with_simple_exporter(exporter.clone()));
        let subscriber = tracing_subscriber::registry().with(layer_over(&provider));
        let _guard = tracing::subscriber::set_default(subscriber);
        on_each_database(Setup { employees: 30, ..Setup::default() }, async |hub: &TestHub| {
            let ear = listen(hub).await;
            exporter.reset();
            let run = hub.sync(&["employee"]).await.run.unwrap();
            let page = hub.hub.changes(&hub.main, 0, None, 10, &Scopes::all()).await.unwrap();
            assert_eq!(page.data[0].run, Some(run));
            hub.hub.deliver().await.unwrap();
            let told = ear.0.lock().unwrap().clone();
            let spans = exporter.get_finished_spans().unwrap();
            let of_run: Vec<&SpanData> = spans
                .iter()
                .filter(|span| span.span_context.trace_id().to_bytes() == *run.as_bytes())
                .collect();
            for name in ["sync run", "listing", "page", "vendor call", "ingest commit", "delivery"] {
                assert!(
                    of_run.iter().any(|span| span.name == name),
                    "{name} is not in the run's trace: {spans:#?}"
                );
            }
            let root = named(&spans, "sync run")[0];
            assert_eq!(root.parent_span_id, SpanId::INVALID);
            assert_eq!(named(&spans, "delivery")[0].parent_span_id, root.span_context.span_id());
            // Who received the webhook finds the trace by its header.
            assert!(!told.is_empty());
            for parent in told.iter().map(|text| Parent::parse(text).unwrap()) {
                let span = of_run.iter().find(|span| span.span_context.span_id().to_bytes() == parent.span);
                assert_eq!((parent.trace, span.unwrap().name.as_ref()), (*run.as_bytes(), "delivery"));
            }
            let call = named(&spans, "vendor call")[0];
            let page = of_run.iter().find(|span| span.span_context.span_id() == call.parent_span_id).unwrap();
            assert_eq!(page.name, "page");
            let text = format!("{spans:?}");
            for record in hub.records(&hub.main, Kind::Employee).await {
                let doc: serde_json::Value = serde_json::from_str(record.data.get()).unwrap();
                for field in ["name", "mobile", "employee_no"] {
                    let value = doc[field].as_str().unwrap_or("(none)");
                    assert!(!text.contains(&format!("\"{value}\"")), "{field}");
                }
            }
        })
        .await;
        // A change that a request made is found under the request's trace.
        on_each_database(Setup { employees: 5, ..Setup::default() }, async |hub: &TestHub| {
            let caller = Parent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
            let request = tracing::info_span!(target: trace::SPANS, parent: None, "request");
            trace::follow(&request, Some(caller));
            let draft = Draft::parse(Kind::OrgUnit, r#"{"name":"新部"}"#.to_owned()).unwrap();
            let item = LoadItem::Record { remote_id: "org-new".to_owned(), draft };
            let load = hub.hub.load(&hub.company, "sandbox", vec![item]);
            tracing::Instrument::instrument(load, request.clone()).await.unwrap();
            let mut session = hub.hub.store().read().await.unwrap();
            let last = tongshi_store::changes::last_seq(&mut session, &hub.company).await.unwrap();
            let place = trace::of_seq(&mut session, &hub.company, None, last).await.unwrap().unwrap();
            assert_eq!((place.trace, place.sampled), (caller.trace, true));
            assert_eq!(trace::of_seq(&mut session, &hub.company, None, last + 1).await.unwrap(), None);
        })
        .await;
    }

    /// A write that a program asked for goes out in the program's own trace, however much later.
    #[tokio::test]
    async fn a_write_goes_out_in_the_trace_of_who_asked_for_it() {
        let exporter = InMemorySpanExporter::default();
        let provider = provider(100, |builder| builder.with_simple_exporter(exporter.clone()));
        let subscriber = tracing_subscriber::registry().with(layer_over(&provider));
        let _guard = tracing::subscriber::set_default(subscriber);
        let setup = Setup { employees: 5, vendors: vec![&LEDGER], ..Setup::default() };
        on_each_database(setup, async |hub: &TestHub| {
            exporter.reset();
            hub.wire.lead(LEDGER_ADDRESS, Arc::new(Ledger::default()));
            let new = NewConnection {
                dialect: "ledger".to_owned(),
                name: "books".to_owned(),
                base_url: LEDGER_ADDRESS.to_owned(),
                credential: std::collections::BTreeMap::new(),
                settings: serde_json::Value::Null,
            };
            hub.hub.connect(&hub.company, new).await.unwrap();
            let target = "org_unit".parse().unwrap();
            let route =
                NewRoute { target, action: None, connection: "books".to_owned(), second_person: false };
            hub.hub.add_route(&hub.company, route, "test").await.unwrap();
            let app = NewApp { name: "writer".to_owned(), scopes: Scopes::all(), ..NewApp::default() };
            let key = hub.hub.create_app(&hub.company, app, &Actor::cli()).await.unwrap().api_key;
            let app = hub.hub.authenticate(key.expose(), None).await.unwrap();

            let caller = Parent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
            let request = tracing::info_span!(target: trace::SPANS, parent: None, "request");
            trace::follow(&request, Some(caller));
            let asked = async {
                let Begun::Now(mut once) = hub.hub.begin(&app, None).await.unwrap() else { unreachable!() };
                let fields = serde_json::json!({"name": "新部"}).as_object().unwrap().clone();
                let items = vec![Ok(NewRecord { fields, refers: Vec::new() })];
                hub.hub.create_records(&mut once, &app, Kind::OrgUnit, items, None).await.unwrap();
                once.finish(&Answer { status: 200, body: String::new() }).await.unwrap();
            };
            tracing::Instrument::instrument(asked, request).await;
            assert!(hub.hub.push_writes().await.unwrap() > 0);
            let spans = exporter.get_finished_spans().unwrap();
            let writes = named(&spans, "write");
            assert!(!writes.is_empty());
            for span in writes {
                assert_eq!(span.span_context.trace_id().to_bytes(), caller.trace);
            }
        })
        .await;
    }

    #[test]
    fn the_collector_s_address_is_completed() {
        assert_eq!(address("http://127.0.0.1:4318").unwrap(), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(
            address("https://otlp.example.com/x/v1/traces/").unwrap(),
            "https://otlp.example.com/x/v1/traces"
        );
        assert!(address("127.0.0.1:4318").is_err());
    }
}
