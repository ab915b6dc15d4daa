//! Sources and records: round trips, look-ups, queries.

use tongshi_model::{ErrorKind, Kind};
use tongshi_store::{Evidence, Query, RecordRow, Workspace, allocate, records, refs, sources};

use crate::{Bench, day, deleted, id, instant, on_both, person, source, store_people};

#[tokio::test]
async fn sources_come_back_as_they_went() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let first = allocate(&mut s, "sources", 3).await.unwrap();
        let mut one = source(first, "e-1", id("one"));
        one.date = Some(day("2024-02-29"));
        one.raw = "名 \u{1F469}\u{200D}\u{1F4BB} \" \\ not even JSON".to_owned();
        let mut two = source(first + 1, "e-2", id("one"));
        two.gone = Some(Evidence::VendorEvent);
        let three = source(first + 2, "e-3", id("three"));
        let older = source(first + 2, "e-3", id("older"));
        sources::upsert(&mut s, ws, vec![one.clone(), two.clone(), older, three.clone()]).await.unwrap();

        let heads =
            sources::heads(&mut s, 1, Kind::Employee, &["e-3", "nobody", "e-2", "e-1", "e-3"]).await.unwrap();
        let seen: Vec<_> = heads.iter().map(|head| head.map(|head| (head.id - first, head.gone))).collect();
        assert_eq!(seen, [Some((2, false)), None, Some((1, true)), Some((0, false)), Some((2, false))]);
        assert_eq!(heads[3].unwrap().hash, one.hash);
        assert!(sources::heads(&mut s, 2, Kind::Employee, &["e-1"]).await.unwrap()[0].is_none());
        assert!(sources::heads(&mut s, 1, Kind::OrgUnit, &["e-1"]).await.unwrap()[0].is_none());
        assert!(sources::heads(&mut s, 1, Kind::Employee, &[]).await.unwrap().is_empty());

        let rows = sources::raw_of(&mut s, ws, &[three.id, 999, one.id]).await.unwrap();
        assert_eq!(rows, [Some(three), None, Some(one.clone())]);
        assert_eq!(sources::of_record(&mut s, ws, id("one")).await.unwrap(), [one, two]);
        let unnumbered = sources::upsert(&mut s, ws, vec![source(0, "x", id("x"))]).await.unwrap_err();
        assert_eq!(unnumbered.kind(), &ErrorKind::Internal);
    })
    .await;
}

#[tokio::test]
async fn sources_go_and_come_back() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let people = store_people(bench, &[("a", "{}"), ("b", "{}")]).await;
        let mut s = bench.write().await;
        let mut rows: Vec<_> =
            (1..=4).map(|number| source(number, &format!("e-{number}"), people[0].id)).collect();
        rows[1].date = Some(day("2026-01-10"));
        rows[2].date = Some(day("2026-01-20"));
        rows[3].record = id("without a record");
        sources::upsert(&mut s, ws, rows.clone()).await.unwrap();
        let live = async |s: &mut _, from, to, after, limit| {
            sources::live_ids(s, 1, Kind::Employee, from, to, after, limit).await.unwrap()
        };
        assert_eq!(live(&mut s, None, None, 0, 100).await, [1, 2, 3, 4]);
        assert_eq!(live(&mut s, None, None, 1, 2).await, [2, 3]);
        assert_eq!(live(&mut s, Some(day("2026-01-10")), Some(day("2026-01-19")), 0, 9).await, [2]);
        assert_eq!(live(&mut s, Some(day("2026-01-11")), None, 0, 9).await, [3]);
        sources::mark_gone(&mut s, ws, &[2, 3, 99], Evidence::AbsentInCompleteScan).await.unwrap();
        sources::mark_gone(&mut s, ws, &[2], Evidence::Manual).await.unwrap();
        assert_eq!(live(&mut s, None, None, 0, 100).await, [1, 4]);
        assert_eq!(sources::count_live(&mut s, 1, Kind::Employee).await.unwrap(), 2);
        let gone = sources::raw_of(&mut s, ws, &[2]).await.unwrap().pop().flatten().unwrap();
        assert_eq!(gone.gone, Some(Evidence::AbsentInCompleteScan));
        sources::upsert(&mut s, ws, vec![rows[1].clone()]).await.unwrap();
        assert_eq!(sources::count_live(&mut s, 1, Kind::Employee).await.unwrap(), 3);
        let subjects = sources::subjects(&mut s, 1, Kind::Employee, 1, 10).await.unwrap();
        let seen: Vec<_> =
            subjects.into_iter().map(|subject| (subject.source, subject.remote_id, subject.key1)).collect();
        assert_eq!(seen, [(2, "e-2".into(), Some("a".into())), (4, "e-4".into(), None)]);
        seen
    })
    .await;
}

