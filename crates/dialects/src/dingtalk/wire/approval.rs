//! OA approvals on the wire (§6): the new calls, and the old ones that the vendor has archived.

use tongshi_dialect::operation;

use super::{DingTalk, Shape, loose};
use crate::dingtalk::auth::{NewToken, OldToken};

/// A new call: its token in a header.
macro_rules! new {
    ($operation:ident, $name:literal, $verb:ident $path:literal => $answer:ty $(; $constant:ident = $value:expr)*) => {
        operation! {
            impl Operation for $operation in DingTalk {
                $name, $verb $path, Documented "§6";
                NewToken => $answer, Shape::NEW; METERED = true $(; $constant = $value)*
            }
        }
    };
}

/// An archived call: its token in the query.
macro_rules! archived {
    ($operation:ident, $name:literal, $path:literal => $answer:ty $(; $constant:ident = $value:expr)*) => {
        operation! {
            impl Operation for $operation in DingTalk {
                $name, Post $path, Uncertain "§6";
                OldToken => $answer, Shape::TOPAPI; METERED = true $(; $constant = $value)*
            }
        }
    };
}

loose::fields! {
    /// Asks for an approval.
    #[serde(rename_all = "camelCase")]
    ApprovalCreate {
        originator_user_id: Option<String>,
        process_code: Option<String>,
        dept_id: Option<i64>,
        microapp_agent_id: Option<i64>,
        approvers: Vec<Approvers>,
        cc_list: Vec<String>,
        cc_position: Option<String>,
        target_select_actioners: Vec<SelectedActioner>,
        form_component_values: Vec<FormValue>,
        request_id: Option<String>,
    }
}
new!(ApprovalCreate, "approval.create", Post "/v1.0/workflow/processInstances" => Created);

loose::fields! {
    /// Who decides a step, and whether all of them or one.
    #[serde(rename_all = "camelCase")]
    Approvers { action_type: Option<String>, user_ids: Vec<String> }
}

loose::fields! {
    /// Who decides a step that the applicant fills.
    #[serde(rename_all = "camelCase")]
    SelectedActioner { actioner_key: Option<String>, actioner_user_ids: Vec<String> }
}

loose::fields! {
    /// A value of the form; what has a structure is JSON in the text.
    #[serde(rename_all = "camelCase")]
    FormValue {
        id: Option<String>,
        name: Option<String>,
        value: Option<String>,
        ext_value: Option<String>,
        biz_alias: Option<String>,
        component_type: Option<String>,
        details: Vec<FormDetail>,
    }
}

loose::fields! {
    /// A row of a table in the form.
    FormDetail { details: Vec<FormCell> }
}

loose::fields! {
    /// A cell of such a row.
    #[serde(rename_all = "camelCase")]
    FormCell { name: Option<String>, value: Option<String>, ext_value: Option<String>, id: Option<String> }
}
loose::nested!(Approvers, SelectedActioner, FormValue, FormDetail, FormCell);

loose::fields! {
    /// What a new approval is called.
    #[serde(rename_all = "camelCase")]
    Created { instance_id: Option<String> }
}

loose::fields! {
    /// One approval.
    #[serde(rename_all = "camelCase")]
    ApprovalGet { process_instance_id: Option<String> }
}
new!(ApprovalGet, "approval.get", Get "/v1.0/workflow/processInstances" => Found);

loose::fields! {
    /// It.
    Found { result: Option<Instance>, success: Option<bool> }
}

loose::fields! {
    /// An approval.
    #[serde(rename_all = "camelCase")]
    Instance {
        title: Option<String>,
        create_time: Option<String>,
        finish_time: Option<String>,
        originator_user_id: Option<String>,
        originator_dept_id: Option<String>,
        originator_dept_name: Option<String>,
        status: Option<String>,
        result: Option<String>,
        business_id: Option<String>,
        approver_user_ids: Vec<String>,
        cc_user_ids: Vec<String>,
        operation_records: Vec<OperationRecord>,
        tasks: Vec<Task>,
        biz_action: Option<String>,
        biz_data: Option<String>,
        attached_process_instance_ids: Vec<String>,
        main_process_instance_id: Option<String>,
        form_component_values: Vec<FormValue>,
    }
}

loose::fields! {
    /// Something that somebody did to it.
    #[serde(rename_all = "camelCase")]
    OperationRecord {
        user_id: Option<String>,
        date: Option<String>,
        r#type: Option<String>,
        result: Option<String>,
        remark: Option<String>,
        show_name: Option<String>,
        activity_id: Option<String>,
    }
}

