//! The ledger of points: what has a floor stays above it, and everything sums to nothing.

use tongshi_store::{
    Order, Query, points,
    points::{Account, Entry, Sums},
    records,
};

use crate::{id, on_both};

#[tokio::test]
async fn an_account_never_falls_below_its_floor() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let (lin, wei) = (Account::new(1, id("lin")), Account::new(1, id("wei")));
        let mut s = bench.write().await;
        assert!(points::open(&mut s, ws, lin, 30).await.unwrap());
        assert!(!points::open(&mut s, ws, lin, 99).await.unwrap(), "an open account stays as it is");
        assert_eq!(points::add(&mut s, ws, lin, -30, 0).await.unwrap(), Some(0));
        assert_eq!(points::add(&mut s, ws, lin, -1, 0).await.unwrap(), None);
        assert_eq!(points::add(&mut s, ws, lin, -5, -5).await.unwrap(), Some(-5));
        // A floor that was raised refuses nobody who brings something.
        assert_eq!(points::add(&mut s, ws, lin, 2, 0).await.unwrap(), Some(-3));
        assert_eq!(points::add(&mut s, ws, wei, 1, 0).await.unwrap(), None, "it is not open");
        let balances = points::balances(&mut s, ws, &[wei, lin]).await.unwrap();
        assert_eq!(balances, [None, Some(-3)]);
        balances
    })
    .await;
}

#[tokio::test]
async fn sums_show_what_is_wrong_with_a_ledger() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let (lin, spent) = (Account::new(1, id("lin")), Account::common(6));
        let entry = |account, transfer: &str, amount| Entry {
            account,
            transfer: id(transfer),
            amount,
            balance: None,
            about: Some(id("thing")),
        };
        let mut s = bench.write().await;
        assert_eq!(points::sums(&mut s, ws).await.unwrap(), Sums::default());
        points::open(&mut s, ws, lin, 40).await.unwrap();
        points::note(&mut s, ws, vec![entry(lin, "one", 40), entry(spent, "one", -40)]).await.unwrap();
        let good = points::sums(&mut s, ws).await.unwrap();
        assert_eq!(good, Sums { entries: 2, ..Sums::default() });
        points::note(&mut s, ws, vec![entry(lin, "two", -7)]).await.unwrap();
        let bad = points::sums(&mut s, ws).await.unwrap();
        assert_eq!(bad, Sums { entries: 3, difference: -7, off: 1, lame: 1 });
        (good, bad)
    })
    .await;
}

#[tokio::test]
async fn records_come_by_their_date_either_way_and_by_a_key() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        let days = [("a", Some(3)), ("b", Some(1)), ("c", None), ("d", Some(3))];
        let mut rows = Vec::new();
        for (place, (name, day)) in (1..).zip(days) {
            let mut row = crate::person(place, name, "{}");
            row.date = day.map(|day| format!("2026-01-0{day}").parse().unwrap());
            row.keys[1] = (name != "b").then(|| format!("N-{}", 9 - place % 4));
            rows.push(row);
        }
        records::upsert(&mut s, &bench.workspace, rows).await.unwrap();
        let mut lists = Vec::new();
        for order in [Order::Place, Order::Date, Order::DateDown, Order::KeyDown(1)] {
            let query = Query { order, ..Query::of(tongshi_model::Kind::Employee) };
            let rows = records::list(&mut s, &bench.workspace, &query).await.unwrap();
            assert_eq!(rows.len() as u64, records::count(&mut s, &bench.workspace, &query).await.unwrap());
            lists.push(rows.iter().map(|row| row.ord).collect::<Vec<_>>());
        }
        assert_eq!(lists, [vec![1, 2, 3, 4], vec![2, 1, 4], vec![4, 1, 2], vec![4, 1, 3]]);
        lists
    })
    .await;
}
