//! What is paid goes into the books: one entry for each claim, debits and credits alike.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_model::{
    AccountingEntry, Coded, Currency, EntryLine, EntryStatus, Error, ExpenseClaim, Id, Instant, Money,
    PaymentState, SpendStatus, shanghai,
};
use tongshi_store::Session;

use super::{
    edits::Edits,
    round::{Round, Seen},
};

/// The accounts of the books, by the numbers of the Chinese accounting standards where nobody says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// What costs are booked on (6602, 管理费用).
    pub expense: String,
    /// Another account for some sorts of cost.
    pub by_fee_type: BTreeMap<String, String>,
    /// What tax within a cost is booked on (2221, 应交税费).
    pub tax: String,
    /// Where the money comes from (1002, 银行存款).
    pub bank: String,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            expense: "6602".to_owned(),
            by_fee_type: BTreeMap::new(),
            tax: "2221".to_owned(),
            bank: "1002".to_owned(),
        }
    }
}

/// Whether the money has gone.
fn is_paid(claim: &ExpenseClaim) -> bool {
    let paid = claim.payment.as_ref().is_some_and(|payment| payment.state.value == PaymentState::Paid);
    match claim.status.value {
        SpendStatus::Paid | SpendStatus::Archived => true,
        SpendStatus::Rejected | SpendStatus::Voided | SpendStatus::Draft => false,
        _ => paid,
    }
}

impl Round<'_> {
    /// Paid claims that have no entry get one; claims carry the numbers of their entries; what was made void is taken back.
    pub(super) async fn keep_books(&self, session: &mut Session, edits: &mut Edits) -> Result<(), Error> {
        let changed: Vec<Seen<AccountingEntry>> = self.changed()?;
        let behind = changed.iter().filter_map(|seen| seen.says.claim);
        let mut claims: BTreeMap<Id, Seen<ExpenseClaim>> = self.known(session, behind).await?;
        claims.extend(self.changed()?.into_iter().map(|seen: Seen<ExpenseClaim>| (seen.row.id, seen)));
        claims.retain(|_, seen| is_paid(&seen.says) || seen.says.status.value == SpendStatus::Voided);
        if claims.is_empty() {
            return Ok(());
        }
        let entries: BTreeMap<Id, Seen<AccountingEntry>> =
            self.naming(session, "claim", claims.keys().copied()).await?;
        let mut of_claim: BTreeMap<Id, Vec<&Seen<AccountingEntry>>> = BTreeMap::new();
        for seen in entries.values() {
            of_claim.entry(seen.says.claim.unwrap_or(seen.row.id)).or_default().push(seen);
        }
        for (id, seen) in &claims {
            let known = of_claim.remove(id).unwrap_or_default();
            if !is_paid(&seen.says) {
                for entry in known.iter().filter(|entry| entry.says.status.value != EntryStatus::Voided) {
                    edits.set(&entry.row, "status", json!(Coded::ours(EntryStatus::Voided)));
                }
                continue;
            }
            if let ([entry], Some(given)) = (&known[..], seen.says.vouchers.first())
                && entry.says.number == own_number(&seen.says)
                && !seen.says.vouchers.contains(&entry.says.number)
            {
                // The finance system has given it a number of its own, and that one counts.
                edits.set(&entry.row, "number", json!(given));
                continue;
            }
            let mut numbers: BTreeSet<String> = known.iter().map(|entry| entry.says.number.clone()).collect();
            if known.is_empty() {
                let at = Instant::new(seen.row.changed_at, shanghai());
                let entry = entry_of(*id, &seen.says, at, &self.settings.accounts);
                numbers.insert(entry.number.clone());
                edits.make(format!("of/{id}"), &entry)?;
            }
            numbers.retain(|number| !seen.says.vouchers.contains(number));
            if !numbers.is_empty() {
                let all: Vec<&String> = seen.says.vouchers.iter().chain(&numbers).collect();
                edits.set(&seen.row, "vouchers", json!(all));
            }
        }
        Ok(())
    }
}

/// The number of an entry as long as no finance system has given one.
fn own_number(claim: &ExpenseClaim) -> String {
    format!("V-{}", claim.number)
}