loose::fields! {
    /// What somebody has to decide, or has decided.
    #[serde(rename_all = "camelCase")]
    Task {
        task_id: Option<i64>,
        user_id: Option<String>,
        status: Option<String>,
        result: Option<String>,
        create_time: Option<String>,
        finish_time: Option<String>,
        process_instance_id: Option<String>,
        activity_id: Option<String>,
        pc_url: Option<String>,
        mobile_url: Option<String>,
    }
}
loose::nested!(Instance, OperationRecord, Task);

loose::fields! {
    /// Which approvals there are of a form.
    #[serde(rename_all = "camelCase")]
    ApprovalList {
        process_code: Option<String>,
        start_time: Option<i64>,
        end_time: Option<i64>,
        next_token: Option<i64>,
        max_results: Option<i64>,
        user_ids: Vec<String>,
        statuses: Vec<String>,
    }
}
new!(ApprovalList, "approval.list", Post "/v1.0/workflow/processes/instanceIds/query" => Listed; REPEATABLE = true);

loose::fields! {
    /// A page of ids.
    Listed { result: Option<IdPage>, success: Option<bool> }
}

loose::fields! {
    /// The ids; the token is a text here and a number in the question (§6).
    #[serde(rename_all = "camelCase")]
    IdPage { list: Vec<String>, next_token: Option<String> }
}
loose::nested!(IdPage);

loose::fields! {
    /// Ends an approval before it is decided.
    #[serde(rename_all = "camelCase")]
    ApprovalTerminate {
        process_instance_id: Option<String>,
        is_system: Option<bool>,
        operating_user_id: Option<String>,
        remark: Option<String>,
    }
}
new!(ApprovalTerminate, "approval.terminate", Post "/v1.0/workflow/processInstances/terminate" => Flagged);

loose::fields! {
    /// Decides a task.
    #[serde(rename_all = "camelCase")]
    ApprovalExecute {
        process_instance_id: Option<String>,
        task_id: Option<i64>,
        actioner_user_id: Option<String>,
        result: Option<String>,
        remark: Option<String>,
    }
}
new!(ApprovalExecute, "approval.execute", Post "/v1.0/workflow/processInstances/execute" => Flagged);

loose::fields! {
    /// Remarks on an approval.
    #[serde(rename_all = "camelCase")]
    ApprovalComment {
        process_instance_id: Option<String>,
        text: Option<String>,
        comment_user_id: Option<String>,
    }
}
new!(ApprovalComment, "approval.comment", Post "/v1.0/workflow/processInstances/comments" => Flagged);

loose::fields! {
    /// Whether it was done.
    Flagged { result: Option<bool>, success: Option<bool> }
}

loose::fields! {
    /// What a form consists of.
    #[serde(rename_all = "camelCase")]
    SchemaGet { process_code: Option<String>, app_uuid: Option<String> }
}
new!(SchemaGet, "approval.schema", Get "/v1.0/workflow/forms/schemas/processCodes" => Schemed);

loose::fields! {
    /// It.
    Schemed { result: Option<Schema>, success: Option<bool> }
}

loose::fields! {
    /// A form.
    #[serde(rename_all = "camelCase")]
    Schema {
        name: Option<String>,
        memo: Option<String>,
        status: Option<String>,
        form_code: Option<String>,
        form_uuid: Option<String>,
        biz_type: Option<String>,
        creator: Option<String>,
        gmt_create: Option<String>,
        gmt_modified: Option<String>,
        schema_content: Option<SchemaContent>,
    }
}

loose::fields! {
    /// Its contents.
    SchemaContent { title: Option<String>, icon: Option<String>, items: Vec<SchemaItem> }
}

loose::fields! {
    /// A field of it.
    #[serde(rename_all = "camelCase")]
    SchemaItem { component_name: Option<String>, props: Option<SchemaProps> }
}

loose::fields! {
    /// What is known of a field.
    #[serde(rename_all = "camelCase")]
    SchemaProps { component_id: Option<String>, label: Option<String>, required: Option<bool> }
}
loose::nested!(Schema, SchemaContent, SchemaItem, SchemaProps);

loose::fields! {
    /// Asks for an approval, the old way. `approvers` and `cc_list` are texts with commas.
    OldCreate {
        agent_id: Option<i64>,
        process_code: Option<String>,
        originator_user_id: Option<String>,
        dept_id: Option<i64>,
        approvers: loose::Commas,
        approvers_v2: Vec<OldApprovers>,
        cc_list: loose::Commas,
        cc_position: Option<String>,
        form_component_values: Vec<OldFormValue>,
    }
}
archived!(OldCreate, "approval.create_old", "/topapi/processinstance/create" => OldCreated);

