//! Documents as the vendor shows them, and read from what it shows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tongshi_dialect::Record;
use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, ApprovalStep, ApprovalTask, Coded, Error,
    ExpenseClaim, FormSection, Id, Instant, Kind, Money, Payment, PaymentState, Personal, SpendStatus,
    TaskStatus, TravelRequest, TripLeg,
};

use super::{
    Doc, Form, FormType, Names, Resolve, day_millis,
    forms::TRIPS,
    kind_word,
    lines::{LINES, show_lines, show_plans},
    logs::{CHANNEL, show_logs},
    millis, read_action, read_form, read_instant, read_state, show_money, show_place, state_word,
};
use crate::hesine::wire::Flow;

/// A document as the vendor shows it.
pub(in crate::hesine) fn show_flow(
    names: &Names,
    record: &Record,
    doc: &Doc,
    approval: Option<&Approval>,
) -> Flow {
    let state = state_word(doc.kind(), doc.status()).to_owned();
    let owner = names.id(doc.owner());
    Flow {
        pipeline: 1,
        // No release of the vendor's made it.
        grayver: Some(String::new()),
        version: record.version,
        active: !record.deleted,
        create_time: millis(record.created_at),
        update_time: millis(record.changed_at),
        corporation_id: Some(names.corporation.clone()),
        source_corporation_id: None,
        data_corporation_id: None,
        form: show_form(names, record, doc, approval),
        owner_id: Some(owner.clone()),
        owner_default_department: doc.org_unit().map(|unit| names.id(unit)),
        logs: approval.map(|approval| show_logs(names, doc, approval)).unwrap_or_default(),
        actions: actions(names, doc, owner),
        state,
        flow_type: "freeflow".to_owned(),
        form_type: doc.form_type().to_owned(),
        invoice_remind: false,
        id: record.id.to_string(),
    }
}

/// Who may do what now.
fn actions(names: &Names, doc: &Doc, owner: String) -> BTreeMap<String, Vec<String>> {
    let list = |words: &[&str]| words.iter().map(|word| format!("freeflow.{word}")).collect::<Vec<_>>();
    let mut actions = BTreeMap::new();
    let of_owner: &[&str] = match doc.state() {
        SpendStatus::Draft | SpendStatus::Rejected => &["delete", "edit", "submit"],
        SpendStatus::Approving => &["retract", "remind", "print", "copy"],
        SpendStatus::Paid | SpendStatus::Approved => &["archive", "copy"],
        _ => &["copy"],
    };
    actions.insert(owner, list(of_owner));
    if let Some(approver) = doc.approver().filter(|_| doc.state() == SpendStatus::Approving) {
        actions
            .entry(names.id(approver))
            .or_insert_with(Vec::new)
            .extend(list(&["agree", "reject", "addnode"]));
    }
    actions
}

/// The form alone.
pub(in crate::hesine) fn show_form(
    names: &Names,
    record: &Record,
    doc: &Doc,
    approval: Option<&Approval>,
) -> Map<String, Value> {
    let mut form = Map::new();
    let further =
        approval.into_iter().flat_map(|approval| &approval.form).flat_map(|section| &section.fields);
    for field in further {
        form.insert(field.name.clone(), field.value.expose().clone());
    }
    let kept_lines = form.remove(LINES);
    let has_links = form.contains_key("expenseLinks");
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            form.insert(name.to_owned(), value);
        }
    };
    let at = |at: Option<Instant>| Value::from(at.map(|at| millis(at.timestamp())));
    put("code", doc.number().into());
    put("title", doc.title().into());
    put("submitterId", names.id(doc.owner()).into());
    put("submitDate", at(doc.submitted_at()));
    put("expenseDepartment", doc.org_unit().map(|unit| names.id(unit)).into());
    match doc {
        Doc::Request(request) => {
            request_fields(names, record.id, request, &mut put);
            if kept_lines.is_some() {
                put("details", show_plans(kept_lines.as_ref()));
            }
            if matches!(request.status.value, SpendStatus::Approved | SpendStatus::Paid) {
                put("flowEndTime", at(request.decided_at));
            }
        }
        Doc::Claim(claim) => {
            put("details", show_lines(names, claim, kept_lines.as_ref()));
            if !has_links {
                put("expenseLink", claim.request.map(|request| request.to_string()).into());
            }
            claim_fields(claim, &mut put);
        }
    }
    for (name, value) in usual(record, doc) {
        form.entry(name).or_insert(value);
    }
    form
}

