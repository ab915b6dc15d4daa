//! How many counted calls there are in a month, and what of them the plan may use. A connection's setting `quota` changes
//! what the vendor's own figures are: `{"calls": 20000, "share_percent": 60, "reserve": 500, "at": "04:10"}`.

use jiff::{civil::Time, tz::Offset};
use serde::Deserialize;
use serde_json::Value;
use tongshi_dialect::Metering;
use tongshi_model::{Error, LocalDate, Timestamp};

/// The share of the month's calls that the plan uses at most; the rest is for what nobody foresees.
const SHARE_PERCENT: u32 = 60;
/// When daily readings begin: before the morning, after the last shift's end, and not at the full hour, when all others call.
const AT: Time = Time::constant(4, 10, 0, 0);

/// What a connection may call in a month.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Counted calls in a month.
    pub(crate) calls: u64,
    /// The share of them that the plan may use.
    pub(crate) share_percent: u64,
    /// Calls that are kept from the plan whatever its share.
    pub(crate) reserve: u64,
    /// When daily readings begin, where the vendor is.
    pub(crate) at: Time,
    /// Where the vendor is.
    pub(crate) zone: fn() -> Offset,
}

impl PartialEq for Limits {
    fn eq(&self, other: &Self) -> bool {
        let of = |limits: &Self| (limits.calls, limits.share_percent, limits.reserve, limits.at);
        of(self) == of(other) && (self.zone)() == (other.zone)()
    }
}

/// The setting `quota` of a connection.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Set {
    calls: Option<u32>,
    share_percent: Option<u32>,
    reserve: Option<u32>,
    at: Option<String>,
}

impl Limits {
    /// The vendor's figures with a connection's settings over them.
    pub(crate) fn of(metering: &Metering, settings: &Value) -> Result<Self, Error> {
        let wrong = |text: &str| Error::invalid("quota", text.to_owned());
        let set = match &settings["quota"] {
            Value::Null => Set::default(),
            given => serde_json::from_value(given.clone()).map_err(|_| {
                wrong(
                    "quota is an object of calls, share_percent, reserve (whole numbers) and at (\"04:10\")",
                )
            })?,
        };
        let calls = u64::from(set.calls.unwrap_or(metering.calls_per_month));
        let share_percent = u64::from(set.share_percent.unwrap_or(SHARE_PERCENT));
        if share_percent > 100 {
            return Err(wrong("quota.share_percent is at most 100"));
        }
        let reserve = set.reserve.map_or(calls / 10, u64::from);
        if reserve > calls {
            return Err(wrong("quota.reserve is at most quota.calls"));
        }
        let at = match set.at {
            None => AT,
            Some(text) => text.parse().map_err(|_| wrong("quota.at is a time of day such as 04:10"))?,
        };
        Ok(Self { calls, share_percent, reserve, at, zone: metering.zone })
    }

    /// What the plan may use of a month.
    pub(crate) fn budget(&self) -> u64 {
        (self.calls * self.share_percent / 100).min(self.calls - self.reserve)
    }

    /// What the plan may still use where so much was used by it, and so much by others.
    pub(crate) fn room(&self, plan: u64, own: u64) -> u64 {
        let of_share = self.budget().saturating_sub(plan);
        of_share.min((self.calls - self.reserve).saturating_sub(plan + own))
    }

    /// The day whose readings are due at this time: until its hour it is the day before.
    pub(crate) fn mark(&self, at: Timestamp) -> LocalDate {
        let local = (self.zone)().to_datetime(at);
        let day = local.date();
        if local.time() < self.at { day.yesterday().unwrap_or(day) } else { day }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const METERING: Metering = Metering { calls_per_month: 5000, zone: tongshi_model::shanghai };

    #[test]
    fn the_plan_never_touches_the_reserve() {
        let limits = Limits::of(&METERING, &Value::Null).unwrap();
        assert_eq!((limits.budget(), limits.reserve), (3000, 500));
        assert_eq!(limits.room(0, 0), 3000);
        assert_eq!(limits.room(2990, 0), 10);
        assert_eq!(limits.room(2990, 1600), 0, "others have used what was left before the reserve");
        assert_eq!(limits.room(1000, 3000), 500);
        let wide = Limits::of(&METERING, &json!({"quota": {"share_percent": 100, "reserve": 200}})).unwrap();
        assert_eq!(wide.budget(), 4800);
        let paid = Limits::of(&METERING, &json!({"quota": {"calls": 100_000}})).unwrap();
        assert_eq!(paid.budget(), 60_000);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for wrong in [
            json!({"quota": 5000}),
            json!({"quota": {"call": 5000}}),
            json!({"quota": {"share_percent": 101}}),
            json!({"quota": {"reserve": 5001}}),
            json!({"quota": {"at": "25:00"}}),
        ] {
            assert!(Limits::of(&METERING, &wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_begins_at_its_hour_where_the_vendor_is() {
        let limits = Limits::of(&METERING, &Value::Null).unwrap();
        let mark = |text: &str| limits.mark(text.parse().unwrap()).to_string();
        // 04:09 and 04:10 in China.
        assert_eq!(mark("2026-03-15T20:09:59Z"), "2026-03-15");
        assert_eq!(mark("2026-03-15T20:10:00Z"), "2026-03-16");
    }
}
