//! What the hub does at the vendor: feeds people, nominates, decides, redeems.
//!
//! The feed may be sent again. Of the rest nothing is known to be repeatable, unless the connection says that idempotency
//! keys are heeded: then the write's own id is the key.

use tongshi_dialect::{CallError, PushError, Pushed, Seen, Target, Write, WriteBody};
use tongshi_model::{Action, Employee, Error, Kind, Recognition, Redemption};

use super::{Connection, map, wire};
use crate::workhuman::wire::{Code, Fault};

/// People in one call of the feed.
pub(super) const FED_TOGETHER: usize = 100;

impl Connection {
    pub(super) async fn push_writes(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        if writes.first().is_some_and(|write| write.target() == Target::Record(Kind::Employee)) {
            return self.push_people(writes).await;
        }
        let mut pushed = Vec::with_capacity(writes.len());
        for write in writes {
            pushed.push(match (write.target(), write.action) {
                (Target::Record(Kind::Recognition), Action::Create) => self.push_nomination(write).await?,
                (Target::Record(Kind::Redemption), Action::Create) => self.push_redemption(write).await?,
                (Target::Record(kind), action) => self.push_decision(write, kind, action).await?,
                (Target::Punch, _) => return Err(Error::internal("Workhuman takes no punches").into()),
            });
        }
        Ok(pushed)
    }

    async fn push_people(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let mut pushed = vec![refused("the employee has no number"); writes.len()];
        let (mut places, mut users) = (Vec::with_capacity(writes.len()), Vec::with_capacity(writes.len()));
        for (place, write) in writes.iter().enumerate() {
            let employee: Employee = write.read()?;
            if employee.employee_no.is_some() {
                places.push(place);
                users.push(map::feed_user(&employee, write.action == Action::Delete));
            }
        }
        if users.is_empty() {
            return Ok(pushed);
        }
        let mut results = self.answer(&wire::UserFeed { users }).await?.results.into_iter();
        for place in places {
            pushed[place] = match results.next() {
                Some(row) if matches!(&*row.result, "created" | "updated" | "unchanged") => {
                    Pushed::Taken { remote_id: row.id }
                }
                Some(row) => refused(&row.reason.unwrap_or_else(|| "refused without a reason".to_owned())),
                None => Pushed::Unsure,
            };
        }
        Ok(pushed)
    }

    fn once(&self, write: &Write) -> Option<String> {
        self.idempotency.then(|| write.id.to_string())
    }

    async fn push_nomination(&self, write: &Write) -> Result<Pushed, PushError> {
        let recognition: Recognition = write.read()?;
        // The vendor's id of somebody, else their number, which our own face takes too.
        let named = |id| write.remote(id).or(write.key(id)).map(str::to_owned);
        let Some(recipient) = named(recognition.receiver) else {
            return Ok(refused("the vendor does not know the recipient"));
        };
        let nominator = match recognition.giver {
            Some(giver) => match named(giver) {
                Some(nominator) => Some(nominator),
                None => return Ok(refused("the vendor does not know the nominator")),
            },
            None => None,
        };
        let call = wire::RecognitionCreate {
            recipient_id: Some(recipient),
            nominator_id: nominator.filter(|_| self.extensions),
            award_level: Some(recognition.level),
            company_value: recognition.value,
            title: recognition.title.filter(|_| self.extensions),
            message: Some(recognition.message.into_inner()),
            points: Some(recognition.points.into()),
            visibility: Some(recognition.visibility.value.name().to_owned()),
            idempotency_key: self.once(write),
        };
        said(self.answer(&call).await.map(|made| made.id))
    }

    async fn push_redemption(&self, write: &Write) -> Result<Pushed, PushError> {
        let redemption: Redemption = write.read()?;
        let Some(item) = write.remote(redemption.item) else {
            return Ok(refused("the vendor does not know the reward"));
        };
        let employee = write.remote(redemption.employee).or(write.key(redemption.employee));
        let Some(employee) = employee else { return Ok(refused("the vendor does not know the employee")) };
        let call = wire::RewardRedeem {
            item_id: Some(item.to_owned()),
            employee_id: Some(employee.to_owned()),
            quantity: Some(redemption.quantity.into()),
            idempotency_key: self.once(write),
        };
        said(self.answer(&call).await.map(|made| made.id))
    }

    async fn push_decision(&self, write: &Write, kind: Kind, action: Action) -> Result<Pushed, PushError> {
        let Some(id) = write.remote_id.clone() else { return Ok(refused("the vendor does not know it")) };
        let reason = ["reason", "comment"].iter().find_map(|name| write.fields[*name].as_str());
        let reason = reason.map(str::to_owned);
        let word = decision(kind, action);
        let word = word.ok_or_else(|| Error::internal(format!("Workhuman takes no {kind}:{action}")))?;
        let decision = word.to_owned();
        match kind {
            Kind::Recognition => {
                let call = wire::RecognitionDecide { id, decision, reason };
                said(self.answer(&call).await.map(|shown| shown.id))
            }
            _ => said(self.answer(&wire::RedemptionDecide { id, decision }).await.map(|shown| shown.id)),
        }
    }

