//! Columns of the attendance report, leave, kinds of leave and what is left of them (§5.3).

use super::{DingTalk, OldToken, Wrapped, loose, old, operation, shape_of};

/// Whether the report has columns that can be asked for.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct SmartReportGet {}
old!(SmartReportGet, "attendance.smart_report", "/topapi/attendance/isopensmartreport", "§5.3"
    => Wrapped<SmartReport>; REPEATABLE = true);

loose::fields! {
    /// Whether it is on.
    SmartReport { smart_report: Option<bool> }
}

/// The columns of the report.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct ColumnList {}
old!(ColumnList, "attendance.columns", "/topapi/attendance/getattcolumns", "§5.3"
    => Wrapped<Columns>; REPEATABLE = true);

loose::fields! {
    /// All columns.
    Columns { columns: Vec<Column> }
}

loose::fields! {
    /// A column; those of leave have no id.
    Column {
        id: Option<i64>,
        name: Option<String>,
        alias: Option<String>,
        r#type: Option<i64>,
        sub_type: Option<i64>,
        status: Option<i64>,
        expression_id: Option<i64>,
    }
}
loose::nested!(Column);

loose::fields! {
    /// What some columns say of somebody, day by day.
    ColumnValues {
        userid: Option<String>,
        column_id_list: loose::Commas,
        from_date: Option<String>,
        to_date: Option<String>,
    }
}
old!(ColumnValues, "attendance.column_values", "/topapi/attendance/getcolumnval", "§5.3"
    => Wrapped<ColumnAnswer>; REPEATABLE = true);

loose::fields! {
    /// The key nests in itself (§5.3).
    ColumnAnswer { column_vals: Vec<ColumnValue> }
}

loose::fields! {
    /// One column.
    ColumnValue { column_vo: Option<Column>, column_vals: Vec<DayValue>, fixed_value: Option<String> }
}

loose::fields! {
    /// A day's value, a text.
    DayValue { date: Option<String>, value: Option<String> }
}
loose::nested!(ColumnValue, DayValue);

loose::fields! {
    /// How long somebody was on leave, by the names of leaves.
    LeaveTimes {
        userid: Option<String>,
        leave_names: loose::Commas,
        from_date: Option<String>,
        to_date: Option<String>,
    }
}
old!(LeaveTimes, "attendance.leave_times", "/topapi/attendance/getleavetimebynames", "§5.3"
    => Wrapped<LeaveColumns>; REPEATABLE = true);

loose::fields! {
    /// Here the names have no underscore (§5.3).
    LeaveColumns { columns: Vec<LeaveColumn> }
}

loose::fields! {
    /// One leave.
    LeaveColumn { columnvo: Option<Column>, columnvals: Vec<DayValue> }
}
loose::nested!(LeaveColumn);

loose::fields! {
    /// Who is on leave in a span of time.
    LeaveStatusList {
        userid_list: loose::Commas,
        start_time: Option<i64>,
        end_time: Option<i64>,
        offset: Option<i64>,
        size: Option<i64>,
    }
}
old!(LeaveStatusList, "attendance.leave_status", "/topapi/attendance/getleavestatus", "§5.3"
    => Wrapped<LeaveStatuses>; REPEATABLE = true);

/// A page of leaves.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct LeaveStatuses {
    #[serde(default)]
    pub(crate) has_more: bool,
    #[serde(default)]
    pub(crate) leave_status: Vec<LeaveStatus>,
}

loose::fields! {
    /// A leave; its length is a hundred times what it is.
    LeaveStatus {
        userid: Option<String>,
        start_time: Option<i64>,
        end_time: Option<i64>,
        duration_percent: Option<i64>,
        duration_unit: Option<String>,
        leave_code: Option<String>,
    }
}

loose::fields! {
    /// How many minutes of work a leave would take.
    LeaveDuration { userid: Option<String>, from_date: Option<String>, to_date: Option<String> }
}
old!(LeaveDuration, "attendance.leave_duration", "/topapi/attendance/getleaveapproveduration", "§5.3"
    => Wrapped<Minutes>; REPEATABLE = true);

loose::fields! {
    /// Minutes of work.
    Minutes { duration_in_minutes: Option<i64> }
}

loose::fields! {
    /// The kinds of leave.
    LeaveTypeList { op_userid: Option<String>, vacation_source: Option<String> }
}
old!(LeaveTypeList, "vacation.types", "/topapi/attendance/vacation/type/list", "§5.3"
    => Wrapped<Vec<LeaveType>>; REPEATABLE = true);

loose::fields! {
    /// A kind of leave.
    LeaveType {
        leave_code: Option<String>,
        leave_name: Option<String>,
        leave_view_unit: Option<String>,
        biz_type: Option<String>,
        natural_day_leave: Option<bool>,
        hours_in_per_day: Option<i64>,
        validity_type: Option<String>,
        validity_value: Option<String>,
        source: Option<String>,
    }
}

loose::fields! {
    /// What people have of a kind of leave.
    QuotaList {
        leave_code: Option<String>,
        op_userid: Option<String>,
        userids: loose::Commas,
        offset: Option<i64>,
        size: Option<i64>,
    }
}
old!(QuotaList, "vacation.quotas", "/topapi/attendance/vacation/quota/list", "§5.3"
    => Wrapped<Quotas>; REPEATABLE = true);

/// A page of quotas.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Quotas {
    #[serde(default)]
    pub(crate) has_more: bool,
    #[serde(default)]
    pub(crate) leave_quotas: Vec<Quota>,
}

loose::fields! {
    /// What somebody has and has used, each a hundred times what it is.
    Quota {
        userid: Option<String>,
        leave_code: Option<String>,
        quota_id: Option<String>,
        quota_cycle: Option<String>,
        start_time: Option<i64>,
        end_time: Option<i64>,
        quota_num_per_day: Option<i64>,
        quota_num_per_hour: Option<i64>,
        used_num_per_day: Option<i64>,
        used_num_per_hour: Option<i64>,
        reason: Option<String>,
    }
}
loose::nested!(Quota);

loose::fields! {
    /// Sets what people have.
    QuotaUpdate { op_userid: Option<String>, leave_quotas: Vec<Quota> }
}
old!(QuotaUpdate, "vacation.quota_update", "/topapi/attendance/vacation/quota/update", "§5.3"
    => Wrapped<Vec<QuotaFailure>>; REPEATABLE = true);

loose::fields! {
    /// One that was not taken; those that were are not answered.
    QuotaFailure { quota: Option<Quota>, reason: Option<String> }
}
