//! Vouchers: the finance system puts in what it has booked for a paid claim.

use std::collections::BTreeMap;

use tongshi_dialect::{Caller, Replacement};
use tongshi_model::{
    AccountingEntry, Action, Coded, Currency, Draft, EntryLine, EntryStatus, ExpenseClaim, Instant, Kind,
    Money, SpendStatus, shanghai,
};

use super::{expenses::found, fields::Fields, trips::saved};
use crate::hesine::wire::sample::{Asked as _, Refused, VoucherPush, VoucherView};

pub(super) async fn push(caller: Caller, ask: VoucherPush) -> Result<VoucherView, Refused> {
    let fields = Fields::of(ask.fields());
    let number = fields.some_text("voucher_no")?.to_owned();
    let now = Instant::new(caller.now, shanghai());
    let date = fields.date("date")?.unwrap_or_else(|| now.date());
    let period = match fields.text("period")? {
        None => date.strftime("%Y-%m").to_string(),
        Some(text) if is_period(text) => text.to_owned(),
        Some(_) => return Err(fields.refuse("period", "it must be a month such as 2026-04 (YYYY-MM)")),
    };
    let lines = lines(&fields)?;
    let record = found(&caller, &fields).await?;
    let claim: ExpenseClaim = record.read()?;
    if !matches!(claim.status.value, SpendStatus::Paid | SpendStatus::Archived) {
        return Err(Refused::new(409, "only a claim that is paid has a voucher"));
    }
    let workforce = caller.workforce()?;
    let known = workforce.find(Kind::AccountingEntry, "claim", &record.id.to_string()).await?;
    let shown = |entry_id: tongshi_model::Id| VoucherView {
        entry_id: entry_id.to_string(),
        expense_id: record.id.to_string(),
        voucher_no: number.clone(),
        period: period.clone(),
    };
    let Some(entry) = known.first() else {
        let status = Coded::ours(EntryStatus::Posted);
        let (number, period, claim) = (number.clone(), period.clone(), Some(record.id));
        let lines = if lines.is_empty() {
            return Err(fields.refuse("lines", "nothing is booked for this claim yet, so it is required"));
        } else {
            lines
        };
        let legal_entity = None;
        let entry = AccountingEntry { number, period, date: Some(date), legal_entity, status, claim, lines };
        let name = format!("sample/voucher/{}", record.id);
        return Ok(shown(saved(&caller, name, Draft::of(&entry)?).await?));
    };
    // What was booked here gets the finance system's number, and its lines where it gives any; the claim with it.
    let mut says: AccountingEntry = entry.read()?;
    let old = std::mem::replace(&mut says.number, number.clone());
    (says.period, says.date, says.status) = (period.clone(), Some(date), Coded::ours(EntryStatus::Posted));
    if !lines.is_empty() {
        says.lines = lines;
    }
    let mut changed = vec![Replacement::of(entry, Action::Update, &says)?];
    let mut numbers: Vec<String> = claim.vouchers.iter().filter(|known| **known != old).cloned().collect();
    if !numbers.contains(&number) {
        numbers.push(number.clone());
    }
    if numbers != claim.vouchers {
        let claim = ExpenseClaim { vouchers: numbers, ..claim };
        changed.push(Replacement::of(&record, Action::Update, &claim)?);
    }
    if !workforce.replace(changed).await? {
        return Err(Refused::new(409, "others change the entry at the same time; try again"));
    }
    Ok(shown(entry.id))
}

fn is_period(text: &str) -> bool {
    text.len() == 7 && format!("{text}-01").parse::<tongshi_model::LocalDate>().is_ok()
}

/// Debits and credits; each currency's two sides must sum to the same.
fn lines(fields: &Fields<'_>) -> Result<Vec<EntryLine>, Refused> {
    let mut lines = Vec::new();
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for line in fields.objects("lines")? {
        let currency: Currency = line.currency()?;
        let (debit, credit) = (line.amount("debit", currency)?, line.amount("credit", currency)?);
        if debit.is_some() == credit.is_some() {
            return Err(line.refuse("debit", "each line has either debit or credit"));
        }
        let minor = |money: Option<Money>| money.map_or(0, |money| money.minor);
        let sum = sums.entry(currency.code().to_owned()).or_default();
        let next = sum.checked_add(minor(debit)).and_then(|sum| sum.checked_sub(minor(credit)));
        *sum = next.ok_or_else(|| line.refuse("debit", "the sum is too large"))?;
        lines.push(EntryLine {
            account: line.some_text("account")?.to_owned(),
            debit,
            credit,
            cost_object: line.text("cost_object")?.map(str::to_owned),
            person: None,
            note: line.text("note")?.map(str::to_owned),
        });
    }
    if sums.values().any(|sum| *sum != 0) {
        return Err(fields.refuse("lines", "debits and credits must sum to the same"));
    }
    Ok(lines)
}
