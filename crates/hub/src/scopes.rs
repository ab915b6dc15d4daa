//! What an app may see and do, and whether one set of scopes holds another.

use serde::{Deserialize, Serialize};
use tongshi_model::{Action, Error, Kind, Sensitivity};
use tongshi_store::App;

/// Under this name punches stand beside the kinds.
pub(crate) const PUNCH: &str = "punch";

/// Rules in one list of scopes.
const RULES_MAX: usize = 256;

/// What an app may see and do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scopes {
    /// The most private fields that it may see.
    pub sensitivity: Sensitivity,
    /// Whether it may write.
    pub write: bool,
    /// The kinds that it may see; none for all.
    pub kinds: Option<Vec<Kind>>,
    /// Whether it may see punches, which are no kind; none for: only where it may see all kinds.
    pub punches: Option<bool>,
    /// What it may do where it may write, as `kind:action`, `kind:*` or `*:action` (`punch` counts as a kind); none
    /// for all.
    pub actions: Option<Vec<String>>,
    /// The operations of faces that it may call, by name or prefix with `*`; none for all.
    pub operations: Option<Vec<String>>,
    /// Whether it may administrate: apps, connections, the audit trail. It can give away no more than it holds.
    pub admin: bool,
}

impl Default for Scopes {
    fn default() -> Self {
        Self {
            sensitivity: Sensitivity::Contact,
            write: false,
            kinds: None,
            punches: None,
            actions: None,
            operations: None,
            admin: false,
        }
    }
}

impl Scopes {
    /// Everything.
    pub fn all() -> Self {
        Self { sensitivity: Sensitivity::Restricted, write: true, admin: true, ..Self::default() }
    }

    /// Whether the app may see this kind at all. A kind that says nothing without its restricted fields is not there
    /// for those who may not see them.
    pub fn sees(&self, kind: Kind) -> bool {
        self.sensitivity >= kind.floor() && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Whether the app may see punches.
    pub fn sees_punches(&self) -> bool {
        self.punches.unwrap_or(self.kinds.is_none())
    }

    /// Whether the app may see what goes by this name, a kind's or `punch`.
    pub fn sees_name(&self, name: &str) -> bool {
        if name == PUNCH { self.sees_punches() } else { name.parse().is_ok_and(|kind| self.sees(kind)) }
    }

    /// Refuses who may not see punches.
    pub fn may_see_punches(&self) -> Result<(), Error> {
        if self.sees_punches() { Ok(()) } else { Err(Error::forbidden("the app may not see punches")) }
    }

    /// Refuses a filter by a field that the app may not see: whether something is found would tell its value.
    pub fn may_filter(&self, kind: Kind, field: &str) -> Result<(), Error> {
        // A field of a field is as private as the whole.
        let whole = field.split('.').next().unwrap_or(field);
        if kind.sensitivity(whole) > self.sensitivity {
            return Err(Error::forbidden(format!("the app may not see {whole}")));
        }
        Ok(())
    }

    /// Whether the app may do this to things of this kind (its name, or `punch`).
    pub fn may(&self, kind: &str, action: Action) -> bool {
        let allows = |rule: &String| {
            rule.split_once(':')
                .is_some_and(|(of, what)| (of == "*" || of == kind) && (what == "*" || what == action.name()))
        };
        self.write && self.actions.as_ref().is_none_or(|rules| rules.iter().any(allows))
    }

    /// Whether everything that the others allow is allowed by these, too.
    pub fn hold(&self, others: &Scopes) -> bool {
        let kinds = Kind::ALL.iter().all(|kind| self.sees(*kind) || !others.sees(*kind));
        let punches = self.sees_punches() || !others.sees_punches();
        let actions = !others.write || held(self.actions.as_ref(), others.actions.as_ref(), action_within);
        let operations = held(self.operations.as_ref(), others.operations.as_ref(), operation_within);
        self.sensitivity >= others.sensitivity
            && (self.write || !others.write)
            && (self.admin || !others.admin)
            && kinds
            && punches
            && actions
            && operations
    }

    /// Refuses scopes that would never be what their reader thinks.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let lengths = [self.kinds.as_ref().map(Vec::len), self.actions.as_ref().map(Vec::len)];
        let lengths = lengths.into_iter().chain([self.operations.as_ref().map(Vec::len)]).flatten();
        if lengths.max().unwrap_or_default() > RULES_MAX {
            return Err(Error::invalid("scopes", format!("a list of scopes has at most {RULES_MAX} rules")));
        }
        if self.sensitivity == Sensitivity::Secret {
            return Err(Error::invalid(
                "sensitivity",
                "credentials are served to nobody; restricted is the most",
            ));
        }
        for rule in self.actions.iter().flatten() {
            let known = rule.split_once(':').is_some_and(|(of, what)| {
                let kind = of == "*" || of == PUNCH || Kind::ALL.iter().any(|kind| kind.name() == of);
                kind && (what == "*" || Action::ALL.iter().any(|action| action.name() == what))
            });
            if !known {
                return Err(Error::invalid(
                    "actions",
                    "an action is written kind:action, such as approval:approve, punch:create, approval:* or *:update",
                ));
            }
        }
        Ok(())
    }
}

