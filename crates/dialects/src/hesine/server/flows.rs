//! Documents: made, changed, handed in, taken back, deleted, remarked on.

use std::sync::Arc;

use serde_json::{Map, Value};
use tongshi_dialect::{Announcement, Caller, Workforce};
use tongshi_model::{Action, Draft, Employee, FormField, FormSection, Id, Kind, OrgUnit, SpendStatus};

use super::{
    TRIES_MAX, busy,
    case::{Case, Deed, Loaded, load},
    delegates, live,
    memory::Memory,
    names, now, own_id, payees,
};
use crate::hesine::{
    map::{self, Doc, Form, FormType},
    wire::{self, Commented, Fault, FlowWritten, Plan, PlanNode, Valued},
};

/// A tree of departments deeper than this is a circle.
const DEPTH_MAX: usize = 32;

/// Said of a submitter who is not there or has left.
const NOBODY: &str = "提交人参数不合法，请检查该员工是否已离职";

/// What every form has, each with what people call it.
const NEEDED: [(&str, &str); 3] =
    [("title", "标题"), ("submitterId", "提交人"), ("specificationId", "单据模板")];

/// The longest title and number that are taken.
const TEXT_CHARS_MAX: usize = 200;

pub(super) async fn create(
    caller: Caller,
    ask: wire::FlowCreate,
    memory: Arc<Memory>,
) -> Result<FlowWritten, Fault> {
    let workforce = caller.workforce()?;
    if ask.form.is_empty() {
        return Err(Fault::request("输入存在错误: - 缺少Action参数"));
    }
    let Form { mut doc, further } = read(&caller, &ask.form).await?;
    let outer = match &doc {
        Doc::Request(request) => request.external_no.clone(),
        Doc::Claim(claim) => claim.external_no.clone(),
    };
    if let Some(outer) = &outer
        && !super::lists::by_outer(workforce, outer).await?.is_empty()
    {
        return Err(Fault::request("外部系统单据编号outerCode已存在单据，不允许重复，请检查"));
    }
    let at = now(&caller);
    let serial = format!("{}/{}", caller.now.as_nanosecond(), memory.serial());
    let key = match &outer {
        Some(outer) => Id::of(&["hesine.outer", outer]),
        None => Id::of(&["hesine.flow", &serial, &Value::Object(ask.form.clone()).to_string()]),
    };
    doc.set_number(number(&doc, key, at));
    let mut approval = doc.new_approval();
    approval.form = section(further);
    let mut case = Case { doc, approval: Some(approval), version: 1 };
    if ask.is_commit.as_deref() == Some("true") {
        let approvers = planned(&caller, &case.doc).await?;
        case.submit(&approvers, &Deed::by(Some(case.doc.owner()), at))?;
    }
    // The approval first: a document never names one that is not there.
    if let Some(approval) = &case.approval {
        let saved = workforce.save(vec![(format!("approval/{key}"), Draft::of(approval)?)]).await?;
        case.doc.set_approval(*saved.first().ok_or_else(busy)?);
    }
    let saved = workforce.save(vec![(format!("flow/{key}"), case.doc.draft()?)]).await?;
    written(&caller, *saved.first().ok_or_else(busy)?, None).await
}

