//! An approval as the two hosts show it.

use tongshi_model::{Approval, FormField, Instant};

use super::{
    super::attendance::time_text, Course, Deed, Turn, fields, minute_text, old_status_word, result_word,
    show_value, status_word, value_text,
};
use crate::dingtalk::wire::approval::{
    Instance, OldFormValue, OldInstance, OldOperationRecord, OldTask, OperationRecord, Task,
};

/// What the vendor's call says of an approval that is not in the record.
pub(in crate::dingtalk) struct Shown<'a> {
    pub(in crate::dingtalk) id: &'a str,
    pub(in crate::dingtalk) approval: &'a Approval,
    pub(in crate::dingtalk) course: &'a Course,
    pub(in crate::dingtalk) originator: Option<&'a str>,
    pub(in crate::dingtalk) dept_id: Option<i64>,
    pub(in crate::dingtalk) dept_name: Option<&'a str>,
}

impl Shown<'_> {
    fn finished(&self) -> Option<Instant> {
        let over = status_word(self.approval.status.value) != "RUNNING";
        self.approval.updated_at.filter(|_| over)
    }

    fn title(&self) -> String {
        let title = self.approval.title.clone().unwrap_or_else(|| "审批".to_owned());
        match &self.approval.applicant_name {
            Some(name) if !title.contains(name.expose().as_str()) => {
                format!("{}提交的{title}", name.expose())
            }
            _ => title,
        }
    }

    fn originator(&self) -> String {
        self.originator.unwrap_or_default().to_owned()
    }

    fn approvers(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for userid in self.course.steps.iter().flat_map(|step| &step.userids) {
            if !all.contains(userid) {
                all.push(userid.clone());
            }
        }
        all
    }

    /// An approval as the new host shows it.
    pub(in crate::dingtalk) fn instance(&self) -> Instance {
        let approval = self.approval;
        let started = approval.submitted_at.map(|at| OperationRecord {
            user_id: Some(self.originator()),
            date: Some(minute_text(at)),
            r#type: Some("START_PROCESS_INSTANCE".to_owned()),
            result: Some("NONE".to_owned()),
            ..OperationRecord::default()
        });
        let deed = |deed: &Deed| OperationRecord {
            user_id: Some(deed.userid.clone()),
            date: Some(minute_text(deed.at)),
            r#type: Some(deed.operation.clone()),
            result: Some(deed.result.clone()),
            remark: deed.remark.clone(),
            ..OperationRecord::default()
        };
        let task = |turn: Turn| Task {
            task_id: Some(turn.number),
            user_id: Some(turn.userid),
            status: Some(turn.state.word().to_owned()),
            result: Some(turn.result.to_owned()),
            create_time: approval.submitted_at.map(minute_text),
            finish_time: turn.finished.map(minute_text),
            process_instance_id: Some(self.id.to_owned()),
            activity_id: Some(format!("step_{}", turn.step + 1)),
            ..Task::default()
        };
        Instance {
            title: Some(self.title()),
            create_time: approval.submitted_at.map(minute_text),
            finish_time: self.finished().map(minute_text),
            originator_user_id: Some(self.originator()),
            originator_dept_id: self.dept_id.map(|id| id.to_string()),
            originator_dept_name: self.dept_name.map(str::to_owned),
            status: Some(status_word(approval.status.value).to_owned()),
            result: Some(result_word(approval.status.value, approval.result).to_owned()),
            business_id: Some(approval.number.clone()),
            approver_user_ids: self.approvers(),
            cc_user_ids: self.course.cc.clone(),
            operation_records: started.into_iter().chain(self.course.done.iter().map(deed)).collect(),
            tasks: self.course.turns(self.id, approval).into_iter().map(task).collect(),
            biz_action: Some("NONE".to_owned()),
            form_component_values: fields(approval).map(|(index, field)| show_value(index, field)).collect(),
            ..Instance::default()
        }
    }

    /// An approval as the old host shows it.
    pub(in crate::dingtalk) fn old_instance(&self) -> OldInstance {
        let approval = self.approval;
        let started = approval.submitted_at.map(|at| OldOperationRecord {
            userid: Some(self.originator()),
            date: Some(time_text(at)),
            operation_type: Some("START_PROCESS_INSTANCE".to_owned()),
            operation_result: Some("NONE".to_owned()),
            remark: None,
        });
        let deed = |deed: &Deed| OldOperationRecord {
            userid: Some(deed.userid.clone()),
            date: Some(time_text(deed.at)),
            operation_type: Some(deed.operation.clone()),
            operation_result: Some(deed.result.clone()),
            remark: deed.remark.clone(),
        };
        let task = |turn: Turn| OldTask {
            taskid: Some(turn.number.to_string()),
            userid: Some(turn.userid),
            task_status: Some(turn.state.word().to_owned()),
            task_result: Some(turn.result.to_owned()),
            create_time: approval.submitted_at.map(time_text),
            finish_time: turn.finished.map(time_text),
            activity_id: Some(format!("step_{}", turn.step + 1)),
            url: None,
        };
        let value = |(_, field): (usize, &FormField)| OldFormValue {
            name: Some(field.name.clone()),
            value: Some(value_text(field.value.expose())),
            ext_value: None,
        };
        OldInstance {
            title: Some(self.title()),
            create_time: approval.submitted_at.map(time_text),
            finish_time: self.finished().map(time_text),
            originator_userid: Some(self.originator()),
            originator_dept_id: self.dept_id.map(|id| id.to_string()),
            originator_dept_name: self.dept_name.map(str::to_owned),
            status: Some(old_status_word(approval.status.value).to_owned()),
            result: Some(result_word(approval.status.value, approval.result).to_owned()),
            business_id: Some(approval.number.clone()),
            approver_userids: self.approvers(),
            cc_userids: self.course.cc.clone(),
            operation_records: started.into_iter().chain(self.course.done.iter().map(deed)).collect(),
            tasks: self.course.turns(self.id, approval).into_iter().map(task).collect(),
            biz_action: Some("NONE".to_owned()),
            attached_process_instance_ids: Vec::new(),
            form_component_values: fields(approval).map(value).collect(),
        }
    }
}
