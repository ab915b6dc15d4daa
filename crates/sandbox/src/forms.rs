//! What the forms of approvals ask, and what people write into them.

use jiff::civil::DateTime;
use serde_json::{Value, json};
use tongshi_model::{ApprovalCategory, FormField, FormSection};

use crate::{
    approvals::Request,
    dates::plus_days,
    dice::{Dice, Purpose},
    people, places,
    tree::{employee_id, org_unit_id},
    words::{GRADES, JOBS, LEGAL_ENTITIES},
    world::World,
};

/// What goes into a field.
enum Ask {
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// The day that the request is about.
    Day,
    /// A day some months later.
    LaterDay,
    /// When it begins.
    Start,
    /// When it ends.
    End,
    /// How long it takes, as an object.
    Length,
    /// A whole number.
    Count(i64, i64),
    /// An amount with decimals.
    Amount(i64, i64),
    /// A colleague, as an object.
    Colleague,
    /// A department, as an object.
    Department,
    /// A legal entity, as an object.
    Entity,
    /// A job.
    Job,
    /// A place.
    Place,
    /// Nothing was entered.
    Nothing,
}

use Ask::{
    Amount, Choice, Colleague, Count, Day, Department, End, Entity, Job, LaterDay, Length, Nothing, Place,
    Start,
};

const GRADE: Ask = Choice(GRADES);
const REASON: (&str, Ask) = (
    "事由",
    Choice(&[
        "个人原因",
        "家里有事,请批准。",
        "按计划办理",
        "见附件\n第二行",
        "\"急\" & <重要>",
        "🙏 谢谢",
        "",
    ]),
);

/// The name of a category's workflow.
pub(crate) fn title(category: ApprovalCategory) -> &'static str {
    workflow(category).0
}

/// The form of a request, filled in.
pub(crate) fn form(world: &World<'_>, request: &Request, name: &str, asked: DateTime) -> Vec<FormSection> {
    let mut dice = Dice::new(world.plan, Purpose::Form, request.index);
    let department = world.tree.name_of(world.tree.home_of(request.applicant));
    let mut sections = vec![FormSection {
        name: Some("申请信息".to_owned()),
        fields: vec![
            field("申请人", json!(name)),
            field("部门", json!(department)),
            field("申请时间", json!(asked.strftime("%Y-%m-%d %H:%M").to_string())),
        ],
    }];
    let (_, heading, asks) = workflow(request.category);
    let fields =
        asks.iter().chain([&REASON]).map(|(label, ask)| field(label, fill(world, request, ask, &mut dice)));
    sections.push(FormSection { name: Some(heading.to_owned()), fields: fields.collect() });
    // Some forms end with a part that has no heading.
    if request.index.is_multiple_of(5) {
        let copy_to = fill(world, request, &Colleague, &mut dice);
        let fields = vec![field("附件", Value::Null), field("抄送", copy_to)];
        sections.push(FormSection { name: None, fields });
    }
    sections
}

fn field(name: &str, value: Value) -> FormField {
    FormField { name: name.to_owned(), value: value.into() }
}

fn fill(world: &World<'_>, request: &Request, ask: &Ask, dice: &mut Dice) -> Value {
    let clock = |time: Option<DateTime>| {
        time.map_or(Value::Null, |time| json!(time.strftime("%Y-%m-%d %H:%M").to_string()))
    };
    match ask {
        Choice(texts) => json!(*dice.pick(texts)),
        Day => json!(request.day.to_string()),
        LaterDay => json!(plus_days(request.day, dice.between(30, 1095)).to_string()),
        Start => clock(request.events.first().map(|event| event.start)),
        End => clock(request.events.last().map(|event| event.end)),
        Length => match request.events.as_slice() {
            [] => Value::Null,
            [event] => json!({"value": event.number, "unit": event.unit.name(), "text": null}),
            [event, ..] => json!({"value": request.events.len(), "unit": event.unit.name(), "text": null}),
        },
        Count(low, high) => json!(dice.between(*low, *high)),
        Amount(low, high) => json!(dice.between(*low, *high) as f64 + dice.between(0, 99) as f64 / 100.0),
        Colleague => {
            let colleague = world.tree.manager_of(request.applicant).map_or(0, |(manager, _)| manager);
            let name = people::name_of(world.plan, colleague);
            json!({"uuid": employee_id(colleague), "name": name, "empno": null})
        }
        Department => {
            let department = dice.between(0, i64::from(world.tree.len()) - 1) as u32;
            json!({"uuid": org_unit_id(department), "name": world.tree.name_of(department), "leader": null})
        }
        Entity => {
            let entity = dice.pick(&LEGAL_ENTITIES);
            json!({"name": entity.0, "short_name": entity.1})
        }
        Job => {
            let jobs = *dice.pick(&JOBS);
            json!(*dice.pick(jobs))
        }
        Place => json!(places::destination(dice)),
        Nothing => Value::Null,
    }
}

