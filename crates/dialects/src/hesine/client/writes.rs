//! What the hub does at Hesine: decides, pushes orders and results of payments, writes vouchers back.
//!
//! An order pushed twice is one order, a document paid twice is answered as paid, and of a voucher the last number counts,
//! so these may be sent again. A decision may not: it is looked for in the document's log.

use tongshi_dialect::{CallError, PushError, Pushed, Seen, Target, Write};
use tongshi_model::{
    AccountingEntry, Action, Approval, Booking, EntryStatus, Error, ExpenseClaim, Id, Kind, PaymentState,
    TaskStatus, TravelRequest,
};

use super::Connection;
use crate::hesine::{
    map,
    wire::{self, Fault},
};

/// Rows in one call; the vendor gives no figure.
const ROWS: usize = 50;

/// The codes that a payment's result is answered with, in words.
const RESULTS: &[(&str, &str)] = &[
    ("R00001", "there is no such document"),
    ("R00003", "the document is not being paid"),
    ("R00004", "the document is paid through another channel"),
    ("R00005", "the code of the result is not known"),
    ("R00006", "the request is not valid"),
];

/// How many writes go in one call. Decisions go alone: each has its own words.
pub(super) fn batch_of(target: Target, action: Action) -> usize {
    match (target, action) {
        (Target::Record(Kind::Booking), _) => ROWS,
        (Target::Record(Kind::ExpenseClaim), Action::Pay) => ROWS,
        _ => 1,
    }
}

/// Whether the same write may be sent again.
pub(super) fn is_repeatable(target: Target, action: Action) -> bool {
    matches!(
        (target, action),
        (Target::Record(Kind::Booking | Kind::AccountingEntry), _)
            | (Target::Record(Kind::ExpenseClaim), Action::Pay)
    )
}

/// A decision to be taken at the vendor.
struct Wanted {
    flow: String,
    approver: String,
    name: &'static str,
}

impl Connection {
    pub(super) async fn push_writes(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let Some(first) = writes.first() else { return Ok(Vec::new()) };
        match (first.target(), first.action) {
            (Target::Record(Kind::Booking), _) => self.push_orders(writes).await,
            (Target::Record(Kind::ExpenseClaim), Action::Pay) => self.push_payments(writes).await,
            (Target::Record(Kind::AccountingEntry), _) => {
                let mut pushed = Vec::with_capacity(writes.len());
                for write in writes {
                    pushed.push(self.push_voucher(write).await?);
                }
                Ok(pushed)
            }
            (_, Action::Approve | Action::Reject) => {
                let mut pushed = Vec::with_capacity(writes.len());
                for write in writes {
                    pushed.push(self.push_decision(write).await?);
                }
                Ok(pushed)
            }
            (other, action) => Err(Error::internal(format!("Hesine takes no {action} of {other}")).into()),
        }
    }

    async fn push_orders(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let mut data = Vec::with_capacity(writes.len());
        for write in writes {
            let mut booking: Booking = write.read()?;
            let request = booking.request.and_then(|request| write.remote(request));
            // A trip's name at the vendor holds its request's.
            booking.leg = match (booking.leg, request) {
                (Some(leg), _) if leg.contains('-') => Some(leg),
                (Some(leg), Some(request)) => Some(format!("{request}-{leg}")),
                (leg, _) => leg,
            };
            data.push(map::order_row(&booking, &|id: Id| write.remote(id).map(str::to_owned), None));
        }
        let taken = said(self.ask(&wire::OrderPush { data }).await)?;
        Ok(writes.iter().map(|_| taken.clone()).collect())
    }

    async fn push_payments(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let mut items = Vec::with_capacity(writes.len());
        for write in writes {
            let claim: ExpenseClaim = write.read()?;
            let failed = claim.payment.as_ref().filter(|payment| payment.state.value == PaymentState::Failed);
            items.push(wire::PaymentResult {
                id: write.remote_id.clone(),
                code: Some(if failed.is_some() { "P00002" } else { "P00001" }.to_owned()),
                error_msg: failed.and_then(|payment| payment.reason.clone()),
            });
        }
        let body = self.ask(&wire::PaymentResults { items }).await?;
        let answer: wire::Listed<wire::PaymentResult> = serde_json::from_slice(&body).map_err(|error| {
            PushError::unsure(Error::upstream("the results cannot be read").caused_by(error))
        })?;
        let mut rows = answer.items.into_iter();
        let pushed = writes.iter().map(|write| match rows.next() {
            Some(row) if row.id == write.remote_id => match row.code.as_deref() {
                // Paid before is paid.
                Some("R00000" | "R00002") => Pushed::Taken { remote_id: None },
                Some(code) => Pushed::Refused(
                    RESULTS
                        .iter()
                        .find(|(known, _)| *known == code)
                        .map_or("the result was refused", |(_, words)| words)
                        .to_owned(),
                ),
                None => Pushed::Unsure,
            },
            _ => Pushed::Unsure,
        });
        Ok(pushed.collect())
    }