/// The template that a document was made by: the one that its form named, or ours.
pub(in crate::hesine) fn template_of(doc: &Doc, approval: Option<&Approval>) -> String {
    let mut fields =
        approval.into_iter().flat_map(|approval| &approval.form).flat_map(|section| &section.fields);
    let named = fields.find(|field| field.name == "specificationId");
    match named.and_then(|field| field.value.expose().as_str()) {
        Some(template) => template.to_owned(),
        None => match doc {
            Doc::Request(_) => FormType::Requisition.template().to_owned(),
            Doc::Claim(_) => FormType::Expense.template().to_owned(),
        },
    }
}

/// What stands in a form of which nobody said anything, as the vendor's documents show it.
fn usual(record: &Record, doc: &Doc) -> Vec<(&'static str, Value)> {
    let day = day_millis(Instant::new(record.created_at, tongshi_model::shanghai()).date());
    let mut usual: Vec<(&'static str, Value)> = vec![
        ("specificationId", template_of(doc, None).into()),
        ("description", "".into()),
        ("printCount", "0".into()),
        ("printState", "noPrint".into()),
        ("voucherNo", "".into()),
        ("voucherStatus", "未生成".into()),
        ("voucherCreateTime", 0.into()),
    ];
    match doc {
        Doc::Request(_) => {
            usual.push(("requisitionDate", day.into()));
        }
        Doc::Claim(claim) => {
            let nothing = show_money(Money { minor: 0, currency: claim.total.currency });
            usual.push(("expenseDate", day.into()));
            usual.push(("companyRealPay", nothing.clone()));
            usual.push(("writtenOffMoney", nothing));
            usual.push(("writtenOffRecords", Vec::<Value>::new().into()));
        }
    }
    usual
}

fn request_fields(names: &Names, id: Id, request: &TravelRequest, put: &mut dyn FnMut(&str, Value)) {
    let text = |text: &Option<Personal<String>>| Value::from(text.as_ref().map(|text| text.expose().clone()));
    put("description", text(&request.purpose));
    put("requisitionMoney", request.budget.map(show_money).into());
    put("loanMoney", request.advance.map(show_money).into());
    put("outerCode", request.external_no.clone().into());
    if request.over_policy {
        put("u_是否超标", true.into());
        put("u_超标原因", text(&request.over_policy_reason));
    }
    if !request.cost_objects.is_empty() {
        put("u_成本中心", request.cost_objects.clone().into());
    }
    let travellers: Vec<String> = request.travellers.iter().map(|person| names.id(*person)).collect();
    let draft = request.status.value == SpendStatus::Draft;
    let trips = request.legs.iter().map(|leg| {
        json!({
            // A trip becomes a thing of its own when the request is handed in.
            "dataLinkId": (!draft).then(|| trip_id(id, leg)),
            "dataLinkTemplateId": format!("{}:{}", names.trip, kind_word(&leg.kind)),
            "dataLinkForm": trip_fields(names, leg, &travellers),
        })
    });
    put(TRIPS, trips.collect());
}

/// A trip's id: its request's and its own.
pub(in crate::hesine) fn trip_id(request: Id, leg: &TripLeg) -> String {
    format!("{request}-{}", leg.id)
}

