//! Bills of suppliers (对账单). A supplier is whoever orders were booked with: the record has no other list of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};
use tongshi_dialect::{Caller, Query, Record, Replacement, Workforce};
use tongshi_model::{
    Action, Booking, Draft, ExpenseClaim, Id, Kind, SupplierBill, SupplierBillLine, Timestamp,
};

use super::{TRIES_MAX, busy, every, lists, live, names};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Fault, Flow, Listed, Supplier, SupplierCategory, SupplierField, SupplierTold, Valued},
};

/// Rows in one call (§2.6), and on one bill.
const ROWS_MAX: usize = 100;
const LINES_MAX: usize = 20_000;

/// The column that names a row: the same again is the same row.
const REFERENCE: &str = "对账单ID";
const ORDER: &str = "订单号";
const REQUEST: &str = "申请单号";
const TOTAL: &str = "合计";

/// The columns of every bill: name, sort, label, whether a row may do without.
const COLUMNS: [(&str, &str, &str, bool); 7] = [
    ("E_system_checking_settlementAmount", "money", TOTAL, false),
    ("E_system_checking_travelers", "list", "出行人", true),
    ("E_system_checking_requisitionCode", "text", REQUEST, true),
    ("E_system_checking_orderNo", "text", ORDER, false),
    ("E_system_checking_legalEntity", "ref", "法人实体", true),
    ("E_system_checking_orderStatus", "text", "订单执行状态", true),
    ("E_system_checking_reconciliationId", "text", REFERENCE, true),
];

/// A booking platform, as far as its orders tell.
struct Platform {
    name: String,
    since: Timestamp,
    changed: Timestamp,
}

impl Platform {
    fn id(&self) -> Id {
        Id::of(&["supplier", &self.name])
    }

    fn category(&self) -> Id {
        Id::of(&["supplier category", &self.name])
    }
}

async fn platforms(workforce: &dyn Workforce) -> Result<Vec<Platform>, Fault> {
    let mut found: BTreeMap<String, Platform> = BTreeMap::new();
    for record in every(workforce, Query::of(Kind::Booking, 1)).await? {
        let Some(name) = map::filled(record.read::<Booking>()?.platform) else { continue };
        let (since, changed) = (record.created_at, record.changed_at);
        let known = found.entry(name.clone()).or_insert(Platform { name, since, changed });
        (known.since, known.changed) = (known.since.min(since), known.changed.max(changed));
    }
    Ok(found.into_values().collect())
}

pub(super) async fn list(caller: Caller, _ask: wire::SupplierList) -> Result<Listed<Supplier>, Fault> {
    let names = names(&caller);
    let platforms = platforms(caller.workforce()?).await?;
    Ok(Listed::of(platforms.iter().map(|platform| show(&names, platform)).collect()))
}

fn show(names: &Names, platform: &Platform) -> Supplier {
    let fields = COLUMNS.map(|(name, kind, label, optional)| SupplierField {
        name: name.to_owned(),
        kind: kind.to_owned(),
        label: label.to_owned(),
        source: "dataLink".to_owned(),
        optional,
        system_field: true,
        default_value: None,
    });
    let category = SupplierCategory {
        id: platform.category().to_string(),
        code: String::new(),
        name: format!("{}-订单", platform.name),
        kind: "NEW_SETTLEMENT".to_owned(),
        active: true,
        fields: fields.to_vec(),
    };
    Supplier {
        id: platform.id().to_string(),
        version: 1,
        active: true,
        create_time: map::millis(platform.since),
        update_time: map::millis(platform.changed),
        name: platform.name.clone(),
        code: code(platform),
        corporation_id: names.corporation.clone(),
        supplier_archive_id: platform.id().to_string(),
        category_ids: vec![category],
        settlement_type: "CREDIT".to_owned(),
        supplier_archive_type: "OTHER".to_owned(),
        period: "IRREGULAR".to_owned(),
        import_method: "directly".to_owned(),
        is_reconciliation: true,
        is_settlement: false,
        ..Supplier::default()
    }
}

/// A short name for a supplier, for numbers of bills.
fn code(platform: &Platform) -> String {
    platform.id().to_string().chars().take(8).collect()
}

fn refused(why: impl Into<String>) -> Valued<SupplierTold> {
    Valued { value: SupplierTold { msg: why.into(), ..SupplierTold::default() } }
}

/// Opens a bill. Asked again for the same supplier and period, it leads to the same bill.
pub(super) async fn create(
    caller: Caller,
    ask: wire::SupplierBillCreate,
) -> Result<Valued<SupplierTold>, Fault> {
    let workforce = caller.workforce()?;
    let Some(account) = map::filled(ask.supplier_account_id) else {
        return Ok(refused("供应商账户Id不能为空"));
    };
    let time = |text: Option<String>| map::filled(text).and_then(|text| map::read_instant(&text.into()));
    let Some(from) = time(ask.start_time) else { return Ok(refused("账期开始时间不能为空")) };
    let Some(to) = time(ask.end_time).filter(|to| *to > from) else {
        return Ok(refused("账期结束时间不能为空"));
    };
    let known = platforms(workforce).await?;
    let Some(platform) = known.into_iter().find(|platform| platform.id().to_string() == account) else {
        let account = tongshi_model::masked(&account);
        return Ok(refused(format!("供应商账户：{account}不存在，请核查")));
    };
    let name = format!("supplier/{}/{}/{}", platform.id(), from.timestamp(), to.timestamp());
    let bill = SupplierBill {
        number: format!("{}{}", code(&platform), from.format("%Y%m%d")),
        name: from.format("%Y-%m"),
        supplier: platform.name,
        from,
        to,
        lines: Vec::new(),
    };
    let id = match workforce.saved(Kind::SupplierBill, &name).await? {
        Some(known) => known.id,
        None => workforce.save(vec![(name, Draft::of(&bill)?)]).await?.pop().ok_or_else(busy)?,
    };
    let told = SupplierTold {
        success: true,
        msg: String::new(),
        id: Some(id.to_string()),
        name: Some(bill.name),
        code: Some(bill.number),
    };
    Ok(Valued { value: told })
}

