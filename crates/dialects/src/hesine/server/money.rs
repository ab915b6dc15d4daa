//! What the bank says of payments, and what the books say of claims.

use serde_json::Value;
use tongshi_dialect::{Caller, Query};
use tongshi_model::{Action, FormField, FormSection, Id, Kind, SpendStatus};

use super::{
    TRIES_MAX, busy,
    case::{Deed, Loaded},
    every, lists, now,
};
use crate::hesine::{
    map::{self, Doc},
    wire::{self, Fault, Flow, Listed, PaymentResult, Valued},
};

/// Results and vouchers in one call; the vendor gives no figure.
const ITEMS_MAX: usize = 1000;

/// Takes the bank's results: each document is paid at most once, however often and by however many it is told. All that
/// can be taken is one transaction.
pub(super) async fn results(
    caller: Caller,
    ask: wire::PaymentResults,
) -> Result<Listed<PaymentResult>, Fault> {
    if ask.items.is_empty() || ask.items.len() > ITEMS_MAX {
        return Err(Fault::request(format!("items 为 1 到 {ITEMS_MAX} 条")));
    }
    let ids: Vec<Option<Id>> = ask.items.iter().map(|item| item.id.as_deref().and_then(map::id_in)).collect();
    let known: Vec<Id> = ids.iter().flatten().copied().collect();
    for _ in 0..TRIES_MAX {
        let mut loaded: std::collections::HashMap<Id, Option<Loaded>> =
            known.iter().copied().zip(lists::by_ids(&caller, &known).await?).collect();
        let (mut answers, mut items) = (Vec::with_capacity(ids.len()), Vec::new());
        for (item, id) in ask.items.iter().zip(&ids) {
            // Taken out, so that the same document twice in one call is paid once.
            let found = id.and_then(|id| loaded.get_mut(&id)).and_then(Option::as_mut);
            let (code, why) = match found {
                _ if item.id.as_deref().unwrap_or_default().is_empty() => ("R00006", Some("无效的请求")),
                None => ("R00001", Some("单据不存在")),
                Some(found) => take(found, item, &caller),
            };
            answers.push(PaymentResult {
                id: item.id.clone(),
                code: Some(code.to_owned()),
                error_msg: why.map(str::to_owned),
            });
        }
        for found in loaded.into_values().flatten().filter(|found| found.case.version < 0) {
            items.extend(found.replaced(Action::Pay)?);
        }
        if items.is_empty() || caller.workforce()?.replace(items).await? {
            return Ok(Listed::of(answers));
        }
    }
    Err(busy())
}

/// What becomes of one result. A document that was changed is marked by a version below zero.
fn take(found: &mut Loaded, item: &PaymentResult, caller: &Caller) -> (&'static str, Option<&'static str>) {
    let good = match item.code.as_deref() {
        Some("P00001") => true,
        Some("P00002") => false,
        _ => return ("R00005", Some("支付结果代码错误")),
    };
    let (Doc::Claim(claim), state) = (&found.case.doc, found.case.doc.state()) else {
        return ("R00003", Some("单据不在支付中"));
    };
    match state {
        SpendStatus::Paid | SpendStatus::Archived => ("R00002", Some("单据已支付")),
        SpendStatus::Processing if claim.payment.is_none() => ("R00004", Some("单据支付渠道不正确")),
        SpendStatus::Processing => {
            let comment = item.error_msg.as_deref();
            found.case.paid(good, &Deed { comment, ..Deed::by(None, now(caller)) });
            found.case.version = -1;
            ("R00000", None)
        }
        _ => ("R00003", Some("单据不在支付中")),
    }
}

