//! Accounts that the company pays from (付款账户), and what is known of banks' branches.

use tongshi_dialect::Caller;
use tongshi_model::{PaymentAccount, PaymentAccountType};

use super::{
    names, own_id,
    payees::{EXISTS, MISSING, Wanted, at_branch, changed, keep, kept, named},
};
use crate::hesine::{
    map,
    wire::{self, AccountDraft, Fault, Listed, OldPayer, Payer, Valued},
};

/// The largest part of a list, and the usual one.
const COUNT_MAX: u64 = 100;

pub(super) async fn search(caller: Caller, ask: wire::PayerSearch) -> Result<Listed<Payer>, Fault> {
    let wanted = Wanted::of(&ask.filter)?;
    let (start, count) = (ask.paging.start.unwrap_or(0), ask.paging.count.unwrap_or(COUNT_MAX));
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(Fault::request("count(查询数据条数)为 1 到 100"));
    }
    let active = ask.filter.active.as_deref().is_none_or(|active| active == "true");
    let names = names(&caller);
    let one_of = |list: &[String], value: &String| list.is_empty() || list.contains(value);
    let found: Vec<Payer> = kept(caller.workforce()?, &wanted)
        .await?
        .iter()
        .filter(|(record, account)| {
            account.pays
                && account.disabled != active
                && one_of(&wanted.ids, &record.id.to_string())
                && one_of(&wanted.holders, account.holder.expose())
                && one_of(&wanted.numbers, account.number.expose())
        })
        .map(|(record, account)| map::show_payer(&names, record, account))
        .collect();
    let total = found.len() as u64;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Listed { count: Some(total), items: found.into_iter().skip(start).take(count).collect() })
}

pub(super) async fn list(caller: Caller, _ask: wire::PaymentAccounts) -> Result<Listed<OldPayer>, Fault> {
    let names = names(&caller);
    let kept = kept(caller.workforce()?, &Wanted::default()).await?;
    let payers = kept.iter().filter(|(_, account)| account.pays);
    Ok(Listed::of(payers.map(|(record, account)| map::show_old_payer(&names, record, account)).collect()))
}

pub(super) async fn create(caller: Caller, ask: wire::PayerCreate) -> Result<Valued<Payer>, Fault> {
    let workforce = caller.workforce()?;
    let account = checked(&caller, &ask.account).await?;
    let record = keep(workforce, &account, Fault::precondition(EXISTS)).await?;
    Ok(Valued { value: map::show_payer(&names(&caller), &record, &account) })
}

pub(super) async fn update(caller: Caller, ask: wire::PayerUpdate) -> Result<Valued<Payer>, Fault> {
    let wanted = checked(&caller, &ask.account).await?;
    let change = |account: &mut PaymentAccount| {
        *account = PaymentAccount {
            receives: account.receives,
            disabled: account.disabled,
            owner: account.owner,
            ..wanted.clone()
        };
        Ok(())
    };
    let faults = (Fault::precondition(MISSING), Fault::precondition(EXISTS));
    let (record, account) =
        changed(caller.workforce()?, &ask.id.0, |account| account.pays, change, faults).await?;
    Ok(Valued { value: map::show_payer(&names(&caller), &record, &account) })
}

pub(super) async fn switch(caller: Caller, ask: wire::PayerSwitch) -> Result<Valued<Payer>, Fault> {
    let active = map::filled(ask.active);
    let active = active.ok_or_else(|| Fault::request("输入存在错误:\n- 开启或是停用参数不能为空"))?;
    let change = |account: &mut PaymentAccount| {
        account.disabled = active != "true";
        Ok(())
    };
    let faults = (Fault::precondition("数据错误:"), Fault::precondition(EXISTS));
    let (record, account) =
        changed(caller.workforce()?, &ask.id.0, |account| account.pays, change, faults).await?;
    Ok(Valued { value: map::show_payer(&names(&caller), &record, &account) })
}

/// The account that a draft describes, where it is one that may be.
async fn checked(caller: &Caller, draft: &AccountDraft) -> Result<PaymentAccount, Fault> {
    let texts = &draft.texts;
    let sort = match texts.sort.as_deref() {
        None | Some("" | "OTHER") => PaymentAccountType::Other,
        Some("BANK") => PaymentAccountType::Bank,
        Some(_) => return Err(Fault::request("sort 为 BANK 或 OTHER")),
    };
    if draft.kind.as_deref().is_some_and(|kind| !kind.is_empty() && kind != "PUBLIC") {
        return Err(Fault::request("type 为 PUBLIC"));
    }
    named(draft)?;
    if sort == PaymentAccountType::Bank && map::filled(texts.branch.clone()).is_none() {
        return Err(Fault::request("缺少开户行网点参数"));
    }
    let channels = draft.channels.iter().flatten();
    if draft.channels.is_none() || channels.clone().count() == 0 || channels.clone().any(String::is_empty) {
        return Err(Fault::request("channels 必填"));
    }
    let mut account = map::read_account(draft, sort, None, &own_id);
    (account.pays, account.corporate) = (true, true);
    at_branch(caller.workforce()?, account).await
}