/// A trip's fields under their generated names.
pub(in crate::hesine) fn trip_fields(
    names: &Names,
    leg: &TripLeg,
    travellers: &[String],
) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(format!("E_{}_{name}", names.trip), value);
        }
    };
    let place =
        |place: &Option<tongshi_model::Place>| place.as_ref().map(|place| Value::from(show_place(place)));
    let name = [&leg.from, &leg.to].into_iter().flatten().map(|place| place.name.expose().as_str());
    put("name", Some(name.collect::<Vec<_>>().join("-").into()));
    let stays = kind_word(&leg.kind) == "hotel";
    put("出发地", place(&leg.from));
    put(if stays { "住宿地" } else { "目的地" }, place(&leg.to));
    put(if stays { "入住日期" } else { "行程日期" }, leg.start.map(|day| day_millis(day).into()));
    put("离店日期", leg.end.map(|day| day_millis(day).into()));
    put("预算金额", leg.estimate.map(show_money));
    put("出行人", (!travellers.is_empty()).then(|| travellers.into()));
    fields
}

fn claim_fields(claim: &ExpenseClaim, put: &mut dyn FnMut(&str, Value)) {
    let at = |at: Option<Instant>| Value::from(at.map(|at| millis(at.timestamp())));
    put("description", claim.purpose.as_ref().map(|text| text.expose().clone()).into());
    put("outerCode", claim.external_no.clone().into());
    put("expenseMoney", show_money(claim.total));
    put("payMoney", show_money(claim.total));
    if !claim.vouchers.is_empty() {
        put("voucherNo", claim.vouchers.join(",").into());
        put("voucherStatus", "已生成".into());
    }
    let Some(payment) = &claim.payment else { return };
    put("timeToEnterPendingPayment", at(claim.decided_at));
    // Only what is paid says how and when.
    if payment.paid_at.is_some() {
        put("payDate", at(payment.paid_at));
        put("flowEndTime", at(payment.paid_at));
        put("paymentChannel", payment.reference.as_ref().map(|_| CHANNEL).into());
    }
}

/// A document from what the vendor shows.
pub(in crate::hesine) fn read_flow(resolve: Resolve<'_>, flow: &Flow) -> Result<Doc, Error> {
    let form_type = match &*flow.form_type {
        "requisition" => FormType::Requisition,
        "expense" => FormType::Expense,
        _ => return Err(Error::invalid("formType", "this sort of document is not kept")),
    };
    let Form { mut doc, .. } = read_form(form_type, &flow.form, resolve)?;
    let number = super::text_of(&flow.form, "code").unwrap_or_else(|| flow.id.clone());
    doc.set_number(number);
    doc.submit(flow.form.get("submitDate").and_then(read_instant));
    doc.set_approval(
        resolve(Kind::Approval, &flow.id).ok_or_else(|| Error::invalid("id", "a document has no id"))?,
    );
    let status = read_state(doc.kind(), &flow.state).unwrap_or_else(|| Coded::vendor(&flow.state, None));
    let waiting = flow.actions.iter().find(|(_, can)| can.iter().any(|word| word == "freeflow.agree"));
    let approver = waiting.and_then(|(who, _)| resolve(Kind::Employee, who));
    let decided =
        flow.logs.iter().rev().find(|log| matches!(&*log.action, "freeflow.agree" | "freeflow.reject"));
    if !matches!(status.value, SpendStatus::Approving | SpendStatus::Pending | SpendStatus::Draft) {
        doc.decide(decided.and_then(|log| read_instant(&log.time.into())));
    }
    match &mut doc {
        Doc::Request(request) => (request.status, request.approver) = (status, approver),
        Doc::Claim(claim) => {
            claim.payment = payment(&status, flow);
            (claim.status, claim.approver) = (status, approver);
            let vouchers = super::text_of(&flow.form, "voucherNo").unwrap_or_default();
            claim.vouchers = vouchers.split(',').filter(|no| !no.is_empty()).map(str::to_owned).collect();
        }
    }
    Ok(doc)
}

