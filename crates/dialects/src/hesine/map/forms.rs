//! Forms of documents, read into canonical words.

use serde_json::{Map, Value};
use tongshi_model::{
    Allocation, Coded, Currency, Error, ExpenseClaim, ExpenseLine, FormField, Id, Invoice, Kind, Money,
    Personal, SpendStatus, TravelRequest, TripLeg,
};

use super::{
    Doc, Resolve, filled,
    lines::{LINES, kept_lines},
    read_day, read_kind, read_money, read_place, text_of,
};

/// The field with the trips of a request.
pub(super) const TRIPS: &str = "u_行程规划";

/// Fields that are read here or made anew each time; all others are kept with the approval as they came.
const KNOWN: &[&str] = &[
    "code",
    "title",
    "description",
    "submitterId",
    "submitDate",
    "expenseDepartment",
    LINES,
    "expenseLink",
    "outerCode",
    "requisitionMoney",
    "loanMoney",
    "expenseMoney",
    "payMoney",
    "companyRealPay",
    "writtenOffMoney",
    "writtenOffRecords",
    "printCount",
    "printState",
    "voucherNo",
    "voucherStatus",
    "voucherCreateTime",
    "timeToEnterPendingPayment",
    "flowEndTime",
    "payDate",
    "paymentChannel",
    "u_是否超标",
    "u_超标原因",
    "u_成本中心",
    TRIPS,
];

/// Which sort of document a form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hesine) enum FormType {
    /// A travel request.
    Requisition,
    /// A claim.
    Expense,
}

impl FormType {
    /// Our template for it.
    pub(super) fn template(self) -> &'static str {
        match self {
            Self::Requisition => "tongshi0requisition:1",
            Self::Expense => "tongshi0expense:1",
        }
    }
}

/// A form that was read.
pub(in crate::hesine) struct Form {
    pub(in crate::hesine) doc: Doc,
    /// What has no place in the document.
    pub(in crate::hesine) further: Vec<FormField>,
}

/// Reads a form. Number and state are for the caller to fill in.
pub(in crate::hesine) fn read_form(
    form_type: FormType,
    form: &Map<String, Value>,
    resolve: Resolve<'_>,
) -> Result<Form, Error> {
    let owner = text_of(form, "submitterId").and_then(|id| resolve(Kind::Employee, &id));
    let owner = owner.ok_or_else(|| Error::invalid("submitterId", "提交人不存在"))?;
    let doc = match form_type {
        FormType::Requisition => Doc::Request(Box::new(request(owner, form, resolve)?)),
        FormType::Expense => Doc::Claim(Box::new(claim(owner, form, resolve)?)),
    };
    // Our own template needs no keeping.
    let ours = |name: &str, value: &Value| name == "specificationId" && *value == form_type.template();
    let further = form
        .iter()
        .filter(|(name, value)| !KNOWN.contains(&name.as_str()) && !value.is_null() && !ours(name, value));
    let further = further.map(|(name, value)| FormField { name: name.clone(), value: value.clone().into() });
    let lines = match form_type {
        FormType::Expense => kept_lines(form),
        // What a request plans to spend has no place in the record.
        FormType::Requisition => {
            form.get(LINES).filter(|lines| lines.as_array().is_some_and(|lines| !lines.is_empty())).cloned()
        }
    };
    let lines = lines.map(|lines| FormField { name: LINES.to_owned(), value: lines.into() });
    Ok(Form { doc, further: further.chain(lines).collect() })
}

fn request(owner: Id, form: &Map<String, Value>, resolve: Resolve<'_>) -> Result<TravelRequest, Error> {
    let mut travellers = Vec::new();
    let mut legs = Vec::new();
    let trips = form.get(TRIPS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (place, trip) in trips.iter().enumerate() {
        legs.push(leg(place, trip)?);
        let people = part(trip, "出行人").and_then(Value::as_array).into_iter().flatten();
        for person in people.filter_map(Value::as_str).filter_map(|id| resolve(Kind::Employee, id)) {
            if !travellers.contains(&person) {
                travellers.push(person);
            }
        }
    }
    let objects = form.get("u_成本中心").and_then(Value::as_array).into_iter().flatten();
    Ok(TravelRequest {
        number: String::new(),
        title: text_of(form, "title"),
        applicant: owner,
        travellers,
        purpose: text_of(form, "description").map(Personal::new),
        legs,
        budget: read_money("requisitionMoney", form.get("requisitionMoney").unwrap_or(&Value::Null))?,
        advance: read_money("loanMoney", form.get("loanMoney").unwrap_or(&Value::Null))?,
        cost_objects: objects.filter_map(Value::as_str).map(str::to_owned).collect(),
        org_unit: text_of(form, "expenseDepartment").and_then(|id| resolve(Kind::OrgUnit, &id)),
        status: Coded::ours(SpendStatus::Draft),
        approval: None,
        approver: None,
        task: None,
        external_no: text_of(form, "outerCode"),
        over_policy: form.get("u_是否超标").is_some_and(is_yes),
        over_policy_reason: text_of(form, "u_超标原因").map(Personal::new),
        submitted_at: None,
        decided_at: None,
    })
}

fn is_yes(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| matches!(value.as_str(), Some("是" | "true")))
}

