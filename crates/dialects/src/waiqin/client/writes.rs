//! What the hub does at Waiqin: adds and changes people, adds units, sends messages to people's apps.
//!
//! A change sent twice is one change. Of the rest the vendor shows people and units, so that after a doubt it can be
//! asked; of a message it shows nothing.

use tongshi_dialect::{CallError, PushError, Pushed, Seen, Target, Write, lenient::Text};
use tongshi_model::{Action, Employee, Error, Kind, Notice, OrgUnit};

use super::{Connection, Digest, Fault, Signs, listings, map, wire};
use crate::waiqin::wire::Code;

/// People to whom one message goes in one call (§B3).
const RECEIVERS_MAX: usize = 200;

/// The longest message that is shown; what is longer is cut by the vendor (§B3).
const CONTENT_CHARS_MAX: usize = 128;

impl Connection {
    /// Whether the same write may be sent again.
    pub(super) fn may_repeat(target: Target, action: Action) -> bool {
        target == Target::Record(Kind::Employee) && action == Action::Update
    }

    pub(super) fn batch_of(target: Target) -> usize {
        if target == Target::Record(Kind::Notice) { RECEIVERS_MAX } else { 1 }
    }

    pub(super) async fn push_writes(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let [first, ..] = writes else { return Ok(Vec::new()) };
        if first.target() == Target::Record(Kind::Notice) {
            return self.push_notices(writes).await;
        }
        // One at a time, so that no failure comes after an effect.
        let [write] = writes else {
            return Err(Error::internal("Waiqin takes people and units one at a time").into());
        };
        let pushed = match (write.target(), write.action) {
            (Target::Record(Kind::Employee), Action::Create) => self.add(write, &write.read()?).await?,
            (Target::Record(Kind::Employee), Action::Update) => self.modify(write, &write.read()?).await?,
            (Target::Record(Kind::OrgUnit), Action::Create) => self.add_unit(write, &write.read()?).await?,
            (target, action) => {
                return Err(Error::internal(format!("Waiqin takes no {target}:{action}")).into());
            }
        };
        Ok(vec![pushed])
    }

    async fn add(&self, write: &Write, employee: &Employee) -> Result<Pushed, PushError> {
        if employee.employee_no.as_ref().is_none_or(String::is_empty) {
            return Ok(refused("the employee has no number, by which Waiqin knows people of others"));
        }
        let row = map::write_employee(employee, |id| write.remote(id));
        let ask = wire::EmployeeAdd { stamp: self.stamp(), row };
        let key = Signs::<Digest>::key(self).await?;
        said(self.client.call(&ask, &key).await, |answer| answer.data.id)
    }

    async fn modify(&self, write: &Write, employee: &Employee) -> Result<Pushed, PushError> {
        let Some(id) = &write.remote_id else { return Ok(refused("Waiqin does not know the employee")) };
        let row = map::write_employee(employee, |id| write.remote(id));
        let row = wire::EmployeeRow { id: Some(id.clone()), ..row };
        let ask = wire::EmployeeModify { stamp: self.stamp(), row };
        let key = Signs::<Digest>::key(self).await?;
        said(self.client.call(&ask, &key).await, |answer| answer.data.id)
    }

    async fn add_unit(&self, write: &Write, unit: &OrgUnit) -> Result<Pushed, PushError> {
        let Some(code) = unit.code.clone().filter(|code| !code.is_empty()) else {
            return Ok(refused("the unit has no code, by which Waiqin knows units of others"));
        };
        let parent = match unit.parent.map(|parent| write.remote(parent)) {
            Some(None) => return Ok(refused("Waiqin does not know the unit above")),
            Some(Some(parent)) => parent.to_owned(),
            None => String::new(),
        };
        let ask = wire::OrganizationAdd {
            stamp: self.stamp(),
            org_id: Some(code),
            org_name: Some(unit.name.clone()),
            org_parent_id: Some(parent),
            org_sequence: unit.order.map(|order| order.to_string()),
        };
        let key = Signs::<Digest>::key(self).await?;
        said(self.client.call(&ask, &key).await, |answer| answer.data.id)
    }

