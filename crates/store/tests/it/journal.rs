//! The journal and the punches.

use tongshi_model::{Direction, ErrorKind, Id, Kind, PunchSource, Timestamp};
use tongshi_store::{Change, Evidence, NewChange, Op, PunchRow, RecordRow, changes, punches, records};

use crate::{Bench, day, id, instant, on_both, store_people};

fn change(record: Id, op: Op, version: i64, before: Option<&str>) -> NewChange {
    NewChange {
        record,
        kind: Kind::Employee,
        op,
        version,
        before: before.map(str::to_owned),
        source: None,
        before_raw: None,
        before_hash: None,
        run: None,
        actor: "test".to_owned(),
    }
}

fn short(change: &Change) -> (i64, Op, Option<&str>, Option<&str>) {
    (change.seq, change.op, change.before.as_deref(), change.after.as_deref())
}

#[tokio::test]
async fn what_came_after_is_read_from_what_was_replaced_next() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let people = store_people(bench, &[("a", "{\"v\":5}"), ("b", "{\"v\":1}")]).await;
        let (a, b, run) = (people[0].id, people[1].id, id("run"));
        let mut s = bench.write().await;
        assert_eq!(changes::last_seq(&mut s, ws).await.unwrap(), 0);
        assert_eq!(changes::append(&mut s, ws, Vec::new()).await.unwrap(), 0);
        let mut full = change(a, Op::Updated, 2, Some("{\"v\":1}"));
        full.source = Some(7);
        full.before_raw = Some("raw".to_owned());
        full.before_hash = Some([9; 16]);
        full.run = Some(run);
        let first = vec![change(a, Op::Created, 1, None), change(b, Op::Created, 1, None), full];
        assert_eq!(changes::append(&mut s, ws, first).await.unwrap(), 3);
        let mut second = vec![
            change(a, Op::Deleted, 3, Some("{\"v\":2}")),
            change(a, Op::Restored, 4, Some("{\"v\":2}")),
            change(a, Op::Updated, 5, Some("{\"v\":4}")),
        ];
        second[1].run = Some(run);
        second[2].kind = Kind::OrgUnit;
        assert_eq!(changes::append(&mut s, ws, second).await.unwrap(), 6);
        s.commit().await.unwrap();

        let mut s = bench.read().await;
        let all = changes::after(&mut s, ws, 0, None, 100).await.unwrap();
        let expected = [
            (1, Op::Created, None, Some("{\"v\":1}")),
            (2, Op::Created, None, Some("{\"v\":1}")),
            (3, Op::Updated, Some("{\"v\":1}"), Some("{\"v\":2}")),
            (4, Op::Deleted, Some("{\"v\":2}"), None),
            (5, Op::Restored, Some("{\"v\":2}"), Some("{\"v\":4}")),
            (6, Op::Updated, Some("{\"v\":4}"), Some("{\"v\":5}")),
        ];
        assert_eq!(all.iter().map(short).collect::<Vec<_>>(), expected);
        let full = &all[2];
        assert_eq!(
            (full.source, full.before_raw.as_deref(), full.before_hash),
            (Some(7), Some("raw"), Some([9; 16]))
        );
        assert_eq!((full.run, full.at, full.actor.as_str()), (Some(run), instant(0), "test"));

        let page = changes::after(&mut s, ws, 2, Some(Kind::Employee), 2).await.unwrap();
        assert_eq!(page, all[2..4]);
        assert_eq!(changes::after(&mut s, ws, 0, Some(Kind::OrgUnit), 9).await.unwrap(), all[5..]);
        let of_run = changes::of_run(&mut s, ws, run, i64::MAX, 9).await.unwrap();
        assert_eq!(of_run, [all[4].clone(), all[2].clone()]);
        assert_eq!(changes::of_run(&mut s, ws, run, 5, 9).await.unwrap(), [all[2].clone()]);
        assert_eq!(changes::count_run(&mut s, ws, run).await.unwrap(), 2);
        assert_eq!(changes::last_seq(&mut s, ws).await.unwrap(), 6);
        all
    })
    .await;
}

