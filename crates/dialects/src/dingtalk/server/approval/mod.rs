//! OA approvals (§6), answered from the record; what the record has no place for (who decides, who gets a copy, what was
//! said) lies among the workspace's settings. Both hosts do the same things under different names.

mod deeds;
mod lists;

use tongshi_dialect::{Caller, Query, Server};
use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Coded, Draft, Employee, Id, Instant, Kind,
    OrgUnit, shanghai,
};

use super::{every, user};
use crate::dingtalk::{
    map::{
        self,
        approval::{Course, Shown, Step, category_of, process_code, read_form},
    },
    wire::{
        Code, DingTalk, Fault,
        approval::{
            ApprovalCreate, ApprovalGet, Created, Found, OldCreate, OldCreated, OldFound, OldGet, Schema,
            SchemaContent, SchemaGet, SchemaItem, SchemaProps, Schemed,
        },
    },
};

/// What a new approval may hold (§6).
const VALUES_MAX: usize = 150;
const VALUE_CHARS_MAX: usize = 65_535;
const APPROVERS_MAX: usize = 20;
const COPIES_MAX: usize = 50;
/// Approvals of a form that are looked at to say what it consists of.
const SAMPLES: u32 = 20;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    let server = server
        .on::<ApprovalCreate, _, _>(create)
        .on::<OldCreate, _, _>(create_old)
        .on::<ApprovalGet, _, _>(get)
        .on::<OldGet, _, _>(get_old)
        .on::<SchemaGet, _, _>(schema);
    deeds::on(lists::on(server))
}

/// Which host asks: they name their faults differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Old,
    New,
}

impl Host {
    /// A fault by the new host's name. The old host's numbers for approvals are listed without their meaning, so there
    /// it is the general one.
    fn fault(self, name: &str, text: impl Into<String>) -> Fault {
        let code = match self {
            Self::New => Code::Named(name.to_owned()),
            Self::Old => Code::Value,
        };
        Fault::new(code, text.into())
    }

    fn invalid(self, text: impl Into<String>) -> Fault {
        self.fault("processInstanceInvalidParameter", text)
    }

    fn required(self, name: &'static str, value: &Option<String>) -> Result<String, Fault> {
        let value = value.clone().filter(|value| !value.is_empty());
        value.ok_or_else(|| match self {
            Self::New => self.invalid(format!("{name} is missing")),
            Self::Old => Fault::parameter(format!("缺少参数 {name}: it is missing")),
        })
    }
}

/// What an approval is to be, the same from both hosts.
struct Wanted {
    originator: Option<String>,
    code: Option<String>,
    dept_id: Option<i64>,
    steps: Vec<Step>,
    cc: Vec<String>,
    values: Vec<(Option<String>, Option<String>, Option<String>)>,
    request_id: Option<String>,
}

async fn create(caller: Caller, ask: ApprovalCreate) -> Result<Created, Fault> {
    let all = |kind: &Option<String>| kind.as_deref() != Some("OR");
    let step = |step: &crate::dingtalk::wire::approval::Approvers| Step {
        all: all(&step.action_type),
        userids: step.user_ids.clone(),
    };
    let mut steps: Vec<Step> = ask.approvers.iter().map(step).collect();
    let chosen = ask.target_select_actioners.iter();
    steps.extend(chosen.map(|chosen| Step { all: true, userids: chosen.actioner_user_ids.clone() }));
    let wanted = Wanted {
        originator: ask.originator_user_id,
        code: ask.process_code,
        dept_id: ask.dept_id,
        steps,
        cc: ask.cc_list,
        values: ask
            .form_component_values
            .into_iter()
            .map(|value| (value.name, value.value, value.ext_value))
            .collect(),
        request_id: ask.request_id,
    };
    let id = make(&caller, Host::New, wanted).await?;
    Ok(Created { instance_id: Some(id.to_string()) })
}

