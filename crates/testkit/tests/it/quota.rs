//! What DingTalk counts by the month: an account that misses nothing, a plan that stays within it.

use serde_json::{Map, Value, json};
use tongshi_hub::{Mode, NewConnection, Outcome, QuotaView, Silent, SyncOptions};
use tongshi_model::{Draft, Employee, EmploymentStatus, Kind};
use tongshi_store::tallies;
use tongshi_testkit::{Effect, Setup, TestHub, live_through_a_month, on_each_database};

const NAME: &str = "dingtalk";

fn setup(employees: u32) -> Setup {
    let mut setup = Setup { employees, time_passes: true, dingtalk_calls_per_second: 20, ..Setup::default() };
    setup.settings.sync_every_seconds = 1800;
    setup
}

#[tokio::test]
async fn a_month_is_complete_each_morning_and_within_the_plan() {
    on_each_database(setup(10), async |hub| {
        // To a month of 31 days.
        hub.clock.advance_seconds(20 * 86_400);
        let report = live_through_a_month(hub, 60).await;
        let quota = report.quota.as_ref().unwrap();
        assert_eq!(report.incomplete, Vec::<String>::new(), "{report:#?}");
        assert_eq!(report.mornings, 30);
        assert!(report.punches > 2000 && report.approvals > 20 && report.joined > 20, "{report:#?}");
        assert!(report.used <= quota.budget && quota.budget == 3000);
        assert_eq!(report.used, report.counted, "our account is the vendor's: {report:#?}");
        assert!(report.pushes <= 3000);
        // Foreseen before the first call: enough, and not too much although so few people round badly.
        assert!(report.used <= report.forecast && report.forecast * 2 <= report.used * 3, "{report:#?}");
    })
    .await;
}

async fn connect(hub: &TestHub, quota: Value) {
    let mut credential = hub.keys["dingtalk"].clone();
    credential.retain(|name, _| matches!(name.as_str(), "app_key" | "app_secret"));
    let new = NewConnection {
        base_url: "face:dingtalk".to_owned(),
        name: NAME.to_owned(),
        dialect: "dingtalk".to_owned(),
        credential,
        settings: json!({"quota": quota}),
    };
    hub.hub.connect(&hub.main, new).await.unwrap();
}

async fn sync(hub: &TestHub, options: SyncOptions) -> Outcome {
    hub.hub.sync(&hub.main, NAME, &options, &Silent).await.unwrap()
}

async fn view(hub: &TestHub) -> QuotaView {
    hub.hub.monthly_quota(&hub.main, NAME, None).await.unwrap().unwrap()
}

/// What the vendor has counted.
async fn counted(hub: &TestHub) -> u64 {
    let mut session = hub.hub.store().read().await.unwrap();
    let found =
        tallies::of_period(&mut session, &hub.company, "face/dingtalk/calls", "2026-03").await.unwrap();
    u64::try_from(found.first().map_or(0, |tally| tally.count)).unwrap()
}

fn scheduled() -> SyncOptions {
    SyncOptions { scheduled: true, ..SyncOptions::default() }
}

fn listing<'a>(outcome: &'a Outcome, name: &str) -> Option<&'a tongshi_hub::ListingProof> {
    outcome.listings.iter().find(|proof| proof.listing == name)
}

async fn somebody_joins(hub: &TestHub, name: &str) {
    let person = Employee {
        name: name.into(),
        mobile: Some("19900000998".into()),
        status: Some(EmploymentStatus::Active),
        ..Employee::default()
    };
    hub.put(&format!("joined/{name}"), Draft::of(&person).unwrap()).await;
}

#[tokio::test]
async fn what_the_month_does_not_pay_for_is_held_until_it_turns() {
    on_each_database(setup(20), async |hub| {
        // Two calls for the plan, of four.
        connect(hub, json!({"calls": 4, "reserve": 1})).await;
        let first = sync(hub, SyncOptions { window_days: Some(3), ..SyncOptions::default() }).await;
        assert!(first.complete, "{:?} {:?}", first.reason, first.listings);
        let before = view(hub).await;
        assert_eq!((before.budget, before.used_planned, before.used_own), (2, 2, 0), "{before:#?}");
        assert!(!before.suffices());
        // The same day nothing is missing yet.
        assert!(sync(hub, scheduled()).await.complete);
        hub.clock.advance_seconds(86_400);
        // What costs nothing goes on, and the run says what it did not read, until when.
        somebody_joins(hub, "赵样本").await;
        let held = sync(hub, scheduled()).await;
        assert_eq!((held.state.as_str(), held.complete, held.failure), ("done", false, None));
        let reason = held.reason.clone().unwrap();
        assert!(reason.contains("held") && reason.contains("2026-04-01"), "{reason}");
        assert!(listing(&held, "user").unwrap().complete && !listing(&held, "punch").unwrap().complete);
        let people = hub.records(&hub.main, Kind::Employee).await;
        assert!(people.iter().any(|person| person.data.get().contains("赵样本")));
        // A person who wants it now takes it out of the reserve.
        assert!(!sync(hub, SyncOptions { mode: Mode::Full, ..SyncOptions::default() }).await.complete);
        let own = SyncOptions { use_reserve: true, window_days: Some(3), ..SyncOptions::default() };
        assert!(sync(hub, own).await.complete);
        let after = view(hub).await;
        assert_eq!((after.used_planned, after.used_own, after.left), (2, 2, 0));
        // The vendor has counted what we have.
        assert_eq!(counted(hub).await, 4);
        // The month turns, and everything since the last reading is read.
        connect(hub, json!({"calls": 40})).await;
        hub.clock.advance_seconds(15 * 86_400);
        let next = sync(hub, scheduled()).await;
        assert!(next.complete, "{:?} {:#?}", next.reason, next.listings);
        assert!(listing(&next, "punch").is_some() && listing(&next, "leave").is_some());
        assert_eq!((view(hub).await.month.as_str(), view(hub).await.used_own), ("2026-04", 0));
    })
    .await;
}

