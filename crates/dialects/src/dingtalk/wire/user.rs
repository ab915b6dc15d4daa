//! People (§4.2, §4.3).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::{lenient::text, operation};

use super::{DingTalk, Done, Shape, Wrapped, asks, flag, int, objects};
use crate::dingtalk::auth::{NewToken, OldToken};

/// A page of a department's direct members.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct UserList {
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) dept_id: Option<i64>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<i64>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_field: Option<String>,
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) contain_access_limit: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
}

/// The same page with names only.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct UserListSimple(pub(crate) UserList);

/// A page. Another follows where `has_more` says so.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cursored<T> {
    pub(crate) has_more: bool,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<i64>,
    pub(crate) list: Vec<T>,
}

operation! {
    impl Operation for UserList in DingTalk {
        "user.list", Post "/topapi/v2/user/list", Documented "§4.2";
        OldToken => Wrapped<Cursored<User>>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// Who somebody is.
#[derive(Serialize, Deserialize)]
pub(crate) struct NamedUser {
    pub(crate) userid: String,
    pub(crate) name: String,
}

operation! {
    impl Operation for UserListSimple in DingTalk {
        "user.listsimple", Post "/topapi/user/listsimple", Documented "§4.2";
        OldToken => Wrapped<Cursored<NamedUser>>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// All direct members of a department, by id.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct UserListId {
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) dept_id: Option<i64>,
}

/// Ids of people.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserIds {
    pub(crate) userid_list: Vec<String>,
}

operation! {
    impl Operation for UserListId in DingTalk {
        "user.listid", Post "/topapi/user/listid", Documented "§4.2";
        OldToken => Wrapped<UserIds>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

asks! {
    /// One person.
    UserGet { userid = "userid", language = "language" }
}

/// A person (§4.3). What has no value is left out, and so is what the app may not see. Only in lists: `leader` and
/// `dept_order`; only alone: the lists of both, `real_authed` and `senior`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    #[serde(deserialize_with = "text")]
    pub(crate) userid: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) unionid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) avatar: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) state_code: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) manager_userid: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) mobile: Option<String>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) hide_mobile: Option<bool>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) telephone: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) job_number: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) org_email: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) work_place: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) remark: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) extension: Option<String>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) hired_date: Option<i64>,
    pub(crate) dept_id_list: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dept_position_list: Option<Vec<Position>>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) dept_order: Option<i64>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) leader: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dept_order_list: Option<Vec<DeptOrder>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leader_in_dept: Option<Vec<LeaderIn>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role_list: Option<Vec<Value>>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) admin: Option<bool>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) boss: Option<bool>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) exclusive_account: Option<bool>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) real_authed: Option<bool>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) senior: Option<bool>,
}

/// What somebody is in a department.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Position {
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) dept_id: Option<i64>,
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) is_main: Option<bool>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) work_place: Option<String>,
}

/// Somebody's place in a department.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DeptOrder {
    pub(crate) dept_id: i64,
    pub(crate) order: i64,
}

/// Whether somebody heads a department.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LeaderIn {
    pub(crate) dept_id: i64,
    pub(crate) leader: bool,
}

