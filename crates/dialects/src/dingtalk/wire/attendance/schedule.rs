//! Schedules, shifts and attendance groups (§5.4).

use super::{Cursored, DingTalk, OldToken, Success, Wrapped, loose, old, operation, shape_of};

loose::fields! {
    /// One person's slots of a day.
    ScheduleByDay { op_user_id: Option<String>, user_id: Option<String>, date_time: Option<i64> }
}
old!(ScheduleByDay, "schedule.by_day", "/topapi/attendance/schedule/listbyday", "§5.4"
    => Wrapped<Vec<DaySlot>>; REPEATABLE = true);

loose::fields! {
    /// A slot of one person's day.
    DaySlot {
        id: Option<i64>,
        user_id: Option<String>,
        corp_id: Option<String>,
        group_id: Option<i64>,
        class_id: Option<i64>,
        class_name: Option<String>,
        class_setting_id: Option<i64>,
        work_date: Option<String>,
        check_type: Option<String>,
        check_date_time: Option<String>,
        check_begin_time: Option<String>,
        check_end_time: Option<String>,
        plan_check_time: Option<String>,
        real_plan_time: Option<String>,
        base_check_time: Option<String>,
        check_status: Option<String>,
        is_rest: Option<String>,
        approve_id: Option<String>,
        approve_type: Option<i64>,
        approve_biz_type: Option<i64>,
        approve_tag_name: Option<String>,
        features: Option<String>,
        gmt_create: Option<String>,
        gmt_modified: Option<String>,
    }
}

loose::fields! {
    /// The slots of some people in some days.
    ScheduleByUsers {
        op_user_id: Option<String>,
        userids: loose::Commas,
        from_date_time: Option<i64>,
        to_date_time: Option<i64>,
    }
}
old!(ScheduleByUsers, "schedule.by_users", "/topapi/attendance/schedule/listbyusers", "§5.4"
    => Wrapped<Vec<Slot>>; REPEATABLE = true);

loose::fields! {
    /// A slot: when somebody is to come or to go.
    Slot {
        id: Option<i64>,
        userid: Option<String>,
        group_id: Option<i64>,
        work_date: Option<String>,
        check_type: Option<String>,
        plan_check_time: Option<String>,
        shift_id: Option<i64>,
        shift_version: Option<i64>,
        is_rest: Option<String>,
        approve_id: Option<String>,
    }
}

loose::fields! {
    /// The shifts of some people in some days.
    ShiftsByDays {
        op_user_id: Option<String>,
        userids: loose::Commas,
        from_date_time: Option<i64>,
        to_date_time: Option<i64>,
    }
}
old!(ShiftsByDays, "schedule.shifts_by_days", "/topapi/attendance/schedule/shift/listbydays", "§5.4"
    => Wrapped<Vec<DayShifts>>; REPEATABLE = true);

loose::fields! {
    /// One person's shifts of a day.
    DayShifts {
        userid: Option<String>,
        work_date: Option<String>,
        group_id: Option<i64>,
        corp_id: Option<String>,
        shift_ids: Vec<String>,
        shift_names: Vec<String>,
        shift_versions: Vec<String>,
    }
}

loose::fields! {
    /// The slots of the whole company on a day.
    #[serde(rename_all = "camelCase")]
    ScheduleList { work_date: Option<String>, offset: Option<i64>, size: Option<i64> }
}
old!(ScheduleList, "schedule.list", "/topapi/attendance/listschedule", "§5.4"
    => Wrapped<Schedules>; REPEATABLE = true);

/// A page of the company's slots.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Schedules {
    #[serde(default)]
    pub(crate) has_more: bool,
    #[serde(default)]
    pub(crate) schedules: Vec<Plan>,
}

loose::fields! {
    /// A slot among the company's.
    Plan {
        plan_id: Option<i64>,
        userid: Option<String>,
        check_type: Option<String>,
        class_id: Option<i64>,
        class_setting_id: Option<i64>,
        plan_check_time: Option<String>,
        changed_check_time: Option<String>,
        group_id: Option<i64>,
        approve_id: Option<i64>,
    }
}

loose::fields! {
    /// What became of slots, by their ids.
    ScheduleResults { op_user_id: Option<String>, schedule_ids: loose::Commas }
}
old!(ScheduleResults, "schedule.results", "/topapi/attendance/schedule/result/listbyids", "§5.4"
    => Wrapped<Vec<SlotResult>>; REPEATABLE = true);

loose::fields! {
    /// What became of a slot. Here `is_legal` is Y for what is out of order (§10).
    SlotResult {
        id: Option<i64>,
        plan_id: Option<i64>,
        userid: Option<String>,
        corp_id: Option<String>,
        group_id: Option<i64>,
        work_date: Option<String>,
        check_type: Option<String>,
        plan_check_time: Option<String>,
        user_check_time: Option<String>,
        time_result: Option<String>,
        location_result: Option<String>,
        source_type: Option<String>,
        is_legal: Option<String>,
    }
}

loose::fields! {
    /// Puts people on shifts.
    ScheduleSet { op_user_id: Option<String>, group_id: Option<i64>, schedules: Vec<DayPlan> }
}
old!(ScheduleSet, "schedule.set", "/topapi/attendance/group/schedule/async", "§5.4" => Success; REPEATABLE = true);