loose::fields! {
    /// Who decides a step.
    OldApprovers { task_action_type: Option<String>, user_ids: Vec<String> }
}

loose::fields! {
    /// A value of the form.
    OldFormValue { name: Option<String>, value: Option<String>, ext_value: Option<String> }
}
loose::nested!(OldApprovers, OldFormValue);

loose::fields! {
    /// What a new approval is called.
    OldCreated { process_instance_id: Option<String> }
}

loose::fields! {
    /// One approval, the old way.
    OldGet { process_instance_id: Option<String> }
}
archived!(OldGet, "approval.get_old", "/topapi/processinstance/get" => OldFound; REPEATABLE = true);

loose::fields! {
    /// It.
    OldFound { process_instance: Option<OldInstance> }
}

loose::fields! {
    /// An approval.
    OldInstance {
        title: Option<String>,
        create_time: Option<String>,
        finish_time: Option<String>,
        originator_userid: Option<String>,
        originator_dept_id: Option<String>,
        originator_dept_name: Option<String>,
        status: Option<String>,
        result: Option<String>,
        business_id: Option<String>,
        approver_userids: Vec<String>,
        cc_userids: Vec<String>,
        operation_records: Vec<OldOperationRecord>,
        tasks: Vec<OldTask>,
        biz_action: Option<String>,
        attached_process_instance_ids: Vec<String>,
        form_component_values: Vec<OldFormValue>,
    }
}

loose::fields! {
    /// Something that somebody did to it.
    OldOperationRecord {
        userid: Option<String>,
        date: Option<String>,
        operation_type: Option<String>,
        operation_result: Option<String>,
        remark: Option<String>,
    }
}

loose::fields! {
    /// What somebody has to decide, or has decided.
    OldTask {
        taskid: Option<String>,
        userid: Option<String>,
        task_status: Option<String>,
        task_result: Option<String>,
        create_time: Option<String>,
        finish_time: Option<String>,
        activity_id: Option<String>,
        url: Option<String>,
    }
}
loose::nested!(OldInstance, OldOperationRecord, OldTask);

loose::fields! {
    /// Which approvals there are of a form, the old way.
    OldList {
        process_code: Option<String>,
        start_time: Option<i64>,
        end_time: Option<i64>,
        size: Option<i64>,
        cursor: Option<i64>,
        userid_list: loose::Commas,
    }
}
archived!(OldList, "approval.list_old", "/topapi/processinstance/listids" => OldListed; REPEATABLE = true);

loose::fields! {
    /// A page of ids.
    OldListed { result: Option<OldIdPage> }
}

loose::fields! {
    /// The ids; at the end there is no next cursor.
    OldIdPage { list: Vec<String>, next_cursor: Option<i64> }
}
loose::nested!(OldIdPage);

/// A call whose fields lie in one field `request`.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(bound(
    deserialize = "Option<T>: loose::Loose",
    serialize = "T: serde::Serialize, Option<T>: loose::Loose"
))]
pub(crate) struct Requested<T> {
    #[serde(default, deserialize_with = "loose::take", skip_serializing_if = "loose::nothing")]
    pub(crate) request: Option<T>,
}

loose::fields! {
    /// Ends an approval before it is decided.
    Terminating {
        process_instance_id: Option<String>,
        is_system: Option<bool>,
        operating_userid: Option<String>,
        remark: Option<String>,
    }
}

/// Ends an approval, the old way.
pub(crate) type OldTerminate = Requested<Terminating>;
archived!(OldTerminate, "approval.terminate_old", "/topapi/process/instance/terminate" => OldFlagged);

loose::fields! {
    /// Decides a task.
    Executing {
        process_instance_id: Option<String>,
        task_id: Option<i64>,
        actioner_userid: Option<String>,
        result: Option<String>,
        remark: Option<String>,
    }
}

/// Decides a task, the old way.
pub(crate) type OldExecute = Requested<Executing>;
archived!(OldExecute, "approval.execute_old", "/topapi/process/instance/execute" => OldFlagged);

loose::fields! {
    /// Remarks on an approval.
    Commenting { process_instance_id: Option<String>, comment_userid: Option<String>, text: Option<String> }
}

/// Remarks on an approval, the old way.
pub(crate) type OldComment = Requested<Commenting>;
archived!(OldComment, "approval.comment_old", "/topapi/process/instance/comment/add" => OldFlagged);
loose::nested!(Terminating, Executing, Commenting);

loose::fields! {
    /// Whether it was done.
    OldFlagged { result: Option<bool>, success: Option<bool> }
}