/// Whether each rule of the second list lies within one of the first; no list is everything.
fn held(own: Option<&Vec<String>>, others: Option<&Vec<String>>, within: fn(&str, &str) -> bool) -> bool {
    match (own, others) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(own), Some(others)) => others.iter().all(|rule| own.iter().any(|wide| within(wide, rule))),
    }
}

fn action_within(wide: &str, narrow: &str) -> bool {
    let (Some(wide), Some(narrow)) = (wide.split_once(':'), narrow.split_once(':')) else { return false };
    (wide.0 == "*" || wide.0 == narrow.0) && (wide.1 == "*" || wide.1 == narrow.1)
}

fn operation_within(wide: &str, narrow: &str) -> bool {
    match wide.strip_suffix('*') {
        Some(prefix) => narrow.starts_with(prefix),
        None => wide == narrow,
    }
}

/// The scopes of a stored app.
pub(crate) fn scopes_of(app: &App) -> Result<Scopes, Error> {
    serde_json::from_value(app.scopes.clone()).map_err(|error| {
        Error::internal(format!("the scopes of app {} cannot be read", app.id)).caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scopes(value: serde_json::Value) -> Scopes {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn scopes_that_were_stored_before_are_read() {
        let old =
            scopes(json!({"sensitivity": "contact", "write": false, "kinds": null, "operations": null}));
        assert_eq!(old, Scopes::default());
        assert!(old.sees_punches() && !old.sees(Kind::SalaryItem) && old.sees(Kind::Employee));
        assert!(!scopes(json!({"kinds": ["employee"]})).sees_punches(), "a list of kinds is closed");
        assert!(scopes(json!({"kinds": [], "punches": true})).sees_name("punch"));
        assert!(!scopes(json!({"punches": false})).sees_name("punch"));
        assert!(Scopes::all().sees(Kind::SalaryItem));
    }

    #[test]
    fn nobody_holds_more_than_they_hold() {
        assert!(Scopes::all().hold(&Scopes::all()) && Scopes::all().hold(&Scopes::default()));
        let own = scopes(json!({
            "sensitivity": "personal", "write": true, "admin": true, "kinds": ["approval", "employee"],
            "actions": ["approval:*", "*:create"], "operations": ["employee.*"],
        }));
        let held = |change: serde_json::Value| {
            let mut other = json!({"kinds": ["approval"], "operations": ["employee.get"]});
            other.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
            own.hold(&scopes(other))
        };
        assert!(held(json!({})));
        assert!(held(json!({"admin": true, "sensitivity": "personal"})));
        assert!(held(json!({"write": true, "actions": ["approval:approve", "punch:create"]})));
        for more in [
            json!({"sensitivity": "restricted"}),
            json!({"kinds": null}),
            json!({"kinds": ["visit"]}),
            json!({"punches": true}),
            json!({"write": true}),
            json!({"write": true, "actions": ["employee:update"]}),
            json!({"operations": null}),
            json!({"operations": ["employee*"]}),
        ] {
            assert!(!held(more.clone()), "{more}");
        }
        assert!(!Scopes { admin: false, ..Scopes::all() }.hold(&Scopes::all()));
    }

    #[test]
    fn rules_are_checked_when_they_are_given() {
        scopes(json!({"actions": ["approval:approve", "punch:create", "*:*"]})).check().unwrap();
        for bad in ["approval", "approvals:approve", "approval:nod", ":"] {
            assert!(scopes(json!({"actions": [bad]})).check().is_err(), "{bad}");
        }
        assert!(scopes(json!({"sensitivity": "secret"})).check().is_err());
    }
}