loose::fields! {
    /// Somebody's shift on a day; 1 is rest, -2 takes it away.
    DayPlan { userid: Option<String>, work_date: Option<i64>, shift_id: Option<i64>, is_rest: Option<bool> }
}
loose::nested!(DayPlan);

loose::fields! {
    /// The shifts that there are.
    ShiftList { op_user_id: Option<String>, cursor: Option<i64> }
}
old!(ShiftList, "shift.list", "/topapi/attendance/shift/list", "§5.4"
    => Wrapped<Cursored<Named>>; REPEATABLE = true);

loose::fields! {
    /// Something with an id and a name.
    Named { id: Option<i64>, name: Option<String> }
}

loose::fields! {
    /// One shift.
    ShiftGet { op_user_id: Option<String>, shift_id: Option<i64> }
}
old!(ShiftGet, "shift.get", "/topapi/attendance/shift/query", "§5.4" => Wrapped<Shift>; REPEATABLE = true);

loose::fields! {
    /// A shift.
    Shift {
        id: Option<i64>,
        name: Option<String>,
        owner: Option<String>,
        corp_id: Option<String>,
        shift_group_id: Option<i64>,
        sections: Vec<Section>,
        shift_setting: Option<ShiftSetting>,
    }
}

loose::fields! {
    /// From coming to going.
    Section { id: Option<i64>, punches: Vec<ShiftPunch>, rests: Vec<ShiftPunch> }
}

loose::fields! {
    /// A punch of a shift: `1970-01-01 HH:mm:ss`, so many days later.
    ShiftPunch {
        id: Option<i64>,
        check_type: Option<String>,
        check_time: Option<String>,
        across: Option<i64>,
        begin_min: Option<i64>,
        end_min: Option<i64>,
        free_check: Option<bool>,
        permit_minutes: Option<i64>,
        serious_late_minutes: Option<i64>,
        absenteeism_late_minutes: Option<i64>,
    }
}

loose::fields! {
    /// What goes for the whole shift.
    ShiftSetting { work_time_minutes: Option<i64>, attend_days: Option<String> }
}
loose::nested!(Section, ShiftPunch, ShiftSetting);

loose::fields! {
    /// The attendance groups.
    GroupList { offset: Option<i64>, size: Option<i64> }
}
old!(GroupList, "group.list", "/topapi/attendance/getsimplegroups", "§5.4"
    => Wrapped<Groups>; REPEATABLE = true);

/// A page of groups.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Groups {
    #[serde(default)]
    pub(crate) has_more: bool,
    #[serde(default)]
    pub(crate) groups: Vec<Group>,
}

loose::fields! {
    /// A group: its people share a rule.
    Group {
        group_id: Option<i64>,
        group_name: Option<String>,
        r#type: Option<String>,
        is_default: Option<bool>,
        member_count: Option<i64>,
        default_class_id: Option<i64>,
        work_day_list: Vec<String>,
        classes_list: Vec<String>,
        selected_class: Vec<Class>,
        owner_user_id: Option<String>,
        manager_list: Vec<String>,
        dept_name_list: Vec<String>,
    }
}

loose::fields! {
    /// A shift as a group names it.
    Class { class_id: Option<i64>, class_name: Option<String>, sections: Vec<ClassSection> }
}

loose::fields! {
    /// A part of it.
    ClassSection { times: Vec<ClassTime> }
}

loose::fields! {
    /// A time of it.
    ClassTime { check_time: Option<String>, check_type: Option<String>, across: Option<i64> }
}
loose::nested!(Class, ClassSection, ClassTime);

loose::fields! {
    /// The groups by name.
    GroupNames { op_user_id: Option<String>, cursor: Option<i64> }
}
old!(GroupNames, "group.names", "/topapi/attendance/group/minimalism/list", "§5.4"
    => Wrapped<Cursored<Named>>; REPEATABLE = true);

loose::fields! {
    /// One group.
    GroupGet { op_user_id: Option<String>, group_id: Option<i64> }
}
old!(GroupGet, "group.get", "/topapi/attendance/group/query", "§5.4" => Wrapped<GroupSummary>; REPEATABLE = true);

loose::fields! {
    /// A group in short.
    GroupSummary { id: Option<i64>, name: Option<String>, r#type: Option<String>, member_count: Option<i64> }
}

loose::fields! {
    /// Who is in a group.
    GroupMembers { op_user_id: Option<String>, group_id: Option<i64>, cursor: Option<i64> }
}
old!(GroupMembers, "group.members", "/topapi/attendance/group/memberusers/list", "§5.4"
    => Wrapped<Cursored<String>>; REPEATABLE = true);

loose::fields! {
    /// The group that somebody is in.
    GroupOfUser { userid: Option<String> }
}
old!(GroupOfUser, "group.of_user", "/topapi/attendance/getusergroup", "§5.4"
    => Wrapped<UserGroup>; REPEATABLE = true);

loose::fields! {
    /// Somebody's group.
    UserGroup { group_id: Option<i64>, name: Option<String>, r#type: Option<String>, classes: Vec<Class> }
}
