//! Words sent to somebody through a vendor's app.

use serde::{Deserialize, Serialize};

use crate::{
    Entity, Id, Instant, Keys, Kind, LocalDate, Personal,
    entity::{id_key, keys},
};

/// A message to one person, shown by a vendor's app. Sent once: a changed notice is another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// To whom.
    pub employee: Id,
    /// What it says.
    pub text: Personal<String>,
    /// Where a touch on it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it is to be shown; none for at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Instant>,
}

impl Entity for Notice {
    const KIND: Kind = Kind::Notice;

    fn keys(&self) -> Keys {
        keys([id_key(Some(self.employee))])
    }

    fn date(&self) -> Option<LocalDate> {
        self.send_at.map(Instant::date)
    }
}