pub(super) async fn update(caller: Caller, ask: wire::FlowUpdate) -> Result<FlowWritten, Fault> {
    let workforce = caller.workforce()?;
    let editor = ask.editor_id.as_deref().and_then(map::id_in);
    for _ in 0..TRIES_MAX {
        let mut loaded = one(workforce, &ask.flow_id.0).await?;
        let state = loaded.case.doc.state();
        let changeable =
            [SpendStatus::Draft, SpendStatus::Rejected, SpendStatus::Approving, SpendStatus::Paying];
        if !changeable.contains(&state) {
            return Err(Fault::request("当前状态的单据不可修改"));
        }
        // While it is decided about only whoever is asked changes it, and they did where nobody is named.
        let usual = match state {
            SpendStatus::Approving => loaded.case.doc.approver(),
            _ => Some(loaded.case.doc.owner()),
        };
        if state == SpendStatus::Approving && ask.editor_id.is_some() {
            let delegated = match editor {
                Some(editor) => delegates::in_force(&caller, editor).await?.of(loaded.case.doc.form_type()),
                None => Vec::new(),
            };
            let deed = Deed { stands_for: &delegated, ..Deed::by(editor, now(&caller)) };
            loaded.case.asked(&deed).map_err(|_| forbidden())?;
        }
        let form = merged(&caller, &loaded, &ask)?;
        let Form { mut doc, further } = read(&caller, &form).await?;
        if doc.kind() != loaded.case.doc.kind() {
            return Err(Fault::request("不可更换单据类型"));
        }
        if doc.owner() != loaded.case.doc.owner() {
            return Err(forbidden());
        }
        doc.keep_of(&loaded.case.doc);
        loaded.case.doc = doc;
        if let Some(approval) = &mut loaded.case.approval {
            approval.form = section(further);
        }
        loaded.case.edited(&Deed::by(editor.or(usual), now(&caller)));
        if workforce.replace(loaded.replaced(Action::Update)?).await? {
            return written(&caller, loaded.record.id, Some(loaded)).await;
        }
    }
    Err(busy())
}

/// Said to whoever may not change a document, or not in this way.
fn forbidden() -> Fault {
    Fault::new(403, "您没有权限执行此操作")
}

/// The form as it is to be: what is given alone, or over what is there.
fn merged(caller: &Caller, loaded: &Loaded, ask: &wire::FlowUpdate) -> Result<Map<String, Value>, Fault> {
    match ask.edit_flag.as_deref().unwrap_or("cover") {
        "increment" => {
            let approval = loaded.case.approval.as_ref();
            let mut form = map::show_form(&names(caller), &loaded.record, &loaded.case.doc, approval);
            form.extend(ask.form.clone());
            Ok(form)
        }
        "cover" => {
            for (field, label) in NEEDED {
                if map::text_of(&ask.form, field).is_none() {
                    return Err(Fault::precondition(format!("请填写 \"{label}\" 字段")));
                }
            }
            Ok(ask.form.clone())
        }
        _ => Err(Fault::request("editFlag 为 cover 或 increment")),
    }
}

pub(super) async fn submit(caller: Caller, ask: wire::FlowSubmit) -> Result<FlowWritten, Fault> {
    let mut chosen = Vec::new();
    for node in &ask.nodes {
        let signers = node.counter_signers.iter().map(|signer| &signer.signer_id);
        // Several who sign together are asked one after another.
        for id in node.approver_id.iter().chain(signers) {
            let found = live(caller.workforce()?, Kind::Employee, id).await?;
            let place = chosen.len() + 1;
            let found = found.ok_or_else(|| {
                Fault::request(format!(
                    "openapi单据数据提交，审批节点[审批{place}]，设置的人员没有审批权限，请核对审批流模板配置。"
                ))
            })?;
            chosen.push(found.id);
        }
    }
    let workforce = caller.workforce()?;
    let comment = ask.urgent_reason.as_deref().filter(|_| ask.is_urgent == Some(true));
    let mut answer = None;
    for _ in 0..TRIES_MAX {
        let mut loaded = one(workforce, &ask.flow_id).await?;
        let approvers =
            if chosen.is_empty() { planned(&caller, &loaded.case.doc).await? } else { chosen.clone() };
        let actor = Some(loaded.case.doc.owner());
        let deed = Deed { comment, ..Deed::by(actor, now(&caller)) };
        loaded.case.submit(&approvers, &deed)?;
        if workforce.replace(loaded.replaced(Action::Submit)?).await? {
            answer = Some(written(&caller, loaded.record.id, Some(loaded)).await?);
            break;
        }
    }
    let mut answer = answer.ok_or_else(busy)?;
    // The vendor answers while it still counts budgets (§2.4).
    "pending".clone_into(&mut answer.flow.state);
    Ok(answer)
}

