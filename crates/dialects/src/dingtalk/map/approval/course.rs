//! The course of an approval: who decides, one step after the other, and who has.

use tongshi_model::{Approval, ApprovalResult, ApprovalStatus, Instant};

use super::{super::attendance::numbered, status_word};

/// What is known of an approval beside its record: who decides, who gets a copy, what was said. The record has no place
/// for it; it lies among the workspace's settings.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(in crate::dingtalk) struct Course {
    /// The department that the applicant asked for.
    pub(in crate::dingtalk) dept_id: Option<i64>,
    /// Those who get a copy, by userid; the record has them by id.
    pub(in crate::dingtalk) cc: Vec<String>,
    /// Who decides, one step after the other.
    pub(in crate::dingtalk) steps: Vec<Step>,
    /// What was done, in order.
    pub(in crate::dingtalk) done: Vec<Deed>,
}

/// A step: all of these, or one of them.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(in crate::dingtalk) struct Step {
    pub(in crate::dingtalk) all: bool,
    pub(in crate::dingtalk) userids: Vec<String>,
}

/// Something that somebody did.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::dingtalk) struct Deed {
    pub(in crate::dingtalk) userid: String,
    pub(in crate::dingtalk) at: Instant,
    /// `operationType`.
    pub(in crate::dingtalk) operation: String,
    /// `operationResult`.
    pub(in crate::dingtalk) result: String,
    pub(in crate::dingtalk) remark: Option<String>,
    /// The step that it decided.
    pub(in crate::dingtalk) step: Option<usize>,
}

/// How far one person's task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dingtalk) enum TaskState {
    /// Its step has not come.
    New,
    /// To be decided.
    Running,
    /// Somebody else decided.
    Canceled,
    /// Decided.
    Completed,
}

impl TaskState {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Running => "RUNNING",
            Self::Canceled => "CANCELED",
            Self::Completed => "COMPLETED",
        }
    }
}

/// One person's part in deciding.
#[derive(Clone, Debug)]
pub(in crate::dingtalk) struct Turn {
    pub(in crate::dingtalk) number: i64,
    pub(in crate::dingtalk) step: usize,
    pub(in crate::dingtalk) userid: String,
    pub(in crate::dingtalk) state: TaskState,
    pub(in crate::dingtalk) result: &'static str,
    pub(in crate::dingtalk) finished: Option<Instant>,
}

impl Course {
    fn decided(&self, step: usize, userid: &str) -> Option<&Deed> {
        self.done.iter().find(|deed| deed.step == Some(step) && deed.userid == userid)
    }

    /// Whether a step is over: everybody has agreed who must, or somebody has refused.
    fn is_over(&self, index: usize) -> bool {
        let Some(step) = self.steps.get(index) else { return true };
        let by = |userid: &String| self.decided(index, userid);
        let refused = step.userids.iter().filter_map(by).any(|deed| deed.result != "AGREE");
        let agreed = step.userids.iter().filter(|userid| by(userid).is_some()).count();
        refused || agreed >= if step.all { step.userids.len() } else { 1.min(step.userids.len()) }
    }

    /// The step that is to be decided now.
    pub(in crate::dingtalk) fn current(&self) -> usize {
        (0..self.steps.len()).find(|index| !self.is_over(*index)).unwrap_or(self.steps.len())
    }

    /// Everybody's task.
    pub(in crate::dingtalk) fn turns(&self, instance: &str, approval: &Approval) -> Vec<Turn> {
        let current = self.current();
        let running = status_word(approval.status.value) == "RUNNING";
        let turn = |(step, userid): (usize, &String)| {
            let deed = self.decided(step, userid);
            let (state, result) = match deed {
                Some(deed) if deed.result == "AGREE" => (TaskState::Completed, "AGREE"),
                Some(_) => (TaskState::Completed, "REFUSE"),
                None if running && step == current => (TaskState::Running, "NONE"),
                None if running && step > current => (TaskState::New, "NONE"),
                None if approval.status.value == ApprovalStatus::Completed && self.done.is_empty() => {
                    // Decided where the steps are not known.
                    let agreed = approval.result == ApprovalResult::Approved;
                    (TaskState::Completed, if agreed { "AGREE" } else { "REFUSE" })
                }
                None => (TaskState::Canceled, "NONE"),
            };
            Turn {
                number: numbered(&["task", instance, &step.to_string(), userid]),
                step,
                userid: userid.clone(),
                state,
                result,
                finished: deed.map(|deed| deed.at),
            }
        };
        let all = self.steps.iter().enumerate();
        all.flat_map(|(index, step)| step.userids.iter().map(move |userid| (index, userid)))
            .map(turn)
            .collect()
    }
}