operation! {
    impl Operation for UserGet in DingTalk {
        "user.get", Post "/topapi/v2/user/get", Documented "§4.2, §4.3";
        OldToken => Wrapped<User>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

asks! {
    /// Whose mobile number this is.
    UserByMobile { mobile = "mobile" }
}

/// Somebody's id.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserId {
    pub(crate) userid: String,
}

operation! {
    impl Operation for UserByMobile in DingTalk {
        "user.getbymobile", Post "/topapi/v2/user/getbymobile", Documented "§4.2";
        OldToken => Wrapped<UserId>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

asks! {
    /// Whose union id this is.
    UserByUnionId { unionid = "unionid" }
}

/// Somebody's id, and whether they are staff (0) or an external contact (1).
#[derive(Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) contact_type: i64,
    pub(crate) userid: String,
}

operation! {
    impl Operation for UserByUnionId in DingTalk {
        "user.getbyunionid", Post "/topapi/user/getbyunionid", Documented "§4.2";
        OldToken => Wrapped<Contact>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// How many people there are.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct UserCount {
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) only_active: Option<bool>,
}

/// A number of people.
#[derive(Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) count: u64,
}

operation! {
    impl Operation for UserCount in DingTalk {
        "user.count", Post "/topapi/user/count", Documented "§4.2";
        OldToken => Wrapped<Count>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

macro_rules! user_write {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Default, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) userid: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) name: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) mobile: Option<String>,
            #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
            pub(crate) hide_mobile: Option<bool>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) telephone: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) job_number: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) title: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) email: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) org_email: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) work_place: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) remark: Option<String>,
            /// Numbers with commas between them.
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) dept_id_list: Option<String>,
            #[serde(deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
            pub(crate) dept_order_list: Option<Vec<Value>>,
            #[serde(deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
            pub(crate) dept_title_list: Option<Vec<Value>>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) extension: Option<String>,
            #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
            pub(crate) senior_mode: Option<bool>,
            #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
            pub(crate) hired_date: Option<i64>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) manager_userid: Option<String>,
            #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(crate) force_update_fields: Option<String>,
        }
    };
}

user_write! {
    /// Who is to join.
    UserCreate
}
user_write! {
    /// What is to change of somebody.
    UserUpdate
}

/// The ids of somebody new. The vendor writes the second one in another style.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserMade {
    pub(crate) userid: String,
    #[serde(rename = "unionId")]
    pub(crate) union_id: String,
}

operation! {
    impl Operation for UserCreate in DingTalk {
        "user.create", Post "/topapi/v2/user/create", Documented "§4.2";
        OldToken => Wrapped<UserMade>, Shape::TOPAPI
    }
}

operation! {
    impl Operation for UserUpdate in DingTalk {
        "user.update", Post "/topapi/v2/user/update", Documented "§4.2";
        OldToken => Done, Shape::TOPAPI
    }
}

asks! {
    /// Who is to leave.
    UserDelete { userid = "userid" }
}

operation! {
    impl Operation for UserDelete in DingTalk {
        "user.delete", Post "/topapi/v2/user/delete", Documented "§4.2";
        OldToken => Done, Shape::TOPAPI
    }
}

/// Who left in a window of time.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LeaveRecords {
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<i64>,
}

/// A page of leavers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeaveRecordPage {
    pub(crate) records: Vec<LeaveRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

/// Somebody who left.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeaveRecord {
    pub(crate) user_id: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mobile: Option<String>,
    pub(crate) leave_time: String,
    pub(crate) leave_reason: String,
}

operation! {
    impl Operation for LeaveRecords in DingTalk {
        "user.leave_records", Get "/v1.0/contact/empLeaveRecords", Documented "§4.2";
        NewToken => LeaveRecordPage, Shape::NEW; KEPT = true
    }
}

/// Who is employed, by how they stand.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OnJob {
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub(crate) status_list: Option<String>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<i64>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<i64>,
}

/// A page of user ids; the last one names no next.
#[derive(Serialize, Deserialize)]
pub(crate) struct OnJobPage {
    pub(crate) data_list: Vec<String>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<i64>,
}

operation! {
    impl Operation for OnJob in DingTalk {
        "hrm.queryonjob", Post "/topapi/smartwork/hrm/employee/queryonjob", Documented "§4.2";
        OldToken => Wrapped<OnJobPage>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// Who has left, by id.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Dismissions {
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<i64>,
    #[serde(deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) max_results: Option<i64>,
}

/// A page of user ids.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DismissionPage {
    pub(crate) user_id_list: Vec<String>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<i64>,
    pub(crate) has_more: bool,
}

operation! {
    impl Operation for Dismissions in DingTalk {
        "hrm.dismissions", Get "/v1.0/hrm/employees/dismissions", Documented "§4.2";
        NewToken => DismissionPage, Shape::NEW; KEPT = true
    }
}