#[tokio::test]
async fn a_deleted_records_last_words_stay_readable() {
    on_both(async |bench| {
        let people = store_people(bench, &[("a", "{\"v\":1}")]).await;
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let gone = RecordRow { deleted: Some((instant(1), Evidence::Manual)), ..people[0].clone() };
        records::upsert(&mut s, ws, vec![gone]).await.unwrap();
        let rows = vec![
            change(people[0].id, Op::Created, 1, None),
            change(people[0].id, Op::Deleted, 2, Some("{\"v\":1}")),
        ];
        changes::append(&mut s, ws, rows).await.unwrap();
        let all = changes::after(&mut s, ws, 0, None, 9).await.unwrap();
        assert_eq!(short(&all[0]), (1, Op::Created, None, Some("{\"v\":1}")));
        assert_eq!(short(&all[1]), (2, Op::Deleted, Some("{\"v\":1}"), None));
        all
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_with_two_writers() {
    on_both(async |bench| {
        let again = bench.again().await;
        let mut tasks = Vec::new();
        for (writer, store) in [bench.store.clone(), again].into_iter().enumerate() {
            let ws = bench.workspace.clone();
            tasks.push(tokio::spawn(async move {
                for round in 0..20 {
                    let mut s = store.write().await.unwrap();
                    let rows = (0..3).map(|_| change(id("x"), Op::Updated, round, Some("{}"))).collect();
                    changes::append(&mut s, &ws, rows).await.unwrap();
                    // Every third transaction is given up, and leaves no gap.
                    if round % 3 != writer as i64 {
                        s.commit().await.unwrap();
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let mut s = bench.read().await;
        let all = changes::after(&mut s, &bench.workspace, 0, None, 1000).await.unwrap();
        let numbers: Vec<_> = all.iter().map(|change| change.seq).collect();
        assert_eq!(numbers, (1..=all.len() as i64).collect::<Vec<_>>());
        assert_eq!(all.len() as i64, changes::last_seq(&mut s, &bench.workspace).await.unwrap());
        all.len()
    })
    .await;
}

fn punch(employee: &str, seconds: i64, direction: Direction) -> PunchRow {
    PunchRow {
        employee: id(employee),
        at: instant(seconds),
        offset_seconds: 28_800,
        direction,
        source: PunchSource::Machine,
        day: day("2026-01-01"),
        detail: None,
    }
}

#[tokio::test]
async fn the_same_punch_counts_once() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let mut first = punch("a", 10, Direction::In);
        first.detail = Some("{\"place\":\"门口\"}".to_owned());
        let rows = vec![
            first.clone(),
            first.clone(),
            punch("a", 10, Direction::Out),
            punch("b", 10, Direction::In),
            punch("a", 11, Direction::In),
        ];
        let new = punches::insert(&mut s, ws, 1, Some(id("run")), rows).await.unwrap();
        assert_eq!(new, [true, false, true, true, true]);
        let rows = vec![punch("a", 9, Direction::Unknown), first.clone()];
        assert_eq!(punches::insert(&mut s, ws, 1, None, rows).await.unwrap(), [true, false]);
        // Another connection's punch is another punch.
        assert_eq!(punches::insert(&mut s, ws, 2, None, vec![first.clone()]).await.unwrap(), [true]);
        assert!(punches::insert(&mut s, ws, 1, None, Vec::new()).await.unwrap().is_empty());
        s.commit().await.unwrap();

        let mut s = bench.read().await;
        let (from, to) = (day("2026-01-01"), day("2026-01-01"));
        let of_a = punches::of(&mut s, ws, id("a"), from, to).await.unwrap();
        let seen: Vec<_> = of_a.iter().map(|row| (row.at, row.direction, row.connection)).collect();
        assert_eq!(
            seen,
            [
                (instant(9), Direction::Unknown, 1),
                (instant(10), Direction::In, 1),
                (instant(10), Direction::Out, 1),
                (instant(10), Direction::In, 2),
                (instant(11), Direction::In, 1),
            ]
        );
        assert_eq!((of_a[1].detail.clone(), of_a[1].offset_seconds), (first.detail, 28_800));
        assert_eq!((of_a[1].source, of_a[1].day, of_a[1].voided), (PunchSource::Machine, from, false));
        assert!(
            punches::of(&mut s, ws, id("a"), day("2026-01-02"), day("2026-02-01")).await.unwrap().is_empty()
        );
        let all = punches::list(&mut s, ws, 0, None, None, None, 100).await.unwrap();
        assert_eq!(all.len() as u64, punches::count(&mut s, ws).await.unwrap());
        assert!(all.is_sorted_by_key(|row| row.id));
        let rest =
            punches::list(&mut s, ws, all[2].id, Some(id("a")), Some(from), Some(to), 2).await.unwrap();
        assert_eq!(
            rest,
            all.iter().skip(3).filter(|row| row.employee == id("a")).take(2).cloned().collect::<Vec<_>>()
        );
        assert!(
            punches::list(&mut s, ws, 0, None, Some(day("2026-01-02")), None, 9).await.unwrap().is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn every_direction_and_source_has_its_number() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut rows = Vec::new();
        for (second, source) in PunchSource::ALL.iter().enumerate() {
            rows.push(PunchRow { source: *source, ..punch("a", second as i64, Direction::In) });
        }
        for direction in Direction::ALL {
            rows.push(punch("a", 100, *direction));
        }
        let mut s = bench.write().await;
        punches::insert(&mut s, ws, 1, None, rows.clone()).await.unwrap();
        let mut back = punches::of(&mut s, ws, id("a"), day("2026-01-01"), day("2026-01-01")).await.unwrap();
        back.sort_by_key(|row| row.id);
        let seen: Vec<_> = back.iter().map(|row| (row.direction, row.source)).collect();
        assert_eq!(seen, rows.iter().map(|row| (row.direction, row.source)).collect::<Vec<_>>());
    })
    .await;
}

/// The live punches of "a", in seconds after the beginning of the year.
async fn live(bench: &Bench) -> Vec<i64> {
    let mut s = bench.read().await;
    let rows =
        punches::of(&mut s, &bench.workspace, id("a"), day("2026-01-01"), day("2026-12-31")).await.unwrap();
    rows.iter().map(|row| row.at.as_second() - Timestamp::as_second(instant(0))).collect()
}

#[tokio::test]
async fn punches_are_voided_and_revived() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let (from, to) = (day("2026-01-01"), day("2026-01-02"));
        let rows: Vec<_> = [10, 20, 30].iter().map(|second| punch("a", *second, Direction::In)).collect();
        let later = PunchRow { day: day("2026-01-03"), ..punch("a", 40, Direction::In) };
        let mut s = bench.write().await;
        punches::insert(&mut s, ws, 1, None, rows.clone()).await.unwrap();
        punches::insert(&mut s, ws, 1, None, vec![later]).await.unwrap();
        punches::insert(&mut s, ws, 2, None, vec![punch("a", 50, Direction::In)]).await.unwrap();
        let keep =
            [(instant(10).as_microsecond(), Direction::In), (instant(20).as_microsecond(), Direction::Out)];
        assert_eq!(punches::void_others(&mut s, ws, 1, id("a"), from, to, &keep).await.unwrap(), 2);
        assert_eq!(punches::void_others(&mut s, ws, 1, id("a"), from, to, &keep).await.unwrap(), 0);
        s.commit().await.unwrap();
        assert_eq!(live(bench).await, [10, 40, 50]);
        let mut s = bench.write().await;
        assert_eq!(punches::insert(&mut s, ws, 1, None, rows).await.unwrap(), [false, false, false]);
        s.commit().await.unwrap();
        assert_eq!(live(bench).await, [10, 20, 30, 40, 50]);
        let mut s = bench.write().await;
        punches::insert(&mut s, ws, 1, Some(id("run")), vec![punch("a", 60, Direction::In)]).await.unwrap();
        assert_eq!(punches::void_of_run(&mut s, ws, id("run")).await.unwrap(), 1);
        assert_eq!(punches::count(&mut s, ws).await.unwrap(), 5);
    })
    .await;
}

#[tokio::test]
async fn texts_with_nul_are_refused() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let mut person = crate::person(1, "a", "{\"name\":\"a\\u0000b\"}");
        let refused = records::upsert(&mut s, ws, vec![person.clone()]).await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Invalid(_)));
        person.doc = "{}".to_owned();
        person.keys[3] = Some("a\0b".to_owned());
        let refused = records::upsert(&mut s, ws, vec![person.clone()]).await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Invalid(_)));
        let refused = records::by_key(&mut s, ws, Kind::Employee, 0, "\0").await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Invalid(_)));
        let refused = records::by_keys(&mut s, ws, Kind::Employee, 0, &["a\0"]).await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Invalid(_)));
        // Nothing reached the database, so the session goes on.
        person.keys[3] = None;
        person.doc = "{\"path\":\"C:\\\\u0000\"}".to_owned();
        records::upsert(&mut s, ws, vec![person.clone()]).await.unwrap();
        s.commit().await.unwrap();
        let mut s = bench.read().await;
        assert_eq!(records::get(&mut s, ws, person.id).await.unwrap(), Some(person));
    })
    .await;
}
