//! DingTalk held to the suite that all dialects pass, and to its own quirks.

mod approvals;
mod attendance;
mod auth;
mod callbacks;
mod client;
mod clock;
mod contacts;
mod crypto;
mod limits;
mod login;
mod metered;
mod sign_in;
mod stage;
mod tokens;

use tongshi_dialect::{conformance, conformance::SampleKey};
use tongshi_model::Secret;

use super::{
    auth::{
        NewToken, OldToken, SEED_WINDOW_SECONDS, SERVICE_WINDOW_SECONDS, SNS_WINDOW_SECONDS, Seed, Service,
        Sns, UserToken,
    },
    client::OPERATIONS,
    wire::*,
};

macro_rules! shown_as_it_is {
    ($($scheme:ty),*) => {$(
        impl SampleKey for $scheme {
            fn sample() -> Option<(&'static str, Secret)> {
                Some(("at-demo", Secret::new("at-demo")))
            }

            fn stale_after_seconds() -> Option<i64> {
                None
            }
        }
    )*};
}
shown_as_it_is!(OldToken, NewToken, UserToken);

macro_rules! signs_the_time {
    ($($scheme:ty, $window:expr;)*) => {$(
        impl SampleKey for $scheme {
            fn sample() -> Option<(&'static str, Secret)> {
                Some(("dingdemo", Secret::new("demo-secret")))
            }

            fn stale_after_seconds() -> Option<i64> {
                Some($window)
            }

            fn signs_path() -> bool {
                false
            }

            fn signs_body() -> bool {
                false
            }
        }
    )*};
}
signs_the_time! { Sns, SNS_WINDOW_SECONDS; Service, SERVICE_WINDOW_SECONDS; }

/// The document's body holds the time that is signed, so a fixture is signed at its own time; `clock` has the rest.
impl SampleKey for Seed {
    fn sample() -> Option<(&'static str, Secret)> {
        None
    }

    fn stale_after_seconds() -> Option<i64> {
        Some(SEED_WINDOW_SECONDS)
    }
}

/// The faults that both hosts have a word for.
fn of_both_hosts() -> Vec<Fault> {
    let codes = Code::GIVEN.iter().filter(|code| code.number() != 0).cloned();
    codes
        .chain([Code::Other(77)])
        .map(|code| Fault::new(code, "说明 \"quoted\" \\ text"))
        .chain([Fault::scope("qyapi_get_member")])
        .collect()
}

conformance! {
    DingTalk,
    fixtures: "src/dingtalk/fixtures",
    listed: OPERATIONS,
    shapes: &[Shape::TOPAPI, Shape::PLAIN, Shape::NEW],
    faults: of_both_hosts(),
    operations: [
        GetToken, AccessToken, UnifiedToken, SuiteToken, CorpToken, ServiceCorpToken, SsoToken,
        DepartmentListSub, DepartmentListSubId, DepartmentGet, DepartmentParents, UserParents, DepartmentCreate,
        DepartmentUpdate, DepartmentDelete, AuthScopes,
        UserList, UserListSimple, UserListId, UserGet, UserByMobile, UserByUnionId, UserCount, UserCreate, UserUpdate,
        UserDelete, LeaveRecords, OnJob, Dismissions,
        Authorize, AuthorizeStep, UserAccessToken, Me, AppCode, GetUserInfo, SnsUserInfo,
        RegisterCallback, UpdateCallback, GetCallback, DeleteCallback, FailedCallbacks,
        super::wire::attendance::RecordUpload, super::wire::attendance::ResultList, super::wire::attendance::RecordList, super::wire::attendance::DayGet, super::wire::attendance::CheckinList, super::wire::attendance::SmartReportGet, super::wire::attendance::ColumnList, super::wire::attendance::ColumnValues, super::wire::attendance::LeaveTimes, super::wire::attendance::LeaveStatusList, super::wire::attendance::LeaveDuration, super::wire::attendance::LeaveTypeList, super::wire::attendance::QuotaList, super::wire::attendance::QuotaUpdate, super::wire::attendance::ScheduleByDay, super::wire::attendance::ScheduleByUsers, super::wire::attendance::ShiftsByDays, super::wire::attendance::ScheduleList, super::wire::attendance::ScheduleResults, super::wire::attendance::ScheduleSet, super::wire::attendance::ShiftList, super::wire::attendance::ShiftGet, super::wire::attendance::GroupList, super::wire::attendance::GroupNames, super::wire::attendance::GroupGet, super::wire::attendance::GroupMembers, super::wire::attendance::GroupOfUser, super::wire::attendance::ApproveFinish, super::wire::attendance::ApprovalFinish, super::wire::attendance::DurationCalculate, super::wire::attendance::ApproveCancel, super::wire::attendance::ApproveCheck, super::wire::attendance::ApproveSwitch, super::wire::approval::ApprovalCreate, super::wire::approval::ApprovalGet, super::wire::approval::ApprovalList, super::wire::approval::ApprovalTerminate, super::wire::approval::ApprovalExecute, super::wire::approval::ApprovalComment, super::wire::approval::SchemaGet, super::wire::approval::OldCreate, super::wire::approval::OldGet, super::wire::approval::OldList, super::wire::approval::OldTerminate, super::wire::approval::OldExecute, super::wire::approval::OldComment, super::wire::clock::ClockAdd,
    ],
}

/// What only the new host says comes back from there.
#[test]
fn the_new_hosts_own_faults_come_back() {
    use tongshi_dialect::{Dialect as _, Unread};
    for code in Code::GIVEN.iter().filter(|code| code.number() == 0) {
        let fault = Fault::new(code.clone(), "text");
        match DingTalk::read(&DingTalk::fault(&fault, Shape::NEW), Shape::NEW) {
            Err(Unread::Fault(back)) => assert_eq!(back, fault),
            _ => panic!("{code:?} is not read back"),
        }
    }
}