/// The claims of these payments.
pub(super) async fn flows(caller: Caller, ask: wire::PaymentFlows) -> Result<Listed<Flow>, Fault> {
    let numbers: Vec<String> = ask.channel_trade_nos.into_iter().map(|number| number.0).collect();
    if numbers.is_empty() || numbers.len() > ITEMS_MAX {
        return Err(Fault::request("channelTradeNos 不能为空"));
    }
    let mut query = Query::of(Kind::ExpenseClaim, 1);
    query.fields.push(("payment.reference", numbers));
    let workforce = caller.workforce()?;
    let records = every(workforce, query).await?;
    Ok(Listed::of(lists::show_all(&caller, records).await?))
}

/// Writes voucher numbers to claims that are paid: to all that are named, or to none.
pub(super) async fn vouchers(caller: Caller, ask: wire::VoucherWrite) -> Result<Valued<bool>, Fault> {
    if ask.voucher.is_empty() || ask.voucher.len() > ITEMS_MAX {
        return Err(Fault::request(format!("凭证信息为 1 到 {ITEMS_MAX} 条")));
    }
    let mut wanted = std::collections::BTreeMap::new();
    for voucher in &ask.voucher {
        if voucher.voucher_no.is_none() {
            return Err(Fault::request("voucherNo 必填,删除凭证号时传空串"));
        }
        let at = voucher.voucher_create_time.clone().unwrap_or_default();
        if map::read_instant(&at.clone().into()).is_none() {
            return Err(Fault::request("voucherCreateTime 为毫秒级时间戳"));
        }
        let missing =
            || Fault::precondition(format!("不存在此单据[{}]", tongshi_model::masked(&voucher.flow_id)));
        // Of several for one document the last counts.
        wanted.insert(map::id_in(&voucher.flow_id).ok_or_else(missing)?, voucher);
    }
    let ids: Vec<Id> = wanted.keys().copied().collect();
    for _ in 0..TRIES_MAX {
        let mut items = Vec::new();
        for (found, (id, voucher)) in lists::by_ids(&caller, &ids).await?.into_iter().zip(&wanted) {
            let mut found = found.ok_or_else(|| Fault::precondition(format!("不存在此单据[{id}]")))?;
            // A request whose approval is done is paid, too, in the vendor's words.
            if map::state_word(found.case.doc.kind(), found.case.doc.status()) != "paid" {
                return Err(not_paid(*id));
            }
            if let Doc::Claim(claim) = &mut found.case.doc {
                claim.vouchers = map::filled(voucher.voucher_no.clone()).into_iter().collect();
            }
            note(&mut found, voucher);
            items.extend(found.replaced(Action::Update)?);
        }
        if caller.workforce()?.replace(items).await? {
            return Ok(Valued { value: true });
        }
    }
    Err(busy())
}

fn not_paid(id: Id) -> Fault {
    Fault::request(format!("单据Id:[[{id}]]的单据不是已支付状态，不能回写单据凭证，请检查"))
}

/// When the voucher was written and for which period, beside the form; of a request its number, too, for which the record
/// has no place.
fn note(found: &mut Loaded, voucher: &wire::Voucher) {
    const NAMES: [&str; 4] = ["voucherCreateTime", "fiscalPeriod", "voucherNo", "voucherStatus"];
    let Some(approval) = &mut found.case.approval else { return };
    if approval.form.is_empty() {
        approval.form.push(FormSection { name: Some("form".to_owned()), fields: Vec::new() });
    }
    let fields = &mut approval.form[0].fields;
    fields.retain(|field| !NAMES.contains(&&*field.name));
    let Some(number) = map::filled(voucher.voucher_no.clone()) else { return };
    let time = voucher.voucher_create_time.as_deref().and_then(|text| text.trim().parse::<i64>().ok());
    let mut values: Vec<(&str, Value)> =
        vec![("voucherCreateTime", time.into()), ("fiscalPeriod", voucher.fiscal_period.clone().into())];
    if matches!(found.case.doc, Doc::Request(_)) {
        values.extend([("voucherNo", number.into()), ("voucherStatus", "已生成".into())]);
    }
    let values = values.into_iter().filter(|(_, value)| !value.is_null());
    fields.extend(values.map(|(name, value)| FormField { name: name.to_owned(), value: value.into() }));
}