/// A field of a trip, whatever the entity in its name.
fn part<'a>(trip: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = trip.get("dataLinkForm")?.as_object()?;
    let named =
        |(known, _): &(&String, &Value)| known.rsplit('_').next() == Some(name) && known.starts_with("E_");
    fields.iter().find(named).map(|(_, value)| value).filter(|value| !value.is_null())
}

fn leg(place: usize, trip: &Value) -> Result<TripLeg, Error> {
    if part(trip, "name").is_none() {
        return Err(Error::invalid("dataLinkForm", "行程的名称不能为空"));
    }
    let template = trip.get("dataLinkTemplateId").and_then(Value::as_str).unwrap_or_default();
    let stays = part(trip, "住宿地");
    let day = |names: [&str; 2]| names.iter().find_map(|name| part(trip, name)).and_then(read_day);
    let kind = match template.rsplit(':').next().unwrap_or_default() {
        word @ ("flight" | "hotel" | "train" | "taxi" | "meal" | "common") => read_kind(word),
        _ if stays.is_some() => Coded::ours(tongshi_model::BookingKind::Hotel),
        word => Coded::vendor(word, None),
    };
    let id = trip.get("dataLinkId").and_then(Value::as_str).filter(|id| !id.is_empty());
    Ok(TripLeg {
        id: id.map_or_else(|| (place + 1).to_string(), str::to_owned),
        kind,
        from: part(trip, "出发地").and_then(read_place),
        to: stays.or_else(|| part(trip, "目的地")).and_then(read_place),
        start: day(["行程日期", "入住日期"]),
        end: day(["离店日期", "离店日期"]),
        estimate: match part(trip, "预算金额") {
            Some(value) => read_money("预算金额", value)?,
            None => None,
        },
    })
}

fn claim(owner: Id, form: &Map<String, Value>, resolve: Resolve<'_>) -> Result<ExpenseClaim, Error> {
    let details = form.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let lines = details.iter().map(|detail| line(detail, resolve)).collect::<Result<Vec<_>, _>>()?;
    let currency = lines.first().map_or(Currency::CNY, |line| line.amount.currency);
    let minor = lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.amount.minor));
    let minor = minor.ok_or_else(|| Error::invalid("details", "金额过大"))?;
    let link = text_of(form, "expenseLink").or_else(|| {
        form.get("expenseLinks").and_then(|links| links.get(0)).and_then(Value::as_str).map(str::to_owned)
    });
    Ok(ExpenseClaim {
        number: String::new(),
        title: text_of(form, "title"),
        purpose: text_of(form, "description").map(Personal::new),
        claimant: owner,
        legal_entity: None,
        org_unit: text_of(form, "expenseDepartment").and_then(|id| resolve(Kind::OrgUnit, &id)),
        status: Coded::ours(SpendStatus::Draft),
        lines,
        total: Money { minor, currency },
        request: link.and_then(|id| resolve(Kind::TravelRequest, &id)),
        bookings: Vec::new(),
        approval: None,
        approver: None,
        task: None,
        external_no: text_of(form, "outerCode"),
        payee: None,
        payment: None,
        vouchers: Vec::new(),
        submitted_at: None,
        decided_at: None,
    })
}

fn line(detail: &Value, resolve: Resolve<'_>) -> Result<ExpenseLine, Error> {
    let empty = Map::new();
    let form = detail.get("feeTypeForm").and_then(Value::as_object).unwrap_or(&empty);
    let fee_type = detail.get("feeTypeId").and_then(Value::as_str).unwrap_or_default();
    let amount = read_money("amount", form.get("amount").unwrap_or(&Value::Null))?;
    let invoices = form.get("invoiceForm").and_then(|form| form.get("invoices")).and_then(Value::as_array);
    let shares = form.get("apportions").and_then(Value::as_array).into_iter().flatten();
    let bookings = form.get("u_订单").and_then(Value::as_array).into_iter().flatten();
    Ok(ExpenseLine {
        fee_type: filled(Some(fee_type.to_owned()))
            .ok_or_else(|| Error::invalid("feeTypeId", "费用类型ID不能为空"))?,
        date: form.get("feeDate").and_then(read_day),
        amount: amount.ok_or_else(|| Error::invalid("amount", "报销金额不能为空"))?,
        tax: read_money("taxAmount", form.get("taxAmount").unwrap_or(&Value::Null))?,
        invoices: invoices.into_iter().flatten().filter_map(invoice).collect(),
        bookings: bookings.filter_map(Value::as_str).filter_map(|id| resolve(Kind::Booking, id)).collect(),
        allocations: shares.map(share).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
        note: text_of(form, "consumptionReasons").map(Personal::new),
    })
}

/// An invoice's id holds its code and its number, with colons between.
fn invoice(raw: &Value) -> Option<Invoice> {
    let id = raw.get("invoiceId")?.as_str()?;
    let mut parts = id.rsplit(':');
    let number = parts.next().filter(|number| !number.is_empty())?.to_owned();
    let code = parts.next().map(str::to_owned);
    Some(Invoice { number, code, date: None, seller: None, amount: None })
}

fn share(raw: &Value) -> Result<Option<Allocation>, Error> {
    let Some(form) = raw.get("apportionForm").and_then(Value::as_object) else { return Ok(None) };
    let amount = read_money("apportionMoney", form.get("apportionMoney").unwrap_or(&Value::Null))?;
    let bearer = text_of(form, "项目").or_else(|| text_of(form, "expenseDepartment"));
    Ok(amount.zip(bearer).map(|(amount, cost_object)| Allocation { cost_object, amount }))
}