/// The entry of a paid claim. One whose lines do not make its total is a draft, for a person.
fn entry_of(id: Id, claim: &ExpenseClaim, changed_at: Instant, accounts: &Accounts) -> AccountingEntry {
    let paid_at = claim.payment.as_ref().and_then(|payment| payment.paid_at);
    let date = paid_at.unwrap_or(changed_at).date();
    let mut lines = Vec::new();
    let mut sums: Vec<(Currency, i64)> = Vec::new();
    for line in &claim.lines {
        let account = accounts.by_fee_type.get(&line.fee_type).unwrap_or(&accounts.expense);
        let tax = line.tax.filter(|tax| tax.minor != 0 && tax.currency == line.amount.currency);
        let rest = line.amount.minor - tax.map_or(0, |tax| tax.minor);
        let mut debit = |account: &String, minor: i64, cost_object: Option<String>| {
            lines.push(EntryLine {
                account: account.clone(),
                debit: Some(Money { minor, currency: line.amount.currency }),
                credit: None,
                cost_object,
                person: Some(claim.claimant),
                note: Some(line.fee_type.clone()),
            });
        };
        // Whoever bears a share bears it with its tax in; what no share says is borne by the company.
        let shares = line.allocations.iter().filter(|share| share.amount.currency == line.amount.currency);
        let shares: Vec<_> = shares.collect();
        let shared: i64 = shares.iter().map(|share| share.amount.minor).sum();
        if tax.is_none() && shared == rest && !shares.is_empty() {
            for share in shares {
                debit(account, share.amount.minor, Some(share.cost_object.clone()));
            }
        } else {
            debit(account, rest, None);
        }
        if let Some(tax) = tax {
            debit(&accounts.tax, tax.minor, None);
        }
        match sums.iter_mut().find(|(currency, _)| *currency == line.amount.currency) {
            Some((_, sum)) => *sum += line.amount.minor,
            None => sums.push((line.amount.currency, line.amount.minor)),
        }
    }
    let whole = sums == [(claim.total.currency, claim.total.minor)];
    for (currency, minor) in sums {
        lines.push(EntryLine {
            account: accounts.bank.clone(),
            debit: None,
            credit: Some(Money { minor, currency }),
            cost_object: None,
            person: None,
            note: Some(claim.number.clone()),
        });
    }
    // A finance system that was faster has given the number already.
    let number = claim.vouchers.first().cloned().unwrap_or_else(|| own_number(claim));
    let status = if whole { EntryStatus::Posted } else { EntryStatus::Draft };
    AccountingEntry {
        number,
        period: date.strftime("%Y-%m").to_string(),
        date: Some(date),
        legal_entity: claim.legal_entity,
        status: Coded::ours(status),
        claim: Some(id),
        lines,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn claim(lines: &Value, total: i64) -> ExpenseClaim {
        serde_json::from_value(json!({
            "number": "B-7", "claimant": Id::of(&["someone"]), "status": {"value": "paid"}, "lines": lines,
            "total": {"minor": total, "currency": "CNY"},
            "payment": {"state": {"value": "paid"}, "paid_at": "2026-05-01T00:30:00+08:00"},
        }))
        .unwrap()
    }

    fn sides(entry: &AccountingEntry) -> (i64, i64) {
        let sum = |side: fn(&EntryLine) -> Option<Money>| {
            entry.lines.iter().filter_map(side).map(|money| money.minor).sum()
        };
        (sum(|line| line.debit), sum(|line| line.credit))
    }

    #[test]
    fn both_sides_sum_to_the_same_and_the_day_is_that_of_the_payment() {
        let lines = json!([
            {"fee_type": "hotel", "amount": {"minor": 106000, "currency": "CNY"}, "tax": {"minor": 6000, "currency": "CNY"}},
            {"fee_type": "taxi", "amount": {"minor": 4200, "currency": "CNY"}, "allocations": [
                {"cost_object": "P1", "amount": {"minor": 4000, "currency": "CNY"}},
                {"cost_object": "P2", "amount": {"minor": 200, "currency": "CNY"}}]},
        ]);
        let mut accounts = Accounts::default();
        accounts.by_fee_type.insert("taxi".to_owned(), "660205".to_owned());
        let at = Instant::parse("2026-06-01 08:00", shanghai()).unwrap();
        let entry = entry_of(Id::of(&["c"]), &claim(&lines, 110_200), at, &accounts);
        assert_eq!(sides(&entry), (110_200, 110_200));
        assert_eq!((entry.period.as_str(), entry.number.as_str()), ("2026-05", "V-B-7"));
        assert_eq!(entry.status.value, EntryStatus::Posted);
        let booked: Vec<(&str, Option<&str>)> =
            entry.lines.iter().map(|line| (line.account.as_str(), line.cost_object.as_deref())).collect();
        assert_eq!(
            booked,
            [("6602", None), ("2221", None), ("660205", Some("P1")), ("660205", Some("P2")), ("1002", None)]
        );
    }

    #[test]
    fn lines_that_do_not_make_the_total_make_a_draft() {
        let lines = json!([{"fee_type": "taxi", "amount": {"minor": 4200, "currency": "CNY"}}]);
        let at = Instant::parse("2026-06-01 08:00", shanghai()).unwrap();
        let entry = entry_of(Id::of(&["c"]), &claim(&lines, 5000), at, &Accounts::default());
        assert_eq!((entry.status.value, sides(&entry)), (EntryStatus::Draft, (4200, 4200)));
    }
}
