//! Whom the documented contract lets in: how often, and whose data an app may see, by its setting `data_level`. The documented contract knows no levels: what it shows is the
//! company's. An app that may see less is not let in there, or its level would hold on one road only.

use std::{num::NonZeroU32, time::Duration};

use async_trait::async_trait;
use serde_json::Value;
use tongshi_dialect::{AuthFault, Gate, Grant, Quota};
use tongshi_model::Timestamp;

use crate::hesine::wire::{Fault, Hesine};

/// Questions about bills in a second (§2.1); of other calls the vendor names no number.
const BILLS_PER_SECOND: NonZeroU32 = NonZeroU32::new(5).expect("not zero");

/// Everybody's data.
pub(super) const COMPANY: &str = "company";

/// The app's level: the company where nothing is set, and nothing known where it is no word.
pub(super) fn level_of(grant: &Grant) -> &str {
    match grant.settings.get("data_level") {
        None | Some(Value::Null) => COMPANY,
        Some(level) => level.as_str().unwrap_or_default(),
    }
}

/// Refuses an app that may not see the whole company.
pub(super) fn sees_all(grant: &Grant) -> Result<(), Fault> {
    if level_of(grant) == COMPANY {
        Ok(())
    } else {
        Err(Fault::new(403, "应用的数据权限级别不能使用此接口"))
    }
}

/// The documented contract's gate.
pub(super) struct Whole;

#[async_trait]
impl Gate<Hesine> for Whole {
    async fn admit(&self, grant: &Grant, operation: &'static str, _now: Timestamp) -> Result<(), Fault> {
        sees_all(grant)?;
        if operation.starts_with("bill.") {
            let quota = Quota::new(BILLS_PER_SECOND, Duration::from_secs(1));
            let taken = grant.within("hesine.bills", quota);
            taken.map_err(|wait| AuthFault::Blocked(wait.seconds()))?;
        }
        Ok(())
    }
}
