//! The clock-in of the given document. The vendor documents no such call (§3.1): contract `sample`.

use tongshi_dialect::operation;

use super::{DingTalk, Shape, attendance::Success, loose};
use crate::dingtalk::auth::Seed;

loose::fields! {
    /// Clocks somebody in at a place. All fields are texts in the document; `time` is in milliseconds.
    ClockAdd {
        user_id: Option<String>,
        time: Option<i64>,
        category: Option<String>,
        latitude: Option<f64>,
        longitude: Option<f64>,
        accuracy: Option<f64>,
    }
}
operation! {
    impl Operation for ClockAdd in DingTalk {
        "clock.add", Post "/attendance/v1/clock/single/add", Sample "§3.1";
        Seed => Success, Shape::PLAIN; METERED = true; PUNCHES = true
    }
}