pub(super) async fn plan(caller: Caller, ask: wire::FlowPlan) -> Result<Valued<Plan>, Fault> {
    let names = names(&caller);
    let loaded = one(caller.workforce()?, &ask.flow_id.0).await?;
    if !matches!(loaded.case.doc.state(), SpendStatus::Draft | SpendStatus::Rejected) {
        return Err(Fault::precondition("您没有权限获取该单据的流程实例"));
    }
    let node = |(place, approver): (usize, Id)| PlanNode {
        config_node_id: format!("@@:{}", place + 1),
        name: format!("审批{}", place + 1),
        skipped_type: "NO_SKIPPED".to_owned(),
        agree_type: "NO_AUTO_AGREE".to_owned(),
        kind: "normal".to_owned(),
        all_staffs: true,
        staff_ids: Some(vec![names.id(approver)]),
        ..PlanNode::default()
    };
    let node = planned(&caller, &loaded.case.doc).await?.into_iter().enumerate().map(node).collect();
    let (id, owner) = (loaded.record.id.to_string(), names.id(loaded.case.doc.owner()));
    Ok(Valued {
        value: Plan {
            flow_id: id.clone(),
            // Who decides follows from people and departments, not from a plan for each template.
            flow_plan_config_id: format!("tongshi0plan:{}", loaded.case.doc.form_type()),
            id,
            node,
            task_id: "SUBMIT".to_owned(),
            owner_id: owner.clone(),
            submitter_id: owner,
            from_start_node: !loaded.case.returns(),
            corporation_id: Some(names.corporation),
        },
    })
}

pub(super) async fn act(caller: Caller, ask: wire::FlowAct) -> Result<FlowWritten, Fault> {
    let by = |loaded: &Loaded| Deed::by(Some(loaded.case.doc.owner()), now(&caller));
    match &*ask.action {
        "retract" => {
            change(&caller, &ask.flow_id.0, Action::Withdraw, |loaded| {
                let deed = by(loaded);
                loaded.case.retract(&deed)
            })
            .await
        }
        "alter" => {
            change(&caller, &ask.flow_id.0, Action::Update, |loaded| {
                let deed = by(loaded);
                loaded.case.alter(&deed)
            })
            .await
        }
        "delete" => {
            let workforce = caller.workforce()?;
            for _ in 0..TRIES_MAX {
                let loaded = one(workforce, &ask.flow_id.0).await?;
                if !matches!(loaded.case.doc.state(), SpendStatus::Draft | SpendStatus::Rejected) {
                    return Err(forbidden());
                }
                if workforce.replace(loaded.removed()).await? {
                    let mut answer = shown(&caller, &loaded).await?;
                    answer.flow.active = false;
                    return Ok(answer);
                }
            }
            Err(busy())
        }
        _ => Err(Fault::request("action 为 retract、delete 或 alter")),
    }
}

pub(super) async fn comment(caller: Caller, ask: wire::FlowComment) -> Result<Commented, Fault> {
    if ask.name != "freeflow.comment" {
        return Err(Fault::precondition("JSON请求参数不正确"));
    }
    if ask.params.comment.trim().is_empty() {
        return Err(Fault::precondition("评论内容不能为空"));
    }
    let workforce = caller.workforce()?;
    let staff = ask.staff_id.as_deref().filter(|staff| !staff.is_empty());
    let staff = staff.ok_or_else(|| Fault::request("staffId不能为空!!!"))?;
    let staff = live(workforce, Kind::Employee, staff).await?;
    let staff = staff.ok_or_else(|| Fault::request("staffId不存在"))?.id;
    let comment = Some(ask.params.comment.as_str());
    let written = change(&caller, &ask.flow_id.0, Action::Comment, |loaded| {
        loaded.case.comment(&Deed { comment, ..Deed::by(Some(staff), now(&caller)) });
        Ok(())
    })
    .await?;
    if let Some(record) = map::id_in(&written.flow.id) {
        let key = format!("comment/{record}/{}", written.flow.logs.len());
        workforce.announce(Announcement { topic: super::messages::COMMENTED, record, key }).await?;
    }
    Ok(Commented { id: "评论成功".to_owned() })
}