/// The workflow's name, the heading of its form and its fields.
fn workflow(category: ApprovalCategory) -> (&'static str, &'static str, &'static [(&'static str, Ask)]) {
    use ApprovalCategory as C;
    match category {
        C::Leave => ("请假申请", "请假信息", LEAVE),
        C::BreastfeedingLeave => ("哺乳假申请", "哺乳假信息", BREASTFEEDING),
        C::Outing => ("公出申请", "公出信息", OUTING),
        C::BusinessTravel => ("出差申请", "出差信息", TRAVEL),
        C::Overtime => ("加班申请", "加班信息", OVERTIME),
        C::Duty => ("值班申请", "值班信息", DUTY),
        C::PunchCorrection => ("补签申请", "补签信息", CORRECTION),
        C::ShiftChange => ("调班申请", "调班信息", SHIFT),
        C::Onboarding => ("入职审批", "入职信息", ONBOARDING),
        C::Rehire => ("录用审批", "录用信息", ONBOARDING),
        C::Regularisation => ("转正申请", "转正信息", REGULARISATION),
        C::InternRegularisation => ("实习转正申请", "实习转正信息", REGULARISATION),
        C::Transfer => ("调岗申请", "调岗信息", TRANSFER),
        C::EntityTransfer => ("合同公司变更", "变更信息", ENTITY),
        C::SalaryChange => ("调薪申请", "调薪信息", SALARY),
        C::Payroll => ("薪资发放审批", "发放信息", PAYROLL),
        C::Contract => ("合同续签审批", "合同信息", CONTRACT),
        C::Resignation => ("离职申请", "离职信息", RESIGNATION),
        _ => ("通用审批", "审批内容", CUSTOM),
    }
}

type Asks = &'static [(&'static str, Ask)];

const LEAVE: Asks = &[
    ("请假类型", Choice(&["年假", "事假", "病假", "调休", "婚假"])),
    ("开始时间", Start),
    ("结束时间", End),
    ("时长", Length),
    ("工作交接人", Colleague),
    ("证明材料", Nothing),
];
const BREASTFEEDING: Asks =
    &[("开始时间", Start), ("结束时间", End), ("每日时长(分钟)", Count(30, 60)), ("出生证明", Nothing)];
const OUTING: Asks =
    &[("公出地点", Place), ("开始时间", Start), ("结束时间", End), ("时长", Length), ("同行人", Nothing)];
const TRAVEL: Asks = &[
    ("目的地", Place),
    ("交通工具", Choice(&["高铁", "飞机", "汽车"])),
    ("开始时间", Start),
    ("结束时间", End),
    ("时长", Length),
    ("预算", Amount(300, 9000)),
];
const OVERTIME: Asks =
    &[("开始时间", Start), ("结束时间", End), ("时长", Length), ("补偿方式", Choice(&["调休", "加班费"]))];
const DUTY: Asks = &[("值班日期", Day), ("开始时间", Start), ("结束时间", End), ("值班地点", Place)];
const CORRECTION: Asks = &[
    ("补签日期", Day),
    ("补签类型", Choice(&["上班", "下班"])),
    ("本月第几次", Count(1, 4)),
    ("证明人", Colleague),
];
const SHIFT: Asks = &[
    ("调班日期", Day),
    ("原班次", Choice(&["早班", "常白班", "晚班"])),
    ("新班次", Choice(&["早班", "常白班", "晚班"])),
    ("换班人", Colleague),
];
const ONBOARDING: Asks = &[
    ("部门", Department),
    ("岗位", Job),
    ("合同公司", Entity),
    ("月薪", Amount(4000, 40_000)),
    ("工位", Nothing),
];
const REGULARISATION: Asks =
    &[("转正日期", LaterDay), ("自评得分", Count(60, 100)), ("上级评价", Nothing), ("导师", Colleague)];
const TRANSFER: Asks = &[
    ("原部门", Department),
    ("新部门", Department),
    ("新岗位", Job),
    ("新职级", GRADE),
    ("生效日期", LaterDay),
];
const ENTITY: Asks =
    &[("原合同公司", Entity), ("新合同公司", Entity), ("生效日期", LaterDay), ("补充协议", Nothing)];
const SALARY: Asks = &[
    ("调整前", Amount(4000, 30_000)),
    ("调整后", Amount(5000, 40_000)),
    ("幅度(%)", Count(-10, 30)),
    ("生效日期", LaterDay),
];
const PAYROLL: Asks =
    &[("部门", Department), ("人数", Count(3, 400)), ("总额", Amount(20_000, 3_000_000)), ("附件", Nothing)];
const CONTRACT: Asks = &[
    ("合同公司", Entity),
    ("合同类型", Choice(&["固定期限", "无固定期限"])),
    ("期限(年)", Count(1, 5)),
    ("到期日", LaterDay),
];
const RESIGNATION: Asks = &[
    ("最后工作日", Day),
    ("离职类型", Choice(&["主动离职", "协商一致", "合同到期"])),
    ("工作交接人", Colleague),
    ("面谈记录", Nothing),
];
const CUSTOM: Asks = &[
    ("内容", Choice(&["申请更换笔记本电脑", "会议室改造", "团建活动 🎉"])),
    ("数量", Count(0, 9)),
    ("金额", Amount(0, 5000)),
];