    /// Many people may get one message in one call. Writes that do not say the same are refused together before anything
    /// is sent: then the hub halves the batch until they do.
    async fn push_notices(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let notices: Vec<Notice> = writes.iter().map(Write::read).collect::<Result<_, _>>()?;
        let receivers: Vec<Option<&str>> =
            writes.iter().zip(&notices).map(|(write, notice)| write.remote(notice.employee)).collect();
        let [first, ..] = &*notices else { return Ok(Vec::new()) };
        let same = |notice: &Notice| {
            (&notice.text, &notice.url, notice.send_at) == (&first.text, &first.url, first.send_at)
        };
        let known: Option<Vec<Text>> = receivers.iter().map(|id| Some(Text((*id)?.to_owned()))).collect();
        let Some(user_id) = known.filter(|_| notices.iter().all(same)) else {
            if writes.len() > 1 {
                return Err(Error::invalid("batch", "these messages do not go in one call").into());
            }
            return Ok(vec![refused("Waiqin does not know the person")]);
        };
        if first.text.expose().chars().count() > CONTENT_CHARS_MAX {
            let why = format!("a message of more than {CONTENT_CHARS_MAX} characters would be cut");
            return Ok(vec![Pushed::Refused(why); writes.len()]);
        }
        let ask = wire::PushOne {
            stamp: self.stamp(),
            user_id,
            linkman_id: Vec::new(),
            send_time: first.send_at.map(|at| at.format("%Y-%m-%d %H:%M:%S")),
            content: Some(first.text.expose().clone()),
            url: first.url.clone(),
        };
        let key = Signs::<Digest>::key(self).await?;
        match self.client.call(&ask, &key).await {
            Ok(_) => Ok(vec![Pushed::Taken { remote_id: None }; writes.len()]),
            // Of one receiver it is the row's affair; of several, whose it is must be found.
            Err(error) if writes.len() == 1 => Ok(vec![said(Err::<(), _>(error), |()| None)?]),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for each what the vendor has of it.
    pub(super) async fn see_writes(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        let mut seen = Vec::with_capacity(writes.len());
        for write in writes {
            seen.push(match write.target() {
                Target::Record(Kind::Employee) => self.see_employee(write, &write.read()?).await?,
                Target::Record(Kind::OrgUnit) => self.see_unit(&write.read()?).await?,
                _ => Seen::Unknown,
            });
        }
        Ok(seen)
    }

    async fn see_employee(&self, write: &Write, employee: &Employee) -> Result<Seen, Error> {
        let by_number = employee.employee_no.clone().filter(|_| write.remote_id.is_none());
        let ask = wire::EmployeeQuery {
            stamp: self.stamp(),
            id: write.remote_id.clone(),
            emp_id: by_number,
            ..wire::EmployeeQuery::default()
        };
        if ask.id.is_none() && ask.emp_id.is_none() {
            return Ok(Seen::Unknown);
        }
        let key = Signs::<Digest>::key(self).await?;
        let rows = self.client.call(&ask, &key).await?.data;
        let told = map::write_employee(employee, |id| write.remote(id));
        Ok(match &*rows {
            [] => Seen::Absent,
            [shown] => match &*map::differing(&told, shown) {
                [] => Seen::There { remote_id: shown.id.clone() },
                fields => Seen::Differs(fields.join(", ")),
            },
            _ => Seen::Unknown,
        })
    }

    async fn see_unit(&self, unit: &OrgUnit) -> Result<Seen, Error> {
        let ask = wire::OrganizationQuery { stamp: self.stamp(), org_status: Some("1".to_owned()) };
        let mut found = Vec::new();
        for row in listings::cut(&self.ask(&ask).await?)?.rows {
            let shown: wire::OrganizationRow =
                serde_json::from_str(&row.raw).map_err(|_| Error::upstream("a unit is not as documented"))?;
            if shown.org_id.or(shown.org_code) == unit.code {
                found.push((row.remote_id, shown.org_name));
            }
        }
        Ok(match &*found {
            [] => Seen::Absent,
            [(id, name)] if name.as_deref() == Some(&*unit.name) => {
                Seen::There { remote_id: Some(id.clone()) }
            }
            [_] => Seen::Differs("org_name".to_owned()),
            _ => Seen::Unknown,
        })
    }
}

fn refused(why: &str) -> Pushed {
    Pushed::Refused(why.to_owned())
}

/// A refusal of what was sent is the row's affair; any other failure is the call's. The vendor's one number for a
/// failure says which it is as little as numbers that we do not know (§6 of the ambiguities): the row's, then.
fn said<T>(
    outcome: Result<T, CallError<Fault>>,
    remote_id: impl FnOnce(T) -> Option<String>,
) -> Result<Pushed, PushError> {
    match outcome {
        Ok(answer) => Ok(Pushed::Taken { remote_id: remote_id(answer).filter(|id| !id.is_empty()) }),
        Err(CallError::Fault { fault, status, .. })
            if status < 500
                && matches!(
                    fault.code,
                    Code::Request | Code::NoRecord | Code::Conflict | Code::Failed | Code::Other(_)
                ) =>
        {
            Ok(Pushed::Refused(fault.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
