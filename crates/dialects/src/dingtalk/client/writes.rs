//! What the hub does at DingTalk: sends punches in, tells attendance of leaves and trips that were decided elsewhere, and
//! asks for, decides, ends and remarks on approvals.
//!
//! Punches are not written unless an administrator switches them on for the connection (`writes_off`). Each carries a
//! device and on whose behalf it is sent, there are so many in a minute (setting `punches_per_minute`), and each write is
//! in the audit trail.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tongshi_dialect::{CallError, PushError, Pushed, Seen, Target, Write, WriteBody};
use tongshi_model::{
    Action, Approval, Error, ErrorKind, Instant, Kind, Punch, PunchSource, TimelineEntry, shanghai,
};

use super::{
    Code, Connection, Fault,
    approval::is_gone,
    attendance::{approve_id, leave_id},
    map::{
        approval::send_form,
        attendance::{Told, bounds, leave_name, sort_of, time_text, within_half_year},
    },
    wire::{
        approval::{ApprovalComment, ApprovalCreate, ApprovalExecute, ApprovalGet, ApprovalTerminate, Task},
        attendance::{ApprovalFinish, ApproveCancel, RecordList, RecordUpload, Span},
    },
};

/// Punches that are sent in a minute where the settings do not say.
const PUNCHES_PER_MINUTE: u64 = 60;
/// What a punch says of its device where it does not say itself.
const DEVICE: &str = "Tongshi";

/// How many punches were sent in the present minute.
#[derive(Default)]
pub(super) struct Sent(Mutex<(i64, u64)>);

/// Whether the same write sent twice has the effect of one: the same approve_id replaces (§5.5). Of punches the vendor
/// does not say it (§11.3), and an approval that is asked for twice is there twice.
pub(super) fn is_repeatable(target: Target) -> bool {
    target == Target::Record(Kind::TimelineEntry)
}

impl Connection {
    pub(super) async fn push_one(&self, write: &Write) -> Result<Pushed, PushError> {
        match (&write.body, write.action) {
            (WriteBody::Punch(punch), _) => self.push_punch(write, punch).await,
            (WriteBody::Record { kind: Kind::TimelineEntry, .. }, action) => {
                self.push_entry(write, &write.read()?, action).await
            }
            (WriteBody::Record { kind: Kind::Approval, .. }, Action::Create) => {
                self.push_approval(write, &write.read()?).await
            }
            (WriteBody::Record { kind: Kind::Approval, .. }, action) => {
                self.push_deed(write, &write.read()?, action).await
            }
            (WriteBody::Record { kind, .. }, _) => {
                Err(Error::internal(format!("DingTalk takes no {kind}")).into())
            }
        }
    }

    async fn push_punch(&self, write: &Write, punch: &Punch) -> Result<Pushed, PushError> {
        let Some(userid) = write.remote(punch.employee) else {
            return Ok(refused("DingTalk does not know the person"));
        };
        let now = self.clock.now();
        if !within_half_year(punch.at.timestamp(), now) {
            return Ok(refused("DingTalk takes punches of the last 180 days only"));
        }
        // A punch whose origin nobody knows is not handed on as if it came from a machine.
        if matches!(punch.source, PunchSource::Unknown | PunchSource::Other) {
            return Ok(refused("it is not known how the punch was made, so it is not sent to DingTalk"));
        }
        self.sent.take(
            now.as_second(),
            self.settings["punches_per_minute"].as_u64().unwrap_or(PUNCHES_PER_MINUTE),
        )?;
        let own = |name: &str| {
            let detail = punch.detail.as_ref().and_then(|detail| detail.get(name)).and_then(Value::as_str);
            detail.or_else(|| self.settings[name].as_str()).map(str::to_owned)
        };
        let device = own("device_name").unwrap_or_else(|| DEVICE.to_owned());
        let call = RecordUpload {
            userid: Some(userid.to_owned()),
            device_name: Some(format!("{device} ({})", write.actor)),
            device_id: Some(own("device_id").unwrap_or_else(|| self.space.connection.to_string())),
            user_check_time: Some(punch.at.timestamp().as_millisecond()),
            photo_url: None,
        };
        said(self.ask(&call).await, None)
    }