    async fn push_voucher(&self, write: &Write) -> Result<Pushed, PushError> {
        let entry: AccountingEntry = write.read()?;
        let Some(flow) = entry.claim.and_then(|claim| write.remote(claim)) else {
            return Ok(refused("Hesine does not know the claim behind the entry"));
        };
        let at = entry.date.map_or_else(|| map::millis(self.clock.now()), map::day_millis);
        let number = if entry.status.value == EntryStatus::Voided { String::new() } else { entry.number };
        let voucher = wire::Voucher {
            flow_id: flow.to_owned(),
            voucher_no: Some(number),
            voucher_create_time: Some(at.to_string()),
            fiscal_period: map::filled(Some(entry.period)),
        };
        said(self.ask(&wire::VoucherWrite { voucher: vec![voucher] }).await)
    }

    async fn push_decision(&self, write: &Write) -> Result<Pushed, PushError> {
        let Some(wanted) = wanted(write)? else {
            return Ok(refused("the record does not say who is to decide, or Hesine does not know them"));
        };
        let text = |name: &str| write.fields[name].as_str().map(str::to_owned);
        let reject = write.action == Action::Reject;
        let ask = wire::Decide {
            flow_ids: wire::Bracketed(vec![wanted.flow.clone()]),
            message_code: Some("debug".to_owned()),
            power_code: Some(wire::AUDIT_POWER.to_owned()),
            approve_id: wanted.approver.clone(),
            action: wire::Decision {
                name: wanted.name.to_owned(),
                comment: text("comment").or_else(|| text("reason")),
                reject_to: None,
                resubmit_method: reject.then(|| "FROM_START".to_owned()),
            },
        };
        match said(self.ask(&ask).await)? {
            Pushed::Taken { .. } => {}
            other => return Ok(other),
        }
        // The answer came before it was done: what became of it is asked for (§2.5).
        let ask = wire::DecisionResult {
            approve_id: wanted.approver,
            power_code: Some(wire::AUDIT_POWER.to_owned()),
        };
        let body = self.ask(&ask).await.map_err(|error| PushError::unsure(error.into()))?;
        let result: Result<wire::Valued<wire::Progress>, _> = serde_json::from_slice(&body);
        let Ok(wire::Valued { value: result }) = result else { return Ok(Pushed::Unsure) };
        let error = result.error_msg.into_iter().flatten().find(|error| error.flow_id == wanted.flow);
        Ok(match error {
            Some(error) => refused(&tongshi_model::masked(&error.msg)),
            None if result.success > 0 && result.residue == 0 => Pushed::Taken { remote_id: None },
            None => Pushed::Unsure,
        })
    }

    /// Looks for decisions in the logs of their documents, and for the rest in the documents.
    pub(super) async fn see_writes(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        let mut seen = Vec::with_capacity(writes.len());
        for write in writes {
            seen.push(match write.action {
                Action::Approve | Action::Reject => self.see_decision(write).await?,
                _ => Seen::Unknown,
            });
        }
        Ok(seen)
    }

    async fn see_decision(&self, write: &Write) -> Result<Seen, Error> {
        let Some(wanted) = wanted(write)? else { return Ok(Seen::Unknown) };
        let body = match self.ask(&wire::FlowGet { flow_id: wanted.flow }).await {
            Ok(body) => body,
            Err(CallError::Fault { fault, .. }) if fault.code == 412 => return Ok(Seen::Absent),
            Err(error) => return Err(error.into()),
        };
        let read: wire::Valued<wire::Flow> = serde_json::from_slice(&body)
            .map_err(|error| Error::upstream("the document cannot be read").caused_by(error))?;
        let flow = read.value;
        let by = |log: &&wire::FlowLog| {
            log.action == wanted.name && log.operator_id.as_deref() == Some(&wanted.approver)
        };
        let waits = flow
            .actions
            .get(&wanted.approver)
            .is_some_and(|can| can.iter().any(|word| word == "freeflow.agree"));
        Ok(match (waits, flow.logs.iter().rfind(by)) {
            // Whoever is asked has not answered this time, whatever they answered before.
            (true, _) => Seen::Absent,
            (false, Some(_)) => Seen::There { remote_id: None },
            (false, None) => Seen::Differs("somebody else decided".to_owned()),
        })
    }
}

/// Which document, and who decides: whoever is asked.
fn wanted(write: &Write) -> Result<Option<Wanted>, Error> {
    let approver = match write.target() {
        Target::Record(Kind::TravelRequest) => write.read::<TravelRequest>()?.approver,
        Target::Record(Kind::ExpenseClaim) => write.read::<ExpenseClaim>()?.approver,
        Target::Record(Kind::Approval) => {
            let approval: Approval = write.read()?;
            let running = approval.tasks.into_iter().find(|task| task.status.value == TaskStatus::Running);
            running.and_then(|task| task.approvers.into_iter().next())
        }
        _ => None,
    };
    let name = if write.action == Action::Approve { "freeflow.agree" } else { "freeflow.reject" };
    let approver = approver.and_then(|approver| write.remote(approver)).map(str::to_owned);
    Ok(write.remote_id.clone().zip(approver).map(|(flow, approver)| Wanted { flow, approver, name }))
}

fn refused(why: &str) -> Pushed {
    Pushed::Refused(why.to_owned())
}

/// A refusal of what was sent is the row's affair; any other failure is the call's.
fn said<T>(outcome: Result<T, CallError<Fault>>) -> Result<Pushed, PushError> {
    match outcome {
        Ok(_) => Ok(Pushed::Taken { remote_id: None }),
        Err(CallError::Fault { fault, .. }) if matches!(fault.code, 400 | 412) => {
            Ok(refused(&tongshi_model::masked(&fault.text)))
        }
        Err(error) => Err(error.into()),
    }
}
