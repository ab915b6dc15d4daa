//! Runs that are cut off go on where they were, and end as if nothing had happened.

use tongshi_hub::{Mode, Scopes, Silent, SyncOptions};
use tongshi_model::Kind;
use tongshi_testkit::{Effect, Setup, TestHub, on_each_database};

/// Everything that a sync leaves behind, without times.
async fn state(hub: &TestHub) -> Vec<String> {
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        for record in hub.records(&hub.main, *kind).await {
            lines.push(format!("{} {} v{} {}", kind, record.id, record.version, record.data.get()));
        }
    }
    let mut after = 0;
    loop {
        let page = hub.hub.changes(&hub.main, after, None, 1000, &Scopes::all()).await.unwrap();
        if page.data.is_empty() {
            break;
        }
        after = page.next;
        lines.extend(
            page.data.iter().map(|change| format!("{} {} v{}", change.op, change.record, change.version)),
        );
    }
    let counts = hub.hub.counts(&hub.main).await.unwrap();
    lines.push(format!("{:?}", counts.iter().map(|count| (&count.kind, count.live)).collect::<Vec<_>>()));
    lines.sort();
    lines
}

#[tokio::test]
async fn a_run_cut_off_anywhere_ends_like_one_that_was_not() {
    let setup = Setup { employees: 60, attendance_days: 6, ..Setup::default() };
    // The reference is made on a hub of its own, whose ids are the same because names are.
    let whole = std::sync::Mutex::new((Vec::new(), 0));
    on_each_database(setup.clone(), async |hub| {
        hub.wire.break_by(|_, _| Effect::Pass);
        assert!(hub.sync(&[]).await.complete);
        *whole.lock().unwrap() = (state(hub).await, hub.wire.calls());
    })
    .await;
    let (whole, calls) = whole.into_inner().unwrap();
    for part in 1..8 {
        let cut_at = calls * part / 8;
        on_each_database(setup.clone(), async |hub| {
            let (reached, wait) = tokio::sync::oneshot::channel();
            let mut reached = Some(reached);
            hub.wire.break_by(move |number, _| {
                if number == cut_at
                    && let Some(reached) = reached.take()
                {
                    let _ = reached.send(());
                }
                Effect::Pass
            });
            let options = SyncOptions { mode: Mode::Full, ..SyncOptions::default() };
            // The future is dropped where it stands, as a killed process would leave it.
            tokio::select! {
                outcome = hub.hub.sync(&hub.main, "zhiren", &options, &Silent) => {
                    panic!("not cut off at call {cut_at} of {calls}: {outcome:?}")
                }
                _ = wait => {}
            }
            hub.wire.mend();
            let busy = hub.hub.sync(&hub.main, "zhiren", &options, &Silent).await;
            assert!(busy.is_err(), "the lease of a living process holds");
            hub.clock.advance_seconds(301);
            let outcome = hub.sync(&[]).await;
            assert!(outcome.complete && outcome.resumed, "{outcome:#?}");
            assert_eq!(state(hub).await, whole, "cut at call {cut_at} of {calls}");
        })
        .await;
    }
}
