//! The given document's clock-in (§3.1): a punch with the place at which somebody says to be. The vendor documents no such
//! call; what is answered is ours.

use serde_json::json;
use tongshi_dialect::{Caller, Server};
use tongshi_model::{Punch, PunchSource};

use super::{required, user};
use crate::dingtalk::{
    map::attendance::{instant, uploaded},
    wire::{Code, DingTalk, Fault, attendance::Success, clock::ClockAdd},
};

/// The least exact place that is one: half the way round the world.
const ACCURACY_METERS_MAX: f64 = 20_000_000.0;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server.on::<ClockAdd, _, _>(add)
}

async fn add(caller: Caller, ask: ClockAdd) -> Result<Success, Fault> {
    let userid = required("user_id", &ask.user_id)?;
    let at = ask.time.and_then(instant).ok_or_else(|| Fault::parameter("time is a time in milliseconds"))?;
    // The document knows one category, and says of others nothing.
    if ask.category.as_deref().is_some_and(|category| category != "NORMAL") {
        return Err(Fault::parameter("category is NORMAL"));
    }
    let within = |name: &'static str, value: Option<f64>, max: f64| {
        let value = value.ok_or_else(|| Fault::parameter(format!("缺少参数 {name}: it is missing")))?;
        if value.abs() <= max { Ok(value) } else { Err(Fault::parameter(format!("{name} is at most {max}"))) }
    };
    let latitude = within("latitude", ask.latitude, 90.0)?;
    let longitude = within("longitude", ask.longitude, 180.0)?;
    let accuracy = within("accuracy", ask.accuracy, ACCURACY_METERS_MAX)?;
    if accuracy < 0.0 {
        return Err(Fault::parameter("accuracy is not less than 0"));
    }
    let (employee, _) = user::found(&caller, userid).await?;
    let detail = json!({
        "latitude": latitude, "longitude": longitude, "accuracy_meters": accuracy,
        // Marked for ever: the contract by which it came is a sample's.
        "contract": "sample",
    });
    let punch = Punch { source: PunchSource::Mobile, ..uploaded(employee.id, at, detail) };
    let new = caller.workforce()?.record_punches(vec![punch]).await?;
    if new.first() == Some(&false) {
        return Err(Fault::new(Code::Value, "重复打卡: this clock-in is there already"));
    }
    Ok(Success { success: Some(true) })
}
