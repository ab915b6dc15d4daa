//! The change feed: what comes is told once, in order, to whoever waits, wherever it was committed; and who may not
//! see it is not told.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tongshi_api::{ApiConfig, Limits, router, serve};
use tongshi_hub::{Scopes, Settings};
use tongshi_model::{Draft, Kind, Sensitivity};
use tongshi_testkit::{Location, Setup, TestHub, on_each_database, on_each_location};
use tower::ServiceExt as _;

use crate::served::{Answer, Served, key, over_company};

/// Something of the company with some fields changed.
async fn change(hub: &TestHub, kind: Kind, name: &str, change: impl Fn(&mut Value)) {
    let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
    let record = hub.hub.record(&hub.company, kind, space.id(kind, name), &Scopes::all()).await.unwrap();
    let mut doc: Value = serde_json::from_str(record.data.get()).unwrap();
    change(&mut doc);
    hub.put(name, Draft::parse(kind, doc.to_string()).unwrap()).await;
}

async fn rename(hub: &TestHub, number: u32, name: &str) {
    change(hub, Kind::OrgUnit, &format!("org-{number:06}"), |doc| doc["name"] = json!(name)).await;
}

async fn last(served: &Served) -> i64 {
    served.get("/v1/changes?limit=1").await.json["last"].as_i64().unwrap()
}

fn seqs(answer: &Answer) -> Vec<i64> {
    answer.data().iter().map(|change| change["seq"].as_i64().unwrap()).collect()
}

/// A stream that is being read.
struct Stream {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    unread: String,
}

impl Stream {
    async fn open(served: &Served, target: &str, last_event_id: Option<&str>) -> Self {
        let mut request = Request::get(target)
            .header(header::AUTHORIZATION, format!("Bearer {}", served.key.expose()))
            .header(header::ACCEPT_ENCODING, "gzip");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let answer = served.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        Self { status: parts.status, headers: parts.headers, body, unread: String::new() }
    }

    /// The next block, as its lines; none at the end.
    async fn block(&mut self) -> Option<Vec<String>> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let lines = block.lines().map(str::to_owned).collect();
                self.unread = rest.to_owned();
                return Some(lines);
            }
            let frame = self.body.frame().await?.unwrap();
            self.unread.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    /// The next change, whatever is said in between.
    async fn change(&mut self) -> Value {
        loop {
            let block = self.block().await.expect("the stream goes on");
            let Some(data) = block.iter().find_map(|line| line.strip_prefix("data: ")) else { continue };
            assert!(block.contains(&"event: change".to_owned()), "{block:?}");
            let change: Value = serde_json::from_str(data).unwrap();
            assert!(block.contains(&format!("id: {}", change["seq"])), "{block:?}");
            return change;
        }
    }

    /// Why the stream ends.
    async fn end(&mut self) -> Option<String> {
        let mut why = None;
        while let Some(block) = self.block().await {
            if block.contains(&"event: end".to_owned()) {
                why = block.iter().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
            }
        }
        why
    }
}