async fn create_old(caller: Caller, ask: OldCreate) -> Result<OldCreated, Fault> {
    let mut steps: Vec<Step> = ask
        .approvers_v2
        .iter()
        .map(|step| Step {
            all: step.task_action_type.as_deref() != Some("OR"),
            userids: step.user_ids.clone(),
        })
        .collect();
    if steps.is_empty() {
        // Without a kind of step they decide one after the other.
        steps.extend(ask.approvers.0.into_iter().map(|userid| Step { all: true, userids: vec![userid] }));
    }
    let wanted = Wanted {
        originator: ask.originator_user_id,
        code: ask.process_code,
        dept_id: ask.dept_id,
        steps,
        cc: ask.cc_list.0,
        values: ask
            .form_component_values
            .into_iter()
            .map(|value| (value.name, value.value, value.ext_value))
            .collect(),
        request_id: None,
    };
    let id = make(&caller, Host::Old, wanted).await?;
    Ok(OldCreated { process_instance_id: Some(id.to_string()) })
}

/// Makes an approval. The same `requestId` again is the same approval.
async fn make(caller: &Caller, host: Host, mut wanted: Wanted) -> Result<Id, Fault> {
    let code = host.required("processCode", &wanted.code)?;
    let category = form(caller, host, &code).await?;
    let originator = host.required("originatorUserId", &wanted.originator)?;
    check(host, &wanted)?;
    let (record, employee) = user::found(caller, &originator).await?;
    if wanted.steps.is_empty()
        && let Some(manager) = employee.manager
    {
        // Who decides where nobody is named is a matter of the form's own flow; here it is the manager.
        let managers = caller.workforce()?.many(&[manager]).await?;
        for manager in
            managers.into_iter().flatten().filter(|record| record.kind == Kind::Employee && !record.deleted)
        {
            let userid = map::userid(manager.id, &manager.read::<Employee>()?);
            wanted.steps.push(Step { all: true, userids: vec![userid] });
        }
    }
    for userid in wanted.steps.iter().flat_map(|step| &step.userids) {
        user::found(caller, userid).await?;
    }
    let mut copies = Vec::with_capacity(wanted.cc.len());
    for userid in &wanted.cc {
        copies.push(user::found(caller, userid).await?.0.id);
    }
    let workforce = caller.workforce()?;
    let at = Instant::new(caller.now, shanghai());
    let said: Vec<&str> = wanted.values.iter().filter_map(|(_, value, _)| value.as_deref()).collect();
    let (epoch, now) = (workforce.epoch().await?.to_string(), caller.now.to_string());
    let serial =
        map::attendance::numbered(&["approval", &epoch, &now, &originator, &said.concat()]) % 1_000_000;
    let name = match wanted.request_id.filter(|id| !id.is_empty()) {
        Some(request) => format!("dingtalk/approval/request/{request}"),
        None => format!("dingtalk/approval/{now}/{serial}"),
    };
    if let Some(known) = workforce.saved(Kind::Approval, &name).await? {
        return Ok(known.id);
    }
    let day = at.format("%Y%m%d%H%M%S");
    let approval = Approval {
        number: format!("{day}{serial:06}"),
        title: Some(category.1),
        category: Coded::vendor(&code, Some(category.0)),
        applicant: Some(record.id),
        applicant_name: Some(employee.name),
        status: Coded::ours(ApprovalStatus::Running),
        status_label: None,
        result: ApprovalResult::None,
        submitted_at: Some(at),
        updated_at: Some(at),
        form: read_form(wanted.values),
        tasks: Vec::new(),
        log: Vec::new(),
        copies,
    };
    let ids = workforce.save(vec![(name, Draft::of(&approval)?)]).await?;
    let id = *ids.first().ok_or_else(|| Fault::new(Code::Busy, "the approval was not kept"))?;
    let course = Course { dept_id: wanted.dept_id, cc: wanted.cc, steps: wanted.steps, done: Vec::new() };
    remember(caller, id, &course).await?;
    Ok(id)
}