    /// A leave, a trip, an errand or overtime. Its name at the vendor is made of whose it is and when it begins, which is
    /// also what a leave is called when it is read.
    async fn push_entry(
        &self,
        write: &Write,
        entry: &TimelineEntry,
        action: Action,
    ) -> Result<Pushed, PushError> {
        let Some(userid) = write.remote(entry.employee) else {
            return Ok(refused("DingTalk does not know the person"));
        };
        let (start, _) = bounds(entry);
        let name =
            write.remote_id.clone().unwrap_or_else(|| leave_id(userid, start.timestamp().as_millisecond()));
        let approve_id = Some(approve_id(&name));
        let userid = Some(userid.to_owned());
        if action == Action::Delete {
            return said(self.ask(&ApproveCancel { userid, approve_id }).await, None);
        }
        let (unit, from_time, to_time) = Told::of(entry);
        let (biz_type, tag_name) = sort_of(entry.kind.value);
        let span = Span {
            biz_type: Some(biz_type),
            from_time: Some(from_time),
            to_time: Some(to_time),
            duration_unit: Some(unit.word().to_owned()),
            calculate_model: Some(self.settings["calculate_model"].as_i64().unwrap_or(1)),
            leave_code: None,
        };
        let call = ApprovalFinish {
            user_id: userid,
            top_calculate_approve_duration_param: Some(span),
            tag_name: Some(tag_name.to_owned()),
            sub_type: (biz_type == 3).then(|| leave_name(entry).to_owned()),
            approve_id,
            ..ApprovalFinish::default()
        };
        said(self.ask(&call).await, Some(name))
    }

    async fn push_approval(&self, write: &Write, approval: &Approval) -> Result<Pushed, PushError> {
        let applicant = approval.applicant.and_then(|applicant| write.remote(applicant));
        let Some(applicant) = applicant else {
            return Ok(refused("DingTalk does not know the applicant"));
        };
        let forms = self.forms();
        let own = approval
            .category
            .vendor_value
            .as_deref()
            .filter(|code| forms.iter().any(|(known, _)| known == code));
        let fits = forms.iter().find(|(_, category)| *category == approval.category.value);
        let Some(code) = own.or_else(|| fits.map(|(code, _)| code.as_str())) else {
            return Ok(refused("no form of DingTalk's is about this; name one in the setting process_codes"));
        };
        let call = ApprovalCreate {
            originator_user_id: Some(applicant.to_owned()),
            process_code: Some(code.to_owned()),
            // The root; what the form's own flow makes of it is the vendor's affair.
            dept_id: Some(self.settings["dept_id"].as_i64().unwrap_or(-1)),
            form_component_values: send_form(approval),
            request_id: Some(write.id.to_string()),
            ..ApprovalCreate::default()
        };
        match self.ask(&call).await {
            Ok(made) if made.instance_id.is_none() => Ok(Pushed::Unsure),
            Ok(made) => Ok(Pushed::Taken { remote_id: made.instance_id }),
            Err(error) => said::<()>(Err(error), None),
        }
    }

    /// Decides, ends or remarks. Decided is only what waits for the operator: nobody else's word is given for them.
    async fn push_deed(
        &self,
        write: &Write,
        approval: &Approval,
        action: Action,
    ) -> Result<Pushed, PushError> {
        let Some(id) = write.remote_id.clone() else {
            return Ok(refused("DingTalk does not know the approval"));
        };
        let Some(operator) = self.operator() else {
            return Ok(refused("the connection names no operator; set operator to a userid"));
        };
        let remark =
            ["comment", "reason"].iter().find_map(|name| write.fields[*name].as_str()).map(str::to_owned);
        let process_instance_id = Some(id);
        match action {
            Action::Approve | Action::Reject => {
                let Some(task) = self.task(&process_instance_id, &operator).await? else {
                    return Ok(refused("nothing in this approval waits for the operator"));
                };
                let call = ApprovalExecute {
                    process_instance_id,
                    task_id: task.task_id,
                    actioner_user_id: Some(operator),
                    result: Some(if action == Action::Approve { "agree" } else { "refuse" }.to_owned()),
                    remark,
                };
                said(self.ask(&call).await, None)
            }
            Action::Withdraw | Action::Cancel => {
                let applicant =
                    approval.applicant.and_then(|applicant| write.remote(applicant)).map(str::to_owned);
                let by = if action == Action::Withdraw { applicant } else { Some(operator) };
                let call = ApprovalTerminate {
                    process_instance_id,
                    is_system: Some(by.is_none()),
                    operating_user_id: by,
                    remark,
                };
                said(self.ask(&call).await, None)
            }
            Action::Comment => {
                let Some(text) = remark else { return Ok(refused("a remark has no text")) };
                let call = ApprovalComment {
                    process_instance_id,
                    text: Some(text),
                    comment_user_id: Some(operator),
                };
                said(self.ask(&call).await, None)
            }
            other => Ok(refused(&format!("DingTalk has no {other} for approvals"))),
        }
    }