    /// Looks for what was sent. A nomination whose answer was lost has no id to be looked for by.
    pub(super) async fn see_writes(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        let mut seen = Vec::with_capacity(writes.len());
        for write in writes {
            let WriteBody::Record { kind, .. } = &write.body else {
                seen.push(Seen::Unknown);
                continue;
            };
            seen.push(match kind {
                Kind::Employee if self.extensions => self.see_person(write).await?,
                Kind::Recognition | Kind::Redemption => self.see_thing(write, *kind).await?,
                _ => Seen::Unknown,
            });
        }
        Ok(seen)
    }

    async fn see_person(&self, write: &Write) -> Result<Seen, Error> {
        let employee: Employee = write.read()?;
        let Some(number) = employee.employee_no.clone() else { return Ok(Seen::Unknown) };
        let sent = map::feed_user(&employee, write.action == Action::Delete);
        let shown = match self.answer(&wire::UserGet { id: Some(number) }).await {
            Ok(shown) => shown,
            Err(CallError::Fault { fault, .. }) if fault.code == Code::NotFound => return Ok(Seen::Absent),
            Err(error) => return Err(error.into()),
        };
        let fields = [
            ("displayName", sent.display_name, shown.display_name),
            ("email", sent.email, shown.email),
            ("job_title", sent.job_title, shown.job_title),
            ("hire_date", sent.hire_date, shown.hire_date),
            ("status", sent.status, shown.status),
        ];
        let differ: Vec<&str> = fields
            .into_iter()
            .filter(|(_, sent, shown)| sent.is_some() && sent != shown)
            .map(|(name, ..)| name)
            .collect();
        Ok(if differ.is_empty() {
            Seen::There { remote_id: shown.id }
        } else {
            Seen::Differs(differ.join(", "))
        })
    }

    async fn see_thing(&self, write: &Write, kind: Kind) -> Result<Seen, Error> {
        let Some(id) = write.remote_id.clone() else { return Ok(Seen::Unknown) };
        let asked = Some(id.clone());
        let status = match kind {
            Kind::Recognition => {
                self.answer(&wire::RecognitionGet { id: asked }).await.map(|shown| shown.status)
            }
            _ if !self.extensions => return Ok(Seen::Unknown),
            _ => self.answer(&wire::RedemptionGet { id: asked }).await.map(|shown| shown.status),
        };
        let status = match status {
            Ok(status) => status.unwrap_or_default(),
            Err(CallError::Fault { fault, .. }) if fault.code == Code::NotFound => return Ok(Seen::Absent),
            Err(error) => return Err(error.into()),
        };
        let reached: &[&str] = match write.action {
            Action::Approve => &["approved", "delivered"],
            Action::Reject => &["declined"],
            Action::Revoke => &["revoked"],
            Action::Deliver => &["delivered"],
            Action::Cancel => &["cancelled"],
            // Whatever has become of it since, it was made.
            _ => return Ok(Seen::There { remote_id: Some(id) }),
        };
        let there = reached.contains(&&*status);
        Ok(if there { Seen::There { remote_id: Some(id) } } else { Seen::Differs("status".to_owned()) })
    }
}

fn decision(kind: Kind, action: Action) -> Option<&'static str> {
    match (kind, action) {
        (Kind::Recognition, Action::Approve) => Some("approve"),
        (Kind::Recognition, Action::Reject) => Some("decline"),
        (Kind::Recognition, Action::Revoke) => Some("revoke"),
        (Kind::Redemption, Action::Deliver) => Some("deliver"),
        (Kind::Redemption, Action::Cancel) => Some("cancel"),
        _ => None,
    }
}

fn refused(why: &str) -> Pushed {
    Pushed::Refused(why.to_owned())
}

/// A refusal of what was sent is the row's affair; any other failure is the call's.
fn said(outcome: Result<Option<String>, CallError<Fault>>) -> Result<Pushed, PushError> {
    match outcome {
        Ok(remote_id) => Ok(Pushed::Taken { remote_id }),
        Err(CallError::Fault { fault, .. })
            if matches!(
                fault.code,
                Code::Request
                    | Code::NotFound
                    | Code::Fields
                    | Code::Budget
                    | Code::Points
                    | Code::Stock
                    | Code::State
                    | Code::Reused
            ) =>
        {
            Ok(refused(&fault.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