#[tokio::test]
async fn a_page_says_where_the_journal_ends_and_what_is_wrong_with_a_question() {
    over_company(40, async |_, served| {
        let newest = last(&served).await;
        let end = served.get(&format!("/v1/changes?after={newest}")).await;
        assert_eq!(
            (end.data().len(), &end.json["next"], &end.json["last"]),
            (0, &newest.into(), &newest.into())
        );
        let beyond = served.get(&format!("/v1/changes?after={}", newest + 1)).await;
        assert_eq!((beyond.status, &beyond.json["field"]), (StatusCode::BAD_REQUEST, &"after".into()));
        assert!(
            beyond.json["detail"].as_str().unwrap().contains(&format!("ends at {newest}")),
            "{}",
            beyond.text
        );
        for wrong in [
            "after=-1",
            "after=9223372036854775807",
            "after=1e3",
            "wait=61",
            "wait=-1",
            "wait=x",
            "kind=",
            "kind=a,b",
            "kind=employee,",
            "kind=punch",
            "limit=0",
        ] {
            let answer = served.get(&format!("/v1/changes?{wrong}")).await;
            assert_eq!(answer.problem(), "invalid", "{wrong}");
            let field = wrong.split('=').next().unwrap();
            assert_eq!(answer.json["field"], field, "{wrong}");
        }
        let both = served.get("/v1/changes?kind=employee,org_unit&limit=1000").await;
        let kinds: Vec<&str> = both.data().iter().map(|change| change["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"employee") && kinds.contains(&"org_unit"));
        assert!(kinds.iter().all(|kind| matches!(*kind, "employee" | "org_unit")));
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_is_told_of_the_commit_and_of_the_end_of_waiting() {
    over_company(40, async |hub, served| {
        let newest = last(&served).await;
        let target = format!("/v1/changes?after={newest}&wait=60&kind=org_unit");
        let (told, ()) = tokio::join!(served.get(&target), async {
            // Not of this kind: the waiting goes on.
            change(hub, Kind::Employee, "emp-00000007", |doc| doc["name"] = json!("林一")).await;
            rename(hub, 3, "新名部").await;
        });
        assert_eq!(seqs(&told), [newest + 2]);
        assert_eq!(told.json["data"][0]["after"]["name"], "新名部");
        let end = newest + 2;
        let in_vain = served.get(&format!("/v1/changes?after={end}&wait=1")).await;
        assert_eq!(
            (in_vain.data().len(), &in_vain.json["next"], &in_vain.json["last"]),
            (0, &end.into(), &end.into())
        );
        let there = served.get(&format!("/v1/changes?after={newest}&wait=60&limit=1")).await;
        assert_eq!(seqs(&there), [newest + 1]);
    })
    .await;
}

#[tokio::test]
async fn what_a_key_may_not_see_is_passed_over() {
    over_company(40, async |hub, served| {
        let contact = Scopes { sensitivity: Sensitivity::Contact, ..Scopes::all() };
        let some = served.with(key(hub, &hub.company, "some", contact).await);
        let units = Scopes { kinds: Some(vec![Kind::OrgUnit]), ..Scopes::all() };
        let units = served.with(key(hub, &hub.company, "units", units).await);
        let nothing = Scopes { kinds: Some(Vec::new()), ..Scopes::all() };
        let nothing = served.with(key(hub, &hub.company, "nothing", nothing).await);
        let newest = last(&served).await;
        for number in 1..=4 {
            change(hub, Kind::Employee, "emp-00000007", |doc| {
                doc["bank_card"] = json!(format!("62990000{number}"));
            })
            .await;
        }
        rename(hub, 3, "新名部").await;
        let end = newest + 5;
        let all = served.get(&format!("/v1/changes?after={newest}")).await;
        assert_eq!(seqs(&all), (newest + 1..=end).collect::<Vec<_>>());
        for limit in [1, 2, 100] {
            for (who, seen) in [(&some, vec![end]), (&units, vec![end]), (&nothing, Vec::new())] {
                let page = who.get(&format!("/v1/changes?after={newest}&limit={limit}")).await;
                assert_eq!((seqs(&page), &page.json["next"]), (seen, &end.into()), "limit {limit}");
            }
        }
        assert_eq!(units.get("/v1/changes?kind=employee").await.problem(), "forbidden");
        // A stream says how far it has passed over, so that one that comes back does not begin there again.
        let mut stream = Stream::open(&nothing, &format!("/v1/changes/stream?after={newest}"), None).await;
        assert_eq!(stream.block().await.unwrap(), [format!("id: {end}")]);
    })
    .await;
}

#[tokio::test]
async fn a_stream_tells_goes_on_where_it_was_and_says_that_it_lives() {
    over_company(40, async |hub, served| {
        let limits = Limits { heartbeat: Duration::from_millis(20), ..Limits::default() };
        let app = router(hub.hub.clone(), ApiConfig { limits, ..ApiConfig::default() });
        let served = Served { app, ..served };
        let newest = last(&served).await;
        let from = newest / 2;
        let mut stream = Stream::open(&served, &format!("/v1/changes/stream?after={from}"), None).await;
        assert_eq!(
            (stream.status, &stream.headers[header::CONTENT_TYPE]),
            (StatusCode::OK, &"text/event-stream".parse().unwrap())
        );
        assert_eq!(stream.headers.get(header::CONTENT_ENCODING), None);
        let listed = served.get(&format!("/v1/changes?after={from}&limit=1000")).await;
        for change in listed.data() {
            assert_eq!(&stream.change().await, change);
        }
        assert_eq!(stream.block().await.unwrap(), [":"]);
        rename(hub, 3, "新名部").await;
        assert_eq!(stream.change().await["seq"], newest + 1);
        drop(stream);
        rename(hub, 4, "又新名部").await;
        let last_id = (newest + 1).to_string();
        let mut again = Stream::open(&served, "/v1/changes/stream?after=0", Some(&last_id)).await;
        assert_eq!(again.change().await["seq"], newest + 2);
        for wrong in ["", "-1", "x", "99999999"] {
            let refused = Stream::open(&served, "/v1/changes/stream", Some(wrong)).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_shut_out_is_told_no_more() {
    over_company(40, async |hub, served| {
        let newest = last(&served).await;
        let target = format!("/v1/changes/stream?after={newest}");
        let shut = key(hub, &hub.company, "shut", Scopes::all()).await;
        let mut stream = Stream::open(&served.with(shut.clone()), &target, None).await;
        let served_shut = served.with(shut);
        let polled = format!("/v1/changes?after={newest}&wait=60");
        let (polled, why) = tokio::join!(served_shut.get(&polled), async {
            hub.hub.disable_app(&hub.company, "shut", true, &tongshi_hub::Actor::cli()).await.unwrap();
            stream.end().await.unwrap()
        });
        assert!(why.contains("switched off"), "{why}");
        assert_eq!(polled.status, StatusCode::FORBIDDEN, "{}", polled.text);
        // Rotated without a grace: the old key ends.
        let rotated = key(hub, &hub.company, "rotated", Scopes::all()).await;
        let mut stream = Stream::open(&served.with(rotated), &target, None).await;
        let none = std::time::Duration::ZERO;
        hub.hub.rotate_app(&hub.company, "rotated", none, &tongshi_hub::Actor::cli()).await.unwrap();
        assert!(stream.end().await.unwrap().contains("unauthenticated"));
    })
    .await;
}

#[tokio::test]
async fn an_app_has_so_many_seats_and_gets_them_back() {
    let settings = Settings { followers_per_app_max: 2, ..Setup::default().settings };
    on_each_database(Setup { employees: 40, settings, ..Setup::default() }, async |hub| {
        let served = Served::new(hub, &hub.company, Scopes::all()).await;
        let newest = last(&served).await;
        let target = format!("/v1/changes/stream?after={newest}");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let serving = tokio::spawn(serve(listener, served.app.clone(), Limits::default(), stop.clone()));
        let ask = |target: &str| {
            let key = served.key.expose();
            format!("GET {target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\n\r\n")
        };
        let [mut first, mut second] =
            [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        for stream in [&mut first, &mut second] {
            stream.write_all(ask(&target).as_bytes()).await.unwrap();
            let mut head = [0; 15];
            stream.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"HTTP/1.1 200 OK");
        }
        let refused = Stream::open(&served, &target, None).await;
        assert_eq!(
            (refused.status, refused.headers.contains_key(header::RETRY_AFTER)),
            (StatusCode::TOO_MANY_REQUESTS, true)
        );
        let polled = served.get(&format!("/v1/changes?after={newest}&wait=60")).await;
        assert_eq!(polled.problem(), "limited");
        // Who needs not wait needs no seat.
        assert_eq!(served.get(&format!("/v1/changes?after={}&wait=60", newest - 1)).await.data().len(), 1);
        drop(first);
        while Stream::open(&served, &target, None).await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
        // A stop ends the stream in order: its last chunk comes, and then nothing.
        stop.cancel();
        let mut rest = Vec::new();
        second.read_to_end(&mut rest).await.unwrap();
        assert!(rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
        serving.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stop_answers_who_waits() {
    over_company(40, async |_, served| {
        let newest = last(&served).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let serving = tokio::spawn(serve(listener, served.app.clone(), Limits::default(), stop.clone()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let key = served.key.expose();
        let ask = format!(
            "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n\
             GET /v1/changes?after={newest}&wait=60 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\n\r\n"
        );
        stream.write_all(ask.as_bytes()).await.unwrap();
        // The first answer shows that the connection is served; the second request is in its buffer.
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        stop.cancel();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        serving.await.unwrap();
        let heard = String::from_utf8_lossy(&heard);
        let polled = heard.rsplit_once("\r\n\r\n").unwrap().1;
        // A stop that comes before the second request was begun ends the connection behind the first answer.
        if heard.contains("HTTP/1.1 200") {
            let page: Value = serde_json::from_str(polled).unwrap();
            assert_eq!((&page["data"], &page["next"]), (&json!([]), &newest.into()));
        }
    })
    .await;
}

/// Long polls until the journal's end is known and reached; gives the numbers in the order in which they came.
async fn poll(
    mut at: watch::Receiver<Served>,
    mut end: watch::Receiver<Option<i64>>,
    limit: u32,
) -> Vec<i64> {
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        if end.borrow().is_some_and(|end| after >= end) {
            return seen;
        }
        let served = at.borrow_and_update().clone();
        let target = format!("/v1/changes?after={after}&wait=60&limit={limit}");
        tokio::select! {
            answer = served.get(&target) => {
                seen.extend(seqs(&answer));
                after = answer.json["next"].as_i64().unwrap();
            }
            _ = at.changed() => {}
            _ = end.changed() => {}
        }
    }
}

/// Renames one department after another, at whichever process this hub is.
async fn write(hub: &TestHub, number: u32, times: u32) {
    for time in 0..times {
        rename(hub, number, &format!("部{number}之{time}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_everything_once_and_in_order() {
    let setup = Setup { employees: 40, ..Setup::default() };
    let test = async |location: Location| {
        let one = TestHub::over(location.clone(), &setup).await;
        let other = TestHub::replica(location.clone(), &setup, 8).await;
        let scopes = Scopes::all();
        let here = Served::new(&one, &one.company, scopes).await;
        let there = Served { app: router(other.hub.clone(), ApiConfig::default()), key: here.key.clone() };
        let (end, end_known) = watch::channel(None);
        let (at_one, one_known) = watch::channel(here.clone());
        let (_at_other, other_known) = watch::channel(there.clone());
        let mut pollers = JoinSet::new();
        for number in 0..10 {
            let at = if number % 2 == 0 { one_known.clone() } else { other_known.clone() };
            pollers.spawn(poll(at, end_known.clone(), [1, 3, 1000][number % 3]));
        }
        let call = async |served: &Served, count: u32| {
            let connections = served.with(key(&one, &one.main, "caller", Scopes::all()).await);
            let id = one.connection().await;
            for number in 0..count {
                let body = crate::passthrough::candidate(&format!("候选{number}"));
                let answer =
                    connections.post(&format!("/v1/connections/{id}/call/moka.candidate_push"), body).await;
                assert!(answer.headers.contains_key("x-tongshi-answered-by"), "{}", answer.text);
            }
        };
        tokio::join!(write(&one, 3, 15), write(&other, 4, 15), call(&here, 5), one.sync(&["org_unit"]));
        // The first process goes, and comes back over the same database.
        drop(one);
        let one = TestHub::replica(location, &setup, 9).await;
        at_one.send_replace(Served {
            app: router(one.hub.clone(), ApiConfig::default()),
            key: here.key.clone(),
        });
        tokio::join!(write(&one, 5, 10), write(&other, 6, 10));
        let newest = last(&there).await;
        end.send_replace(Some(newest));
        while let Some(seen) = pollers.join_next().await {
            assert_eq!(seen.unwrap(), (1..=newest).collect::<Vec<_>>());
        }
    };
    Box::pin(on_each_location(async |location| Box::pin(test(location)).await)).await;
}
