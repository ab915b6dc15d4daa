//! What attendance is told of approvals that were decided elsewhere (§5.5), on both hosts.

use super::{DingTalk, NewToken, OldToken, Shape, Success, Wrapped, loose, old, operation, shape_of};

loose::fields! {
    /// Leave, a trip, an errand or overtime was approved. The same approve_id again replaces it. Archived by the vendor.
    ApproveFinish {
        userid: Option<String>,
        biz_type: Option<i64>,
        from_time: Option<String>,
        to_time: Option<String>,
        duration_unit: Option<String>,
        calculate_model: Option<i64>,
        tag_name: Option<String>,
        sub_type: Option<String>,
        approve_id: Option<String>,
        jump_url: Option<String>,
        overtime_duration: Option<String>,
        overtime_to_more: Option<i64>,
    }
}
operation! {
    impl Operation for ApproveFinish in DingTalk {
        "approve.finish_old", Post "/topapi/attendance/approve/finish", Uncertain "§5.5";
        OldToken => Wrapped<OldDuration>, Shape::TOPAPI; REPEATABLE = true; METERED = true
    }
}

loose::fields! {
    /// How much working time it is.
    OldDuration {
        duration: Option<String>,
        #[serde(rename = "durationDetail")]
        duration_detail: Vec<DurationDay>,
    }
}

loose::fields! {
    /// A day's share.
    DurationDay { date: Option<String>, duration: Option<String> }
}
loose::nested!(DurationDay);

loose::fields! {
    /// The same on the new host.
    #[serde(rename_all = "camelCase")]
    ApprovalFinish {
        user_id: Option<String>,
        top_calculate_approve_duration_param: Option<Span>,
        tag_name: Option<String>,
        sub_type: Option<String>,
        approve_id: Option<String>,
        jump_url: Option<String>,
        overtime_duration: Option<String>,
        over_time_to_more: Option<i64>,
    }
}
operation! {
    impl Operation for ApprovalFinish in DingTalk {
        "approve.finish", Post "/v1.0/attendance/approvals/finish", Documented "§5.5";
        NewToken => Duration, Shape::NEW.asking(&["userId"]); REPEATABLE = true; METERED = true
    }
}

loose::fields! {
    /// From when to when, and how it is counted.
    #[serde(rename_all = "camelCase")]
    Span {
        biz_type: Option<i64>,
        from_time: Option<String>,
        to_time: Option<String>,
        duration_unit: Option<String>,
        calculate_model: Option<i64>,
        leave_code: Option<String>,
    }
}
loose::nested!(Span);

loose::fields! {
    /// How much working time it is.
    Duration { result: Option<NewDuration>, success: Option<bool> }
}

loose::fields! {
    /// The whole and each day.
    #[serde(rename_all = "camelCase")]
    NewDuration { duration: Option<String>, duration_detail: Vec<DurationDay> }
}
loose::nested!(NewDuration);

loose::fields! {
    /// How much working time a span would be.
    #[serde(rename_all = "camelCase")]
    DurationCalculate {
        user_id: Option<String>,
        biz_type: Option<i64>,
        from_time: Option<String>,
        to_time: Option<String>,
        duration_unit: Option<String>,
        calculate_model: Option<i64>,
        leave_code: Option<String>,
    }
}
operation! {
    impl Operation for DurationCalculate in DingTalk {
        "approve.duration", Post "/v1.0/attendance/approvals/durations/calculate", Documented "§5.5";
        NewToken => Duration, Shape::NEW.asking(&["userId"]); REPEATABLE = true; METERED = true
    }
}

loose::fields! {
    /// An approval was taken back.
    ApproveCancel { userid: Option<String>, approve_id: Option<String> }
}
old!(ApproveCancel, "approve.cancel", "/topapi/attendance/approve/cancel", "§5.5" => Success; REPEATABLE = true);

loose::fields! {
    /// A missing punch was approved.
    ApproveCheck {
        userid: Option<String>,
        work_date: Option<String>,
        punch_id: Option<i64>,
        punch_check_time: Option<String>,
        user_check_time: Option<String>,
        approve_id: Option<String>,
        jump_url: Option<String>,
        tag_name: Option<String>,
    }
}
old!(ApproveCheck, "approve.check", "/topapi/attendance/approve/check", "§5.5" => Success; REPEATABLE = true; PUNCHES = true);

loose::fields! {
    /// Two people change shifts for a day, and back on another.
    ApproveSwitch {
        userid: Option<String>,
        switch_date: Option<String>,
        reback_date: Option<String>,
        apply_userid: Option<String>,
        target_userid: Option<String>,
        approve_id: Option<String>,
        apply_shift_id: Option<i64>,
        target_shift_id: Option<i64>,
        reback_apply_shift_id: Option<i64>,
        reback_target_shift_id: Option<i64>,
    }
}
old!(ApproveSwitch, "approve.switch", "/topapi/attendance/approve/schedule/switch", "§5.5" => Success);