#[tokio::test]
async fn records_come_back_as_they_went() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut full = person(1, "full", "{\"name\":\"张三\",\"z\":1.50,  \"a\" : [true]}");
        full.keys = [1, 2, 3, 4, 5, 6].map(|number| Some(format!("值 {number}")));
        full.date = Some(day("1969-12-31"));
        full.changed_at = instant(60);
        let gone = deleted(person(2, "gone", "{}"));
        let mut s = bench.write().await;
        records::upsert(&mut s, ws, vec![full.clone(), gone.clone()]).await.unwrap();
        let found = records::many(&mut s, ws, &[gone.id, id("nobody"), full.id, gone.id]).await.unwrap();
        assert_eq!(found, [Some(gone.clone()), None, Some(full.clone()), Some(gone.clone())]);

        let mut changed = person(1, "full", "{\"name\":\"李四\"}");
        changed.version = 2;
        changed.created_at = instant(999);
        records::upsert(&mut s, ws, vec![changed.clone()]).await.unwrap();
        let found = records::get(&mut s, ws, full.id).await.unwrap().unwrap();
        assert_eq!(found, RecordRow { created_at: instant(0), ..changed });
        s.commit().await.unwrap();

        let mut s = bench.read().await;
        let counts = records::counts(&mut s, ws).await.unwrap();
        assert_eq!(counts, [(Kind::Employee, 1, 1)]);
        let other = Workspace { no: ws.no + 1, ..ws.clone() };
        assert_eq!(records::get(&mut s, &other, full.id).await.unwrap(), None);
        assert!(!format!("{found:?}").contains("李四"));
        found
    })
    .await;
}

#[tokio::test]
async fn ids_that_mean_another_record_find_it() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let people = store_people(bench, &[("kept", "{}"), ("other", "{}")]).await;
        let mut s = bench.write().await;
        refs::put(&mut s, ws, &[(id("old"), id("older")), (id("older"), people[0].id)]).await.unwrap();
        refs::put(&mut s, ws, &[(people[1].id, people[0].id), (id("lost"), id("nowhere"))]).await.unwrap();
        assert_eq!(records::get(&mut s, ws, id("old")).await.unwrap(), Some(people[0].clone()));
        // A record that exists is itself, whatever else was noted.
        assert_eq!(records::get(&mut s, ws, people[1].id).await.unwrap(), Some(people[1].clone()));
        assert_eq!(records::get(&mut s, ws, id("lost")).await.unwrap(), None);
        assert_eq!(records::many(&mut s, ws, &[id("old")]).await.unwrap(), [None]);
    })
    .await;
}

#[tokio::test]
async fn keys_find_live_records() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let people = store_people(bench, &[("a", "{}"), ("b", "{}"), ("c", "{}")]).await;
        let mut s = bench.write().await;
        records::upsert(&mut s, ws, vec![deleted(people[1].clone())]).await.unwrap();
        let unit = records::by_key(&mut s, ws, Kind::Employee, 2, "unit").await.unwrap();
        assert_eq!(unit, [people[0].clone(), people[2].clone()]);
        assert!(records::by_key(&mut s, ws, Kind::Employee, 0, "b").await.unwrap().is_empty());
        assert!(records::by_key(&mut s, ws, Kind::OrgUnit, 2, "unit").await.unwrap().is_empty());
        assert!(records::by_key(&mut s, ws, Kind::Employee, 6, "x").await.is_err());
        let found =
            records::by_keys(&mut s, ws, Kind::Employee, 0, &["c", "nobody", "b", "a"]).await.unwrap();
        assert_eq!(found, [("c".to_owned(), people[2].id), ("a".to_owned(), people[0].id)]);
        let of_unit = records::by_keys(&mut s, ws, Kind::Employee, 2, &["unit"]).await.unwrap();
        assert_eq!(of_unit, [("unit".to_owned(), people[0].id), ("unit".to_owned(), people[2].id)]);
    })
    .await;
}

