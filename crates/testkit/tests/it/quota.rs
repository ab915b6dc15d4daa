//! What DingTalk counts by the month: an account that misses nothing, a plan that stays within it.

use serde_json::{Value, json};
use tongshi_dialect::Reply;
use tongshi_hub::{Mode, NewConnection, QuotaView, Silent, SyncOptions};
use tongshi_model::{Id, Kind};
use tongshi_store::tallies;
use tongshi_testkit::{Effect, Setup, TestHub, VirtualWaits, live_through_a_month, on_each_database};

fn setup(employees: u32) -> Setup {
    let mut setup =
        Setup { employees, time_passes: true, dingtalk_calls_per_second: 20, ..Setup::default() };
    setup.settings.sync_every_seconds = 1800;
    setup
}

#[tokio::test]
async fn a_month_is_complete_each_morning_and_within_the_plan() {
    on_each_database(setup(10), async |hub| {
        let report = live_through_a_month(hub, 120).await;
        let quota = report.quota.as_ref().unwrap();
        assert_eq!(report.incomplete, Vec::<String>::new(), "{report:#?}");
        assert_eq!(report.mornings, 30);
        assert!(report.punches > 4000 && report.approvals > 50, "{report:#?}");
        assert!(report.used <= quota.budget && quota.budget == 3000);
        assert_eq!(report.used, report.counted, "our account is the vendor's: {report:#?}");
        assert!(report.pushes <= 3000);
        // Foreseen before the first call, to a fifth.
        assert!(report.used.abs_diff(report.forecast) * 5 <= report.used, "{report:#?}");
    })
    .await;
}