/// Writes rows: one that is there already is changed where the new one says something, others are added; all or none.
pub(super) async fn write(
    caller: Caller,
    ask: wire::SupplierBillWrite,
) -> Result<Valued<SupplierTold>, Fault> {
    let workforce = caller.workforce()?;
    let rows = &ask.checking_bill_details;
    if rows.is_empty() {
        return Ok(refused("账单明细不能为空"));
    }
    if rows.len() > ROWS_MAX {
        return Ok(refused("账单明细单次不能超过100条"));
    }
    let bookings = booked(workforce, rows).await?;
    for _ in 0..TRIES_MAX {
        let id = ask.checking_bill_id.as_deref().unwrap_or_default();
        let Some(record) = live(workforce, Kind::SupplierBill, id).await? else {
            return Ok(refused("账期不存在， 请核查"));
        };
        let mut bill: SupplierBill = record.read()?;
        let category = Id::of(&["supplier category", &bill.supplier]).to_string();
        if ask.category_id.as_deref() != Some(&*category) {
            return Ok(refused("供应商品类不存在，请核查"));
        }
        for row in rows {
            if let Err(why) = put(&mut bill, row, &bookings) {
                return Ok(refused(why));
            }
        }
        if bill.lines.len() > LINES_MAX {
            return Ok(refused(format!("账单明细不能超过{LINES_MAX}条")));
        }
        if workforce.replace(vec![Replacement::of(&record, Action::Update, &bill)?]).await? {
            let told = SupplierTold { success: true, ..SupplierTold::default() };
            return Ok(Valued { value: told });
        }
    }
    Err(busy())
}

/// The claims that settle bookings on a bill. Of a bill that is not there, there are none (the vendor's own rule).
pub(super) async fn flows(caller: Caller, ask: wire::SupplierBillFlows) -> Result<Listed<Flow>, Fault> {
    let workforce = caller.workforce()?;
    let id = ask.checking_bill_id.unwrap_or_default();
    let Some(record) = live(workforce, Kind::SupplierBill, &id).await? else {
        return Ok(Listed::of(Vec::new()));
    };
    let bill: SupplierBill = record.read()?;
    let booked: HashSet<Id> = bill.lines.iter().filter_map(|line| line.booking).collect();
    let ids: Vec<Id> = booked.iter().copied().collect();
    let mut requests = BTreeSet::new();
    for record in workforce.many(&ids).await?.into_iter().flatten() {
        if record.kind == Kind::Booking {
            requests.extend(record.read::<Booking>()?.request.map(|request| request.to_string()));
        }
    }
    // Bookings, requests and claims hang together by the request.
    let requests: Vec<String> = requests.into_iter().collect();
    let mut claims = Vec::new();
    for (_, record) in workforce.find_many(Kind::ExpenseClaim, "request", &requests).await? {
        let claim: ExpenseClaim = record.read()?;
        let lines = claim.lines.iter().flat_map(|line| &line.bookings);
        if claim.bookings.iter().chain(lines).any(|booking| booked.contains(booking)) {
            claims.push(record);
        }
    }
    Ok(Listed::of(lists::show_all(&caller, claims).await?))
}

/// The bookings of the orders that rows name: one question for all.
async fn booked(
    workforce: &dyn Workforce,
    rows: &[Map<String, Value>],
) -> Result<HashMap<String, Id>, Fault> {
    let orders: Vec<String> = rows.iter().filter_map(|row| map::text_of(row, ORDER)).collect();
    let found: Vec<(String, Record)> = workforce.find_many(Kind::Booking, "order_no", &orders).await?;
    Ok(found.into_iter().map(|(number, record)| (number, record.id)).collect())
}

/// Puts a row on a bill.
fn put(
    bill: &mut SupplierBill,
    row: &Map<String, Value>,
    bookings: &HashMap<String, Id>,
) -> Result<(), String> {
    // A row without a name of its own is a new one.
    let reference = map::text_of(row, REFERENCE);
    let reference = reference.unwrap_or_else(|| format!("{}-{}", bill.number, bill.lines.len() + 1));
    let place = match bill.lines.iter().position(|line| line.reference == reference) {
        Some(place) => place,
        None => {
            bill.lines.push(SupplierBillLine { reference: reference.clone(), ..SupplierBillLine::default() });
            bill.lines.len() - 1
        }
    };
    let line = &mut bill.lines[place];
    let mut cells = line.cells.expose().clone();
    for (label, value) in row {
        match value {
            Value::Null => {}
            Value::String(text) => drop(cells.insert(label.clone(), text.clone())),
            Value::Number(number) => drop(cells.insert(label.clone(), number.to_string())),
            _ => return Err(format!("第{}条明细的{}不是文本", place + 1, tongshi_model::masked(label))),
        }
    }
    if let Some(total) = row.get(TOTAL).filter(|total| !total.is_null()) {
        let read = map::read_money(TOTAL, total);
        line.amount = read.map_err(|_| format!("第{}条明细的合计不是金额", place + 1))?;
    }
    let cell = |label: &str| map::filled(cells.get(label).cloned());
    line.order_no = cell(ORDER);
    line.request_no = cell(REQUEST);
    line.booking = line.order_no.as_ref().and_then(|order| bookings.get(order).copied()).or(line.booking);
    line.cells = cells.into();
    Ok(())
}