/// How a claim was paid, from its log.
fn payment(status: &Coded<SpendStatus>, flow: &Flow) -> Option<Payment> {
    let state = match status.value {
        SpendStatus::Processing => PaymentState::Processing,
        SpendStatus::Paid | SpendStatus::Archived => PaymentState::Paid,
        _ => return None,
    };
    let last = flow.logs.iter().rev().find(|log| matches!(&*log.action, "freeflow.pay" | "freeflow.paying"));
    let reference = last.and_then(|log| log.attributes.get("channelTradeNo")).and_then(Value::as_str);
    Some(Payment {
        state: Coded::ours(state),
        paid_at: flow.form.get("payDate").and_then(read_instant),
        reference: reference.map(str::to_owned),
        reason: None,
    })
}

/// The approval of a document from what the vendor shows.
pub(in crate::hesine) fn read_approval(resolve: Resolve<'_>, flow: &Flow) -> Result<Approval, Error> {
    let kind = if flow.form_type == "requisition" { Kind::TravelRequest } else { Kind::ExpenseClaim };
    let state = read_state(kind, &flow.state).map_or(SpendStatus::Other, |coded| coded.value);
    let (status, result) = match state {
        SpendStatus::Draft => (ApprovalStatus::Draft, ApprovalResult::None),
        SpendStatus::Rejected => (ApprovalStatus::Completed, ApprovalResult::Rejected),
        SpendStatus::Voided => (ApprovalStatus::Voided, ApprovalResult::None),
        SpendStatus::Approved
        | SpendStatus::Paying
        | SpendStatus::Processing
        | SpendStatus::Paid
        | SpendStatus::Archived => (ApprovalStatus::Completed, ApprovalResult::Approved),
        SpendStatus::Pending
        | SpendStatus::Approving
        | SpendStatus::Sending
        | SpendStatus::Receiving
        | SpendStatus::Other => (ApprovalStatus::Running, ApprovalResult::None),
    };
    let person = |id: &str| resolve(Kind::Employee, id).filter(|_| id != "ebot");
    let tasks = flow.actions.iter().filter(|(_, can)| can.iter().any(|word| word == "freeflow.agree"));
    let tasks = tasks.filter_map(|(who, _)| {
        Some(ApprovalTask {
            id: "current".to_owned(),
            name: None,
            approvers: vec![person(who)?],
            status: Coded::ours(TaskStatus::Running),
            result: ApprovalResult::None,
            decided_at: None,
        })
    });
    let at = |millis: i64| read_instant(&millis.into());
    let log = flow.logs.iter().map(|log| ApprovalStep {
        action: read_action(&log.action),
        actor: log.operator_id.as_deref().and_then(person),
        at: at(log.time),
        task: log.attributes.get("nodeId").and_then(Value::as_str).map(str::to_owned),
        next: log.next_operator_id.iter().filter_map(|id| person(id)).collect(),
        comment: super::text_of(&log.attributes, "comment")
            .or_else(|| super::text_of(&log.attributes, "urgentReason"))
            .map(Personal::new),
        state: log.state.clone(),
    });
    Ok(Approval {
        number: super::text_of(&flow.form, "code").unwrap_or_else(|| flow.id.clone()),
        title: super::text_of(&flow.form, "title"),
        category: Coded::vendor(
            &flow.form_type,
            match kind {
                Kind::TravelRequest => Some(ApprovalCategory::BusinessTravel),
                _ => Some(ApprovalCategory::Expense),
            },
        ),
        applicant: flow.owner_id.as_deref().and_then(person),
        applicant_name: None,
        status: Coded { value: status, vendor_value: Some(flow.state.clone()) },
        status_label: None,
        result,
        submitted_at: flow.form.get("submitDate").and_then(read_instant),
        updated_at: at(flow.update_time).map(|at: Instant| at),
        form: Vec::<FormSection>::new(),
        tasks: tasks.collect(),
        log: log.collect(),
        copies: Vec::new(),
    })
}