/// Changes a document, once for all who ask at the same time: what somebody else changed meanwhile is read again.
pub(super) async fn change(
    caller: &Caller,
    id: &str,
    action: Action,
    deed: impl Fn(&mut Loaded) -> Result<(), Fault>,
) -> Result<FlowWritten, Fault> {
    let workforce = caller.workforce()?;
    for _ in 0..TRIES_MAX {
        let mut loaded = one(workforce, id).await?;
        deed(&mut loaded)?;
        if workforce.replace(loaded.replaced(action)?).await? {
            return written(caller, loaded.record.id, Some(loaded)).await;
        }
    }
    Err(busy())
}

/// One document with its approval.
pub(super) async fn one(workforce: &dyn Workforce, id: &str) -> Result<Loaded, Fault> {
    let id = map::id_in(id).ok_or_else(missing)?;
    if let Some(loaded) = load(workforce, &[id]).await?.pop().flatten() {
        return Ok(loaded);
    }
    let gone = workforce.many(&[id]).await?.into_iter().flatten().any(|record| record.deleted);
    Err(if gone { removed() } else { missing() })
}

/// Said of a document that is not there.
pub(super) fn missing() -> Fault {
    Fault::precondition("单据不存在")
}

/// Said of a document that was deleted.
pub(super) fn removed() -> Fault {
    Fault::precondition("单据已删除")
}

/// A document as a write shows it: as it was just stored, or read again.
async fn written(caller: &Caller, id: Id, stored: Option<Loaded>) -> Result<FlowWritten, Fault> {
    let loaded = match stored {
        Some(mut loaded) => {
            loaded.record.version += 1;
            loaded.record.changed_at = caller.now;
            loaded
        }
        None => load(caller.workforce()?, &[id]).await?.pop().flatten().ok_or_else(missing)?,
    };
    shown(caller, &loaded).await
}

async fn shown(caller: &Caller, loaded: &Loaded) -> Result<FlowWritten, Fault> {
    Ok(FlowWritten { value: "".into(), kind: -1, flow: super::lists::show(caller, loaded).await? })
}

/// Reads a form and sees to it that what it names is there.
async fn read(caller: &Caller, form: &Map<String, Value>) -> Result<Form, Fault> {
    let title = map::text_of(form, "title")
        .ok_or_else(|| Fault::request("'title'字段[标题]字段为必填，值不能为空"))?;
    let outer = map::text_of(form, "outerCode").unwrap_or_default();
    if title.chars().count() > TEXT_CHARS_MAX || outer.chars().count() > TEXT_CHARS_MAX {
        return Err(Fault::request(format!("标题和 outerCode 最多 {TEXT_CHARS_MAX} 个字符")));
    }
    if map::text_of(form, "submitterId").and_then(|id| map::id_in(&id)).is_none() {
        return Err(Fault::request(NOBODY));
    }
    let mut read = map::read_form(form_type(caller, form)?, form, &own_id)?;
    let mut wanted = vec![(Kind::Employee, read.doc.owner())];
    wanted.extend(read.doc.org_unit().map(|unit| (Kind::OrgUnit, unit)));
    match &mut read.doc {
        Doc::Request(request) => {
            wanted.extend(request.travellers.iter().map(|person| (Kind::Employee, *person)));
            for leg in &mut request.legs {
                // A trip that was handed in before has its request's id before its own.
                leg.id = leg.id.rsplit('-').next().unwrap_or_default().to_owned();
            }
        }
        Doc::Claim(claim) => {
            if let Some(account) = map::text_of(form, "payeeId") {
                claim.payee = payees::named_by(caller.workforce()?, &account).await?.map(Into::into);
            }
            wanted.extend(claim.request.map(|request| (Kind::TravelRequest, request)));
            let bookings = claim.lines.iter().flat_map(|line| &line.bookings);
            wanted.extend(bookings.map(|booking| (Kind::Booking, *booking)));
        }
    }
    let ids: Vec<Id> = wanted.iter().map(|(_, id)| *id).collect();
    let found = caller.workforce()?.many(&ids).await?;
    for (place, ((kind, _), record)) in wanted.iter().zip(&found).enumerate() {
        let record = record.as_ref().filter(|record| record.kind == *kind && !record.deleted);
        let Some(record) = record else {
            return Err(Fault::request(match kind {
                Kind::Employee if place == 0 => NOBODY,
                Kind::Employee => "出行人不存在",
                Kind::OrgUnit => "部门不存在",
                Kind::TravelRequest => "关联的申请单不存在",
                _ => "关联的订单不存在",
            }));
        };
        if place == 0 {
            let owner: Employee = record.read()?;
            if !map::is_active(&owner) {
                return Err(Fault::request(NOBODY));
            }
            // Whoever names no department means the submitter's own.
            if read.doc.org_unit().is_none() {
                read.doc.set_org_unit(owner.org_unit);
            }
        }
    }
    Ok(read)
}

