//! Punches: sent in, judged against the shifts, and one by one (§5.1, §5.2); sign-ins beside them (§5.4).

use super::{DingTalk, OldToken, Success, Wrapped, loose, old, operation, shape_of};

loose::fields! {
    /// Sends a punch in (§5.1). There is no id in the answer.
    RecordUpload {
        userid: Option<String>,
        device_name: Option<String>,
        device_id: Option<String>,
        user_check_time: Option<i64>,
        photo_url: Option<String>,
    }
}
old!(RecordUpload, "attendance.record.upload", "/topapi/attendance/record/upload", "§5.1" => Success; PUNCHES = true);

loose::fields! {
    /// How people came and went, against their shifts; whole days (§5.2).
    #[serde(rename_all = "camelCase")]
    ResultList {
        work_date_from: Option<String>,
        work_date_to: Option<String>,
        user_id_list: Vec<String>,
        offset: Option<i64>,
        limit: Option<i64>,
        #[serde(rename = "isI18n")]
        is_i18n: Option<bool>,
    }
}
old!(ResultList, "attendance.list", "/attendance/list", "§5.2" => Results; REPEATABLE = true);

loose::fields! {
    /// Every punch between two instants (§5.2).
    #[serde(rename_all = "camelCase")]
    RecordList {
        user_ids: Vec<String>,
        check_date_from: Option<String>,
        check_date_to: Option<String>,
        #[serde(rename = "isI18n")]
        is_i18n: Option<bool>,
    }
}
old!(RecordList, "attendance.list_record", "/attendance/listRecord", "§5.2" => Records; REPEATABLE = true);

/// Results: no `result` around them (§5.2).
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Results {
    #[serde(default)]
    pub(crate) recordresult: Vec<ResultRow>,
    #[serde(rename = "hasMore", default)]
    pub(crate) has_more: bool,
}

/// Details, all at once.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Records {
    #[serde(default)]
    pub(crate) recordresult: Vec<RecordRow>,
}

loose::fields! {
    /// What became of one slot of a shift.
    #[serde(rename_all = "camelCase")]
    ResultRow {
        id: Option<i64>,
        record_id: Option<i64>,
        user_id: Option<String>,
        work_date: Option<i64>,
        check_type: Option<String>,
        time_result: Option<String>,
        location_result: Option<String>,
        source_type: Option<String>,
        base_check_time: Option<i64>,
        user_check_time: Option<i64>,
        group_id: Option<i64>,
        plan_id: Option<i64>,
        approve_id: Option<String>,
        proc_inst_id: Option<String>,
    }
}

loose::fields! {
    /// One punch.
    #[serde(rename_all = "camelCase")]
    RecordRow {
        id: Option<i64>,
        user_id: Option<String>,
        corp_id: Option<String>,
        biz_id: Option<String>,
        work_date: Option<i64>,
        check_type: Option<String>,
        time_result: Option<String>,
        location_result: Option<String>,
        source_type: Option<String>,
        base_check_time: Option<i64>,
        user_check_time: Option<i64>,
        plan_check_time: Option<i64>,
        group_id: Option<i64>,
        class_id: Option<i64>,
        plan_id: Option<i64>,
        approve_id: Option<String>,
        proc_inst_id: Option<String>,
        is_legal: Option<String>,
        invalid_record_type: Option<String>,
        invalid_record_msg: Option<String>,
        location_method: Option<String>,
        user_address: Option<String>,
        user_longitude: Option<f64>,
        user_latitude: Option<f64>,
        user_accuracy: Option<f64>,
        user_ssid: Option<String>,
        user_mac_addr: Option<String>,
        device_id: Option<String>,
        #[serde(rename = "deviceSN")]
        device_sn: Option<String>,
        base_address: Option<String>,
        base_longitude: Option<f64>,
        base_latitude: Option<f64>,
        base_accuracy: Option<f64>,
        base_ssid: Option<String>,
        base_mac_addr: Option<String>,
        outside_remark: Option<String>,
        photo_url: Option<String>,
        gmt_create: Option<i64>,
        gmt_modified: Option<i64>,
    }
}

loose::fields! {
    /// One person's day with everything about it (§5.2).
    DayGet { userid: Option<String>, work_date: Option<String> }
}
old!(DayGet, "attendance.day", "/topapi/attendance/getupdatedata", "§5.2" => Wrapped<Day>; REPEATABLE = true);

loose::fields! {
    /// A day.
    Day {
        work_date: Option<String>,
        userid: Option<String>,
        corp_id: Option<String>,
        attendance_result_list: Vec<DayResult>,
        approve_list: Vec<DayApproval>,
        check_record_list: Vec<DayRecord>,
        class_setting_info: Option<ClassSetting>,
    }
}

loose::fields! {
    /// A slot of the day.
    DayResult {
        record_id: Option<i64>,
        plan_id: Option<i64>,
        check_type: Option<String>,
        plan_check_time: Option<String>,
        user_check_time: Option<String>,
        time_result: Option<String>,
        location_result: Option<String>,
        source_type: Option<String>,
        group_id: Option<i64>,
        class_id: Option<i64>,
        #[serde(rename = "procInst_id")]
        proc_inst_id: Option<String>,
    }
}

loose::fields! {
    /// What was approved for the day: 1 overtime, 2 trip or errand, 3 leave.
    DayApproval {
        biz_type: Option<i64>,
        tag_name: Option<String>,
        sub_type: Option<String>,
        duration: Option<String>,
        duration_unit: Option<String>,
        begin_time: Option<String>,
        end_time: Option<String>,
        gmt_finished: Option<String>,
        #[serde(rename = "procInst_id")]
        proc_inst_id: Option<String>,
    }
}

loose::fields! {
    /// A punch of the day.
    DayRecord {
        record_id: Option<i64>,
        user_check_time: Option<String>,
        check_type: Option<String>,
        source_type: Option<String>,
        valid_matched: Option<bool>,
        user_address: Option<String>,
        user_longitude: Option<String>,
        user_latitude: Option<String>,
        user_accuracy: Option<String>,
        location_method: Option<String>,
    }
}

loose::fields! {
    /// The break in the middle of a shift; ours has none.
    ClassSetting { rest_time_vo_list: Vec<Rest> }
}

loose::fields! {
    /// A break.
    Rest { rest_begin_time: Option<i64>, rest_end_time: Option<i64> }
}
loose::nested!(DayResult, DayApproval, DayRecord, ClassSetting, Rest);

loose::fields! {
    /// Sign-ins (签到), which are not punches and carry a place (§5.4).
    CheckinList {
        userid_list: loose::Commas,
        start_time: Option<i64>,
        end_time: Option<i64>,
        cursor: Option<i64>,
        size: Option<i64>,
    }
}
old!(CheckinList, "checkin.list", "/topapi/checkin/record/get", "§5.4" => Wrapped<Checkins>; REPEATABLE = true);

loose::fields! {
    /// A page of sign-ins.
    Checkins { next_cursor: Option<i64>, page_list: Vec<Checkin> }
}

loose::fields! {
    /// A sign-in.
    Checkin {
        checkin_time: Option<i64>,
        userid: Option<String>,
        place: Option<String>,
        detail_place: Option<String>,
        longitude: Option<String>,
        latitude: Option<String>,
        remark: Option<String>,
        visit_user: Option<String>,
    }
}
loose::nested!(Checkin);