/// Stores the records that the queries below choose from.
async fn store_company(bench: &Bench) -> Vec<RecordRow> {
    let docs = [
        (
            "a",
            r#"{"status":"active","phase":{"value":"regular"},"type":"x","head_count":5,"remote":true,"join_date":"2026-01-05"}"#,
        ),
        (
            "b",
            r#"{"status":"active","phase":{"value":"probation"},"head_count":"5","remote":false,"join_date":"2026-01-06"}"#,
        ),
        (
            "c",
            r#"{"status":"left","phase":"regular","head_count":1.50,"remote":"true","seen_at":"2026-01-06T23:30:00+08:00"}"#,
        ),
        ("d", r#"{"status":null,"phase":{"value":null},"name":"O'Neil \"x\" \\ 张"}"#),
        ("e", r#"{"status":"active","phase":{"value":"regular"},"join_date":"2026-02-01"}"#),
    ];
    let mut rows = store_people(bench, &docs).await;
    for (row, date) in rows.iter_mut().zip(["2026-01-05", "2026-01-06", "2026-01-07"]) {
        row.date = Some(day(date));
    }
    rows[1].keys[2] = Some("other unit".to_owned());
    rows[4] = deleted(rows[4].clone());
    let mut s = bench.write().await;
    records::upsert(&mut s, &bench.workspace, rows.clone()).await.unwrap();
    s.commit().await.unwrap();
    rows
}

/// The names of the records that a query means; list and count must agree.
async fn chosen(bench: &Bench, query: &Query) -> String {
    let mut s = bench.read().await;
    let rows = records::list(&mut s, &bench.workspace, query).await.unwrap();
    assert_eq!(records::count(&mut s, &bench.workspace, query).await.unwrap(), rows.len() as u64);
    rows.into_iter().filter_map(|row| row.keys[0].clone()).collect()
}

fn field(name: &str, values: &[&str]) -> Query {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Query { fields: vec![(name.to_owned(), values)], ..Query::of(Kind::Employee) }
}

#[tokio::test]
async fn queries_choose_by_fields() {
    on_both(async |bench| {
        store_company(bench).await;
        let mut seen = Vec::new();
        for (query, names) in [
            (Query::of(Kind::Employee), "abcd"),
            (Query::of(Kind::OrgUnit), ""),
            (field("status", &["active"]), "ab"),
            (field("status", &["left", "active"]), "abc"),
            (field("status", &[]), ""),
            (field("status", &["null", ""]), ""),
            (field("phase.value", &["regular"]), "a"),
            (field("phase.value", &["regular", "probation"]), "ab"),
            (field("phase", &["regular"]), "c"),
            (field("head_count", &["5"]), "ab"),
            (field("head_count", &["1.50"]), "c"),
            (field("remote", &["true"]), "ac"),
            (field("remote", &["1", "0"]), ""),
            (field("name", &["O'Neil \"x\" \\ 张"]), "d"),
            (field("absent", &["x"]), ""),
        ] {
            assert_eq!(chosen(bench, &query).await, names, "{:?}", query.fields);
            let all = Query { deleted: true, ..query };
            seen.push(chosen(bench, &all).await);
        }
        for name in ["a-b", "A", "", "a.b.c", "a.", "x' OR 1=1 --"] {
            let mut s = bench.read().await;
            let error = records::list(&mut s, &bench.workspace, &field(name, &["x"])).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Invalid(_)), "{name}");
        }
        seen
    })
    .await;
}

#[tokio::test]
async fn queries_choose_by_keys_and_dates() {
    on_both(async |bench| {
        store_company(bench).await;
        let of = || Query::of(Kind::Employee);
        let dates = |name: &str, from: Option<&str>, to: Option<&str>| Query {
            field_dates: vec![(name.to_owned(), from.map(day), to.map(day))],
            ..of()
        };
        for (query, names) in [
            (Query { keys: vec![(2, "unit".into())], ..of() }, "acd"),
            (Query { keys: vec![(2, "unit".into())], deleted: true, ..of() }, "acde"),
            (Query { keys: vec![(2, "unit".into()), (0, "c".into())], ..of() }, "c"),
            (Query { date_from: Some(day("2026-01-06")), ..of() }, "bc"),
            (Query { date_to: Some(day("2026-01-06")), ..of() }, "ab"),
            (Query { date_from: Some(day("2026-01-06")), date_to: Some(day("2026-01-06")), ..of() }, "b"),
            (dates("join_date", Some("2026-01-06"), None), "b"),
            (dates("join_date", Some("2026-01-01"), Some("2026-01-31")), "ab"),
            (dates("seen_at", Some("2026-01-06"), Some("2026-01-06")), "c"),
            (Query { deleted: true, ..dates("join_date", Some("2026-01-06"), None) }, "be"),
        ] {
            assert_eq!(chosen(bench, &query).await, names);
        }
    })
    .await;
}

#[tokio::test]
async fn pages_and_count_agree() {
    on_both(async |bench| {
        let names: Vec<_> = (0..25).map(|number| format!("p{number:02}")).collect();
        let docs: Vec<_> = names.iter().map(|name| (name.as_str(), "{}")).collect();
        let rows = store_people(bench, &docs).await;
        let mut s = bench.write().await;
        records::upsert(&mut s, &bench.workspace, vec![deleted(rows[3].clone())]).await.unwrap();
        s.commit().await.unwrap();
        let mut s = bench.read().await;
        let ws = &bench.workspace;
        let (mut by_offset, mut by_place) = (Vec::new(), Vec::new());
        let mut query = Query { limit: 7, ..Query::of(Kind::Employee) };
        loop {
            let page = records::list(&mut s, ws, &query).await.unwrap();
            assert_eq!(records::count(&mut s, ws, &query).await.unwrap(), 24);
            query.offset += page.len() as u64;
            if page.is_empty() {
                break;
            }
            by_offset.extend(page);
        }
        query.offset = 0;
        loop {
            let page = records::list(&mut s, ws, &query).await.unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some(last.ord);
            by_place.extend(page);
        }
        assert_eq!(by_offset, by_place);
        assert_eq!(by_place.len(), 24);
        assert!(by_place.is_sorted_by_key(|row| row.ord));
    })
    .await;
}