#[tokio::test]
async fn a_reading_is_made_once_a_day_and_not_repeated_at_once_where_it_fails() {
    on_each_database(setup(20), async |hub| {
        connect(hub, json!({})).await;
        assert!(sync(hub, SyncOptions::default()).await.complete);
        let first = view(hub).await.used_planned;
        // Later on the same day only the directory is read.
        hub.clock.advance_seconds(3600);
        let run = sync(hub, scheduled()).await;
        assert!(run.complete && listing(&run, "user").is_some() && listing(&run, "punch").is_none());
        assert_eq!((run.mode.as_str(), view(hub).await.used_planned), ("partial", first));
        // Next day the vendor answers nonsense.
        hub.clock.advance_seconds(86_400);
        hub.wire.break_by(|_, message| match message.path.as_str() {
            "/attendance/listRecord" => {
                Effect::Answer(tongshi_dialect::Reply::json(http::StatusCode::OK, "<html>"))
            }
            _ => Effect::Pass,
        });
        assert!(!sync(hub, scheduled()).await.complete);
        let asked = async || {
            let view = view(hub).await;
            view.operations.iter().find(|of| of.operation == "attendance.list_record").unwrap().planned
        };
        let failed = asked().await;
        assert!(view(hub).await.used_planned > first);
        hub.clock.advance_seconds(600);
        assert!(sync(hub, scheduled()).await.complete, "its turn comes later");
        assert_eq!(asked().await, failed);
        hub.wire.mend();
        hub.clock.advance_seconds(3600);
        let run = sync(hub, scheduled()).await;
        assert!(run.complete && listing(&run, "punch").is_some(), "{:?}", run.reason);
    })
    .await;
}

#[tokio::test]
async fn the_account_never_has_fewer_calls_than_were_made() {
    on_each_database(setup(20), async |hub| {
        connect(hub, json!({})).await;
        assert!(sync(hub, SyncOptions::default()).await.complete);
        assert_eq!(view(hub).await.used_planned, counted(hub).await);
        // Throttled calls are not counted, and not lost either.
        hub.clock.advance_seconds(86_400);
        let mut refusals = 0;
        hub.wire.break_by(move |_, message| {
            if message.path == "/attendance/listRecord" && refusals < 3 {
                refusals += 1;
                let body = json!({"errcode": 90018, "errmsg": "too fast", "request_id": "1a2b3c4d5e6f"});
                return Effect::Answer(tongshi_dialect::Reply::json(http::StatusCode::OK, body.to_string()));
            }
            Effect::Pass
        });
        assert!(sync(hub, scheduled()).await.complete);
        hub.wire.mend();
        assert_eq!(view(hub).await.used_planned, counted(hub).await);
        // A process that dies in the middle has counted too many, not too few.
        hub.clock.advance_seconds(86_400);
        let dying = hub.another(99);
        let main = hub.main.clone();
        hub.wire.break_by(|_, message| match message.path.as_str() {
            "/topapi/attendance/getleavestatus" => Effect::Lost,
            _ => Effect::Pass,
        });
        let run = tokio::spawn(async move { dying.sync(&main, NAME, &scheduled(), &Silent).await });
        while counted(hub).await == view(hub).await.used_planned && !run.is_finished() {
            tokio::task::yield_now().await;
        }
        run.abort();
        let _ = run.await;
        assert!(view(hub).await.used_planned >= counted(hub).await);
        // What others call is another purse.
        let asked = Map::from_iter([("op_user_id".to_owned(), Value::from("x"))]);
        hub.hub.call(&hub.main, NAME, "shift.list", asked).await.unwrap();
        assert_eq!(view(hub).await.used_own, 1);
    })
    .await;
}

#[tokio::test]
async fn the_vendor_s_own_word_that_the_month_is_over_is_believed() {
    on_each_database(setup(20), async |hub| {
        connect(hub, json!({})).await;
        assert!(sync(hub, SyncOptions::default()).await.complete);
        hub.clock.advance_seconds(86_400);
        // Others of the organisation have used it up.
        hub.wire.break_by(|_, message| match message.path.as_str() {
            "/attendance/listRecord" => {
                let body = json!({"errcode": 90020, "errmsg": "used up", "request_id": "1a2b3c4d5e6f"});
                Effect::Answer(tongshi_dialect::Reply::json(http::StatusCode::OK, body.to_string()))
            }
            _ => Effect::Pass,
        });
        assert!(!sync(hub, scheduled()).await.complete);
        let calls = hub.wire.calls();
        hub.clock.advance_seconds(2 * 86_400);
        let held = sync(hub, scheduled()).await;
        assert!(held.reason.unwrap().contains("held"));
        assert!(hub.wire.calls() > calls, "what is not counted goes on");
        assert_eq!(view(hub).await.left, 0);
    })
    .await;
}