    /// The task of an approval that waits for somebody.
    async fn task(&self, id: &Option<String>, userid: &str) -> Result<Option<Task>, PushError> {
        let answer = self.ask(&ApprovalGet { process_instance_id: id.clone() }).await;
        let instance = match answer {
            Ok(answer) => answer.result.unwrap_or_default(),
            Err(CallError::Fault { fault, .. }) if is_gone(&fault.code) => return Ok(None),
            // Nothing was decided by looking.
            Err(error) => return Err(PushError::without_effect(error.into())),
        };
        let waits = |task: &Task| {
            task.user_id.as_deref() == Some(userid) && task.status.as_deref() == Some("RUNNING")
        };
        Ok(instance.tasks.into_iter().find(waits))
    }

    /// Looks for punches. One that is not shown may only be late (§11.3), so that says nothing; the rest is not asked for.
    pub(super) async fn see_writes(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        let mut seen = vec![Seen::Unknown; writes.len()];
        for (place, write) in writes.iter().enumerate() {
            let WriteBody::Punch(punch) = &write.body else { continue };
            let Some(userid) = write.remote(punch.employee) else { continue };
            let at = Instant::new(punch.at.timestamp(), shanghai());
            let around = |seconds: i64| {
                time_text(Instant::new(at.timestamp() + jiff::SignedDuration::from_secs(seconds), shanghai()))
            };
            let ask = RecordList {
                user_ids: vec![userid.to_owned()],
                check_date_from: Some(around(-1)),
                check_date_to: Some(around(1)),
                is_i18n: Some(false),
            };
            let shown = self.ask(&ask).await?.recordresult;
            let milliseconds = at.timestamp().as_millisecond();
            if shown.iter().any(|row| row.user_check_time == Some(milliseconds)) {
                seen[place] = Seen::There { remote_id: None };
            }
        }
        Ok(seen)
    }
}

impl Sent {
    /// Takes one punch out of the minute's.
    fn take(&self, second: i64, limit: u64) -> Result<(), PushError> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = second.div_euclid(60);
        if sent.0 != minute {
            *sent = (minute, 0);
        }
        if sent.1 >= limit {
            let rest = u64::try_from(60 - second.rem_euclid(60)).unwrap_or(60);
            let wait = Some(std::time::Duration::from_secs(rest));
            let text = format!("{limit} punches were sent in this minute, and no more are");
            return Err(PushError::without_effect(Error::new(ErrorKind::Limited(wait), text)));
        }
        sent.1 += 1;
        Ok(())
    }
}

fn refused(why: &str) -> Pushed {
    Pushed::Refused(why.to_owned())
}

/// A refusal of what was sent is the row's affair; any other failure is the call's.
fn said<T>(outcome: Result<T, CallError<Fault>>, remote_id: Option<String>) -> Result<Pushed, PushError> {
    match outcome {
        Ok(_) => Ok(Pushed::Taken { remote_id }),
        Err(CallError::Fault { fault, status, .. }) if status < 500 && is_of_row(&fault.code) => {
            Ok(refused(&fault.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a fault is about what was sent: the wrong person, time or form, a state that does not allow it.
fn is_of_row(code: &Code) -> bool {
    match code {
        Code::UserId | Code::Nobody | Code::Parameter | Code::Value | Code::Time | Code::UserOutside => true,
        Code::Named(name) => {
            !matches!(name.as_str(), "systemBusy" | "system.busy" | "internalError" | "needAuth")
        }
        _ => false,
    }
}
