//! Hesine held to the suite that all dialects pass, and to its own quirks.

mod accounts;
mod auth;
mod client;
mod contacts;
mod flows;
mod links;
mod mall;
mod papers;
mod profiles;
mod queues;
mod roles;
mod sample;
mod server;
mod stage;
mod trips;

use tongshi_dialect::{conformance, conformance::SampleKey};
use tongshi_model::Secret;

use super::{
    auth::{AccessToken, MallToken},
    client::OPERATIONS,
    wire::*,
};

impl SampleKey for AccessToken {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("at-demo", Secret::new("at-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        None
    }
}

impl SampleKey for MallToken {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("at-demo", Secret::new("at-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        None
    }
}

conformance! {
    Hesine,
    fixtures: "src/hesine/fixtures",
    listed: OPERATIONS,
    shapes: &[Shape::Query, Shape::Body(&[]), Shape::Callback, Shape::Third, Shape::Done(&[]), Shape::Entity, Shape::Inside, Shape::Rows(&[])],
    faults: [400, 401, 403, 412, 429, 500, 502, 503]
        .into_iter()
        .map(|code| Fault::new(code, "说明 \"quoted\" \\ text"))
        .collect(),
    operations: [
        TokenGet, TokenRefresh, TokenRefreshFor, AppTokenGet, ThirdTokenGet, StaffList, StaffFind, StaffCreate,
        StaffCreateMany, StaffUpdate, StaffUpdateMany, StaffSwitch, StaffAuthorise, StaffBacklog, DepartmentList,
        DepartmentCreate, DepartmentCreateMany, DepartmentUpdate, DepartmentSwitch, DepartmentGet, DepartmentByName,
        CorporationGet, FlowCreate, FlowUpdate, FlowSubmit, FlowPlan, FlowAct, FlowGet, FlowByCode, FlowByOuterCode,
        FlowList, FlowComment, RequisitionList, RequisitionGet, RequisitionClose, RequisitionShare, Decide,
        DecisionResult, ApproveStates, QueueWaiting, QueueDecided, Callback, OrderPush, OrderSearch, OrderByIds,
        OrderByCodes, PaymentResults, PaymentFlows, VoucherWrite, MessageSave, MessageLogs, RealmTokenGet, Location,
        LinkMake, LinkOpen, LinkAct, StaffAuthorised, StaffCode, StaffCustom, StaffProperties, StaffCertificates,
        PayeeList, PayeeCreate, PayeeCreateMany, PayeeUpdate, PayeeSwitch, PayerSearch, PaymentAccounts, PayerCreate,
        PayerUpdate, PayerSwitch, BranchesGet, BillList, BillGet, TicketGet, SupplierList, SupplierBillCreate,
        SupplierBillWrite, SupplierBillFlows, CertificateSave, HandOver, RoleGroupList, RoleCreate, RoleGet, RoleRename, RoleFill,
        RoleEmpty, DepartmentByPath,
        DepartmentExternal, QueueAll, QueuePaid, HangUp, TaskList, DelegateCreate, DelegateUpdate, DelegateList,
        DelegateOf, DelegateDelete, TripSearch, TripTemplates, CentreConfig, CentreList, CarbonCopyGet,
    ],
}
