//! What the vendor lets through (§8.3): so many calls of one app to one interface in a second, so many from one address, so
//! many of the counted ones in a month; and only interfaces for which the app has the permission. On by default; an app's
//! settings change it: `dingtalk_calls_per_second`, `dingtalk_calls_per_month` (0 for none), `dingtalk_scopes`.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use moka::sync::Cache;
use tongshi_dialect::{Gate, Grant, Message};
use tongshi_model::{Id, Timestamp, shanghai};

use crate::dingtalk::{
    client::OPERATIONS,
    wire::{Code, DingTalk, Fault},
};

/// Calls of one app to one interface in a second.
const CALLS_PER_SECOND: u64 = 20;
/// Counted calls of a company in a month, since 2025-11-19.
const CALLS_PER_MONTH: u64 = 5_000;
/// Calls from one address, in so many seconds, and how long who makes more is shut out.
const ADDRESS_CALLS: u32 = 10_000;
const ADDRESS_SECONDS: i64 = 20;
const BAN_SECONDS: i64 = 300;
/// Addresses that are remembered.
const ADDRESSES_MAX: u64 = 65_536;

/// The permission that an operation needs (§5, §9 and the vendor's console).
const SCOPES: &[(&str, &str)] = &[
    ("attendance.record.upload", "Pro.AttendanceRecord.Write"),
    ("attendance.", "qyapi_get_attendance_data"),
    ("vacation.quota_update", "qyapi_holiday_manage"),
    ("vacation.", "qyapi_holiday_readonly"),
    ("schedule.set", "qyapi_attendance_group_manage"),
    ("approve.", "qyapi_attendance_group_manage"),
    ("schedule.", "qyapi_attendance_group_read"),
    ("shift.", "qyapi_attendance_group_read"),
    ("group.", "qyapi_attendance_group_read"),
    ("department.create", "qyapi_manage_addresslist"),
    ("department.update", "qyapi_manage_addresslist"),
    ("department.delete", "qyapi_manage_addresslist"),
    ("department.", "qyapi_get_department_list"),
    ("user.create", "qyapi_manage_addresslist"),
    ("user.update", "qyapi_manage_addresslist"),
    ("user.delete", "qyapi_manage_addresslist"),
    ("user.getbymobile", "qyapi_get_member_by_mobile"),
    ("user.get", "qyapi_get_member"),
    ("user.leave_records", "Contact.User.Read"),
    ("user.", "qyapi_get_department_member"),
    ("hrm.", "qyapi_hrm_basic_info"),
    ("login.me", "Contact.User.Read"),
];

/// The gate.
pub(super) struct Limits {
    seconds: Mutex<HashMap<(Id, &'static str), Second>>,
    addresses: Cache<IpAddr, Address>,
}

/// A second, and the calls that were let through in it.
type Second = (i64, u64);

/// What an address has done in the present window, or until when it is shut out.
#[derive(Clone, Copy)]
struct Address {
    window: i64,
    calls: u32,
    banned_until: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { seconds: Mutex::default(), addresses: Cache::new(ADDRESSES_MAX) }
    }
}

#[async_trait]
impl Gate<DingTalk> for Limits {
    fn arrive(&self, message: &Message, now: Timestamp) -> Result<(), Fault> {
        let Some(peer) = message.peer else { return Ok(()) };
        let now = now.as_second();
        let window = now.div_euclid(ADDRESS_SECONDS);
        let fresh = Address { window, calls: 0, banned_until: 0 };
        let entry = self.addresses.entry(peer).and_upsert_with(|known| {
            let mut address = known.map_or(fresh, |known| *known.value());
            if address.window != window {
                (address.window, address.calls) = (window, 0);
            }
            address.calls = address.calls.saturating_add(1);
            if address.calls > ADDRESS_CALLS && address.banned_until <= now {
                address.banned_until = now + BAN_SECONDS;
            }
            address
        });
        if entry.value().banned_until > now {
            return Err(Fault::new(
                Code::Banned,
                "too many calls from this address; it is shut out for five minutes",
            ));
        }
        Ok(())
    }

    async fn admit(&self, grant: &Grant, operation: &'static str, now: Timestamp) -> Result<(), Fault> {
        permitted(grant, operation)?;
        let number = |name: &str, usual: u64| grant.settings[name].as_u64().unwrap_or(usual);
        let per_second = number("dingtalk_calls_per_second", CALLS_PER_SECOND);
        if per_second > 0 && !self.within_second(grant.app, operation, now, per_second) {
            let text =
                format!("服务端流量控制: 1 秒内最多 {per_second} 次, at most {per_second} calls in a second");
            return Err(Fault::new(Code::AppFast, text));
        }
        let per_month = number("dingtalk_calls_per_month", CALLS_PER_MONTH);
        // The vendor's list of what it does not count names tokens, sign-in, contacts, roles and parts of the roster (§8.3).
        let counted = OPERATIONS.iter().any(|info| info.metered && info.name == operation);
        if counted && per_month > 0 {
            let month = shanghai().to_datetime(now).strftime("%Y-%m").to_string();
            if !grant.workforce.tally("face/dingtalk/calls", &month, per_month).await? {
                let text =
                    format!("本月 API 调用次数已用完: the {per_month} calls of this month are used up");
                return Err(Fault::new(Code::Month, text));
            }
        }
        Ok(())
    }
}

impl Limits {
    /// Counts a call in its second.
    fn within_second(&self, app: Id, operation: &'static str, now: Timestamp, limit: u64) -> bool {
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let place = seconds.entry((app, operation)).or_default();
        if place.0 != now.as_second() {
            *place = (now.as_second(), 0);
        }
        // What is refused is not counted.
        let free = place.1 < limit;
        place.1 += u64::from(free);
        free
    }
}

/// Whether an app has a permission; one without a list has all.
pub(super) fn has_scope(grant: &Grant, scope: &str) -> bool {
    let granted = grant.settings["dingtalk_scopes"].as_array();
    granted.is_none_or(|granted| granted.iter().any(|known| known == scope))
}

fn permitted(grant: &Grant, operation: &str) -> Result<(), Fault> {
    let fits = |name: &str| if name.ends_with('.') { operation.starts_with(name) } else { operation == name };
    match SCOPES.iter().find(|(name, _)| fits(name)) {
        Some((_, scope)) if !has_scope(grant, scope) => Err(Fault::scope(scope)),
        _ => Ok(()),
    }
}