fn check(host: Host, wanted: &Wanted) -> Result<(), Fault> {
    if wanted.steps.is_empty() && wanted.dept_id.is_none() {
        return Err(host.invalid("deptId is needed where no approvers are named (-1 is the root)"));
    }
    if wanted.values.is_empty() || wanted.values.len() > VALUES_MAX {
        return Err(host.invalid(format!("formComponentValues holds 1 to {VALUES_MAX} values")));
    }
    for (name, value, _) in &wanted.values {
        if name.as_deref().unwrap_or_default().is_empty() {
            return Err(host.fault("formConverterError", "a form value has no name"));
        }
        if value.as_deref().unwrap_or_default().chars().count() > VALUE_CHARS_MAX {
            return Err(host.fault(
                "formConverterError",
                format!("a form value has at most {VALUE_CHARS_MAX} characters"),
            ));
        }
    }
    let approvers = wanted.steps.iter().map(|step| step.userids.len()).sum::<usize>();
    if approvers > APPROVERS_MAX || wanted.steps.iter().any(|step| step.userids.is_empty()) {
        return Err(
            host.invalid(format!("there are 1 to {APPROVERS_MAX} approvers, and none of the steps is empty"))
        );
    }
    if wanted.cc.len() > COPIES_MAX {
        return Err(host.invalid(format!("ccList holds at most {COPIES_MAX} people")));
    }
    Ok(())
}

/// What a form is about and what it is called: one of ours, or one that approvals in the record came from.
async fn form(caller: &Caller, host: Host, code: &str) -> Result<(ApprovalCategory, String), Fault> {
    let samples = samples(caller, code, 1).await?;
    let sample = samples.into_iter().next();
    let category = category_of(code).or_else(|| sample.as_ref().map(|sample| sample.category.value));
    let category =
        category.ok_or_else(|| host.fault("processCodeError", "there is no form with this processCode"))?;
    let title = sample.and_then(|sample| sample.title).unwrap_or_else(|| "审批".to_owned());
    Ok((category, title))
}

/// Some approvals of a form.
async fn samples(caller: &Caller, code: &str, limit: u32) -> Result<Vec<Approval>, Fault> {
    let records = caller.workforce()?.list(&of_form(code, limit)).await?;
    records.iter().map(|record| Ok(record.read()?)).collect()
}

/// Approvals of a form: those that carry its code, or those of its category where it is one of ours.
fn of_form(code: &str, limit: u32) -> Query {
    let query = Query::of(Kind::Approval, limit);
    match category_of(code) {
        Some(category) => query.key("category", category.name()),
        None => {
            let mut query = query;
            query.fields.push(("category.vendor_value", vec![code.to_owned()]));
            query
        }
    }
}

/// The name under which an approval's course is kept.
fn course_name(id: Id) -> String {
    format!("dingtalk.approval.{id}")
}

async fn remember(caller: &Caller, id: Id, course: &Course) -> Result<(), Fault> {
    let value = serde_json::to_value(course)
        .map_err(|_| Fault::new(Code::Busy, "what was decided cannot be written down"))?;
    Ok(caller.workforce()?.remember(&course_name(id), &value).await?)
}

/// An approval that is there, with its course. Where nobody knows who decides, it is the applicant's manager.
async fn found(caller: &Caller, host: Host, id: &Option<String>) -> Result<(Id, Approval, Course), Fault> {
    let text = host.required("processInstanceId", id)?;
    let gone = || host.fault("processInstanceNotExist", "审批实例不存在: there is no such approval");
    let id: Id = text.parse().map_err(|_| gone())?;
    let workforce = caller.workforce()?;
    let record =
        workforce.get(Kind::Approval, id).await?.filter(|record| !record.deleted).ok_or_else(gone)?;
    let approval: Approval = record.read()?;
    let kept = workforce.recall(&course_name(record.id)).await?;
    let mut course: Course = kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
    if course.steps.is_empty()
        && let Some(manager) = manager_of(caller, &approval).await?
    {
        course.steps.push(Step { all: true, userids: vec![manager] });
    }
    Ok((record.id, approval, course))
}