/// Which sort a form is, by its template: ours, one that the app's settings name, or by what it holds.
fn form_type(caller: &Caller, form: &Map<String, Value>) -> Result<FormType, Fault> {
    let template = map::text_of(form, "specificationId").ok_or_else(|| Fault::request("单据模板不存在"))?;
    match sort_of(caller, &template) {
        Some(sort) => Ok(sort),
        None if form.contains_key("u_行程规划") => Ok(FormType::Requisition),
        None if form.contains_key("details") => Ok(FormType::Expense),
        None => Err(Fault::request("单据模板不存在")),
    }
}

/// The sort that a template is for: ours, or one that the app's settings name.
pub(super) fn sort_of(caller: &Caller, template: &str) -> Option<FormType> {
    let template = template.split(':').next().unwrap_or_default();
    let settings = caller.grant.as_deref().map(|grant| &grant.settings);
    let named = settings.and_then(|settings| settings["specifications"][template].as_str());
    match named.or_else(|| template.strip_prefix("tongshi0"))? {
        "requisition" => Some(FormType::Requisition),
        "expense" => Some(FormType::Expense),
        _ => None,
    }
}

fn section(further: Vec<FormField>) -> Vec<FormSection> {
    if further.is_empty() {
        return Vec::new();
    }
    vec![FormSection { name: Some("form".to_owned()), fields: further }]
}

/// A number such as the vendor's: a letter, the year, digits.
fn number(doc: &Doc, key: Id, at: tongshi_model::Instant) -> String {
    let letter = if matches!(doc, Doc::Request(_)) { 'S' } else { 'B' };
    let digits = u64::from_str_radix(&key.to_string()[..12], 16).unwrap_or_default() % 1_000_000_000_000;
    format!("{letter}{}{digits:012}", at.format("%y"))
}

/// Who is to decide: the submitter's superior, or the head of the nearest department that somebody else heads, or whom
/// the app's setting `approver` names.
async fn planned(caller: &Caller, doc: &Doc) -> Result<Vec<Id>, Fault> {
    let workforce = caller.workforce()?;
    let owner = doc.owner();
    let works = async |id: Id| -> Result<bool, Fault> {
        let record = workforce.get(Kind::Employee, id).await?.filter(|record| !record.deleted);
        Ok(match record {
            Some(record) => map::is_active(&record.read::<Employee>()?),
            None => false,
        })
    };
    let Some(record) = workforce.get(Kind::Employee, owner).await? else { return Ok(Vec::new()) };
    let employee: Employee = record.read()?;
    if let Some(manager) = employee.manager.filter(|manager| *manager != owner)
        && works(manager).await?
    {
        return Ok(vec![manager]);
    }
    let mut next = employee.org_unit;
    for _ in 0..DEPTH_MAX {
        let Some(unit) = next else { break };
        let Some(record) = workforce.get(Kind::OrgUnit, unit).await? else { break };
        let unit: OrgUnit = record.read()?;
        if let Some(head) = unit.head.filter(|head| *head != owner)
            && works(head).await?
        {
            return Ok(vec![head]);
        }
        next = unit.parent;
    }
    Ok(caller.setting("approver").and_then(map::id_in).into_iter().collect())
}