async fn manager_of(caller: &Caller, approval: &Approval) -> Result<Option<String>, Fault> {
    let Some(applicant) = approval.applicant else { return Ok(None) };
    let workforce = caller.workforce()?;
    let Some(record) = workforce.get(Kind::Employee, applicant).await? else { return Ok(None) };
    let Some(manager) = record.read::<Employee>()?.manager else { return Ok(None) };
    let manager = workforce.get(Kind::Employee, manager).await?.filter(|record| !record.deleted);
    manager.map(|record| Ok(map::userid(record.id, &record.read()?))).transpose()
}

/// Who asked, and their department.
struct Origin {
    userid: Option<String>,
    dept_id: Option<i64>,
    dept_name: Option<String>,
}

async fn origin(caller: &Caller, approval: &Approval, course: &Course) -> Result<Origin, Fault> {
    let mut origin = Origin { userid: None, dept_id: course.dept_id, dept_name: None };
    let workforce = caller.workforce()?;
    let Some(applicant) = approval.applicant else { return Ok(origin) };
    let Some(record) = workforce.get(Kind::Employee, applicant).await? else { return Ok(origin) };
    let employee: Employee = record.read()?;
    origin.userid = Some(map::userid(record.id, &employee));
    if let Some(unit) = employee.org_unit {
        origin.dept_id = origin.dept_id.or_else(|| Some(map::number_of(unit)));
        let unit = workforce.get(Kind::OrgUnit, unit).await?;
        origin.dept_name = unit.map(|unit| unit.read::<OrgUnit>()).transpose()?.map(|unit| unit.name);
    }
    Ok(origin)
}

async fn get(caller: Caller, ask: ApprovalGet) -> Result<Found, Fault> {
    let (id, approval, course) = found(&caller, Host::New, &ask.process_instance_id).await?;
    let origin = origin(&caller, &approval, &course).await?;
    let shown = shown(&id.to_string(), &approval, &course, &origin).instance();
    Ok(Found { result: Some(shown), success: Some(true) })
}

async fn get_old(caller: Caller, ask: OldGet) -> Result<OldFound, Fault> {
    let (id, approval, course) = found(&caller, Host::Old, &ask.process_instance_id).await?;
    let origin = origin(&caller, &approval, &course).await?;
    let shown = shown(&id.to_string(), &approval, &course, &origin).old_instance();
    Ok(OldFound { process_instance: Some(shown) })
}

fn shown<'a>(id: &'a str, approval: &'a Approval, course: &'a Course, origin: &'a Origin) -> Shown<'a> {
    Shown {
        id,
        approval,
        course,
        originator: origin.userid.as_deref(),
        dept_id: origin.dept_id,
        dept_name: origin.dept_name.as_deref(),
    }
}

/// What a form consists of, told from approvals of it: the record has no forms of their own.
async fn schema(caller: Caller, ask: SchemaGet) -> Result<Schemed, Fault> {
    let code = Host::New.required("processCode", &ask.process_code)?;
    let (_, title) = form(&caller, Host::New, &code).await?;
    let mut labels: Vec<String> = Vec::new();
    for approval in samples(&caller, &code, SAMPLES).await? {
        for field in approval.form.into_iter().flat_map(|section| section.fields) {
            if !labels.contains(&field.name) {
                labels.push(field.name);
            }
        }
    }
    let item = |(index, label): (usize, String)| SchemaItem {
        component_name: Some("TextField".to_owned()),
        props: Some(SchemaProps {
            component_id: Some(format!("TextField_{}", index + 1)),
            label: Some(label),
            required: Some(false),
        }),
    };
    let content = SchemaContent {
        title: Some(title.clone()),
        icon: None,
        items: labels.into_iter().enumerate().map(item).collect(),
    };
    let schema = Schema {
        name: Some(title),
        status: Some("PUBLISHED".to_owned()),
        form_code: Some(code),
        schema_content: Some(content),
        ..Schema::default()
    };
    Ok(Schemed { result: Some(schema), success: Some(true) })
}

/// The process code of an approval.
fn code_of(approval: &Approval) -> String {
    process_code(&approval.category)
}
