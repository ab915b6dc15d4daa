//! Accounts that money is paid to (收款账户): those that programs keep here, and those that people's files name.

use tongshi_dialect::{Caller, Query, Record, Replacement, Workforce};
use tongshi_model::{
    Action, Draft, Employee, Id, Kind, Payee, PaymentAccount, PaymentAccountType, Timestamp,
};

use super::{TRIES_MAX, busy, every, live, names, own_id, part};
use crate::hesine::{
    map::{self, Names},
    wire::{self, AccountDraft, AccountFilter, Fault, Listed, PayeeDetail, PayeeId, PayeeMade, Valued},
};

/// New accounts in one call (§2.7).
const MANY_MAX: usize = 100;

/// Papers by which a person may be known, by the vendor's numbers.
const PAPERS: [&str; 15] =
    ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "47", "48", "49", "54"];

/// Papers by which a company may be known.
const COMPANY_PAPERS: [&str; 2] = ["11", "54"];

/// What the vendor's samples write where only the bank's number for the branch is known.
const BY_NUMBER: &str = "1";

pub(super) const EXISTS: &str = "该账户已存在，无法创建";
pub(super) const MISSING: &str = "账户信息未找到";
const NO_BRANCH: &str = "开行网点不存在, 请联系管理员补充!";

/// What a filter asks for, taken apart; by default everything.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) ids: Vec<String>,
    pub(super) holders: Vec<String>,
    pub(super) numbers: Vec<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Wanted {
    pub(super) fn of(filter: &AccountFilter) -> Result<Self, Fault> {
        let (Some(ids), Some(holders), Some(numbers)) = (&filter.ids, &filter.names, &filter.card_nos) else {
            return Err(Fault::new(404, "Error 404 Not Found"));
        };
        let list = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let time = |field, text: &Option<String>| {
            map::filled(text.clone()).map(|text| map::read_wall(field, &text)).transpose()
        };
        Ok(Self {
            ids: list(ids),
            holders: list(holders),
            numbers: list(numbers),
            from: time("startDate", &filter.start_date)?,
            to: time("endDate", &filter.end_date)?,
        })
    }

    fn within(&self, record: &Record) -> bool {
        self.from.is_none_or(|from| record.changed_at >= from)
            && self.to.is_none_or(|to| record.changed_at < to)
    }

    /// Ids before names before numbers; all where none of them is named (the vendor's own rule).
    fn fits(&self, payee: &wire::Payee) -> bool {
        match (&*self.ids, &*self.holders, &*self.numbers) {
            ([], [], []) => true,
            ([], [], numbers) => numbers.contains(&payee.card_no),
            ([], holders, _) => holders.contains(&payee.name),
            (ids, ..) => ids.contains(&payee.id),
        }
    }
}

/// Accounts that are kept here; those only that may fit, where that can be asked.
pub(super) async fn kept(
    workforce: &dyn Workforce,
    wanted: &Wanted,
) -> Result<Vec<(Record, PaymentAccount)>, Fault> {
    let by = |found: Vec<(String, Record)>| found.into_iter().map(|(_, record)| record).collect();
    let records: Vec<Record> = if !wanted.ids.is_empty() {
        let ids: Vec<Id> = wanted.ids.iter().filter_map(|id| map::id_in(id)).collect();
        let found = workforce.many(&ids).await?.into_iter().flatten();
        found.filter(|record| record.kind == Kind::PaymentAccount && !record.deleted).collect()
    } else if !wanted.holders.is_empty() {
        by(workforce.find_many(Kind::PaymentAccount, "holder", &wanted.holders).await?)
    } else if !wanted.numbers.is_empty() {
        by(workforce.find_many(Kind::PaymentAccount, "number", &wanted.numbers).await?)
    } else {
        every(workforce, Query::of(Kind::PaymentAccount, 1)).await?
    };
    let read = |record: Record| Ok((record.read()?, record)).map(|(account, record)| (record, account));
    records.into_iter().map(read).collect()
}

pub(super) async fn list(caller: Caller, ask: wire::PayeeList) -> Result<Listed<wire::Payee>, Fault> {
    let (start, count) = part(&ask.paging)?;
    let filter = &ask.filter;
    let wanted = Wanted::of(filter)?;
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let kept = kept(workforce, &wanted).await?;
    let mut found: Vec<wire::Payee> = kept
        .iter()
        .filter(|(record, account)| account.receives && wanted.within(record))
        .map(|(record, account)| map::show_payee(&names, record, account))
        .collect();
    found.extend(own(workforce, &names, &wanted, &kept).await?);
    let in_use = |payee: &wire::Payee| {
        filter.active.as_deref().is_none_or(|active| (active == "true") == payee.active)
    };
    found.retain(|payee| wanted.fits(payee) && in_use(payee));
    if filter.order_by.as_deref() == Some("updateTime") {
        found.sort_by_key(|payee| payee.update_time);
        if filter.order_by_type.as_deref().is_some_and(|way| way.eq_ignore_ascii_case("desc")) {
            found.reverse();
        }
    }
    let total = found.len() as u64;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let items = found.into_iter().skip(start).take(count as usize).collect();
    Ok(Listed { count: Some(total), items })
}

/// Accounts that people's files name, except where the same is kept here.
async fn own(
    workforce: &dyn Workforce,
    names: &Names,
    wanted: &Wanted,
    kept: &[(Record, PaymentAccount)],
) -> Result<Vec<wire::Payee>, Fault> {
    let people: Vec<Record> = if !wanted.ids.is_empty() {
        let ids: Vec<Id> = wanted.ids.iter().filter_map(|id| map::own_payee(id)).collect();
        let found = workforce.many(&ids).await?.into_iter().flatten();
        found.filter(|record| record.kind == Kind::Employee && !record.deleted).collect()
    } else if !wanted.holders.is_empty() {
        let found = workforce.find_many(Kind::Employee, "name", &wanted.holders).await?;
        found.into_iter().map(|(_, record)| record).collect()
    } else {
        every(workforce, Query::of(Kind::Employee, 1)).await?
    };
    let known: std::collections::HashSet<(Option<Id>, &String)> =
        kept.iter().map(|(_, account)| (account.owner, account.number.expose())).collect();
    let mut found = Vec::new();
    for record in people.iter().filter(|record| wanted.within(record)) {
        if let Some(payee) = map::show_own_payee(names, record, &record.read::<Employee>()?)
            && !known.contains(&(Some(record.id), &payee.card_no))
        {
            found.push(payee);
        }
    }
    Ok(found)
}

pub(super) async fn create(caller: Caller, ask: wire::PayeeCreate) -> Result<PayeeId, Fault> {
    let record = add(caller.workforce()?, &ask.account).await?;
    Ok(PayeeId { id: record.id.to_string() })
}

/// Adds several. What one is refused for keeps none of the others out (the vendor's own rule), and is said at the end.
pub(super) async fn create_many(
    caller: Caller,
    ask: wire::PayeeCreateMany,
) -> Result<Listed<PayeeMade>, Fault> {
    if ask.payee_info_list.is_empty() || ask.payee_info_list.len() > MANY_MAX {
        return Err(Fault::request("批量新增收款账号列表大小必须为1-100之间"));
    }
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for (place, draft) in ask.payee_info_list.iter().enumerate() {
        match add(workforce, draft).await {
            Ok(record) => made.push(map::show_made(map::show_payee(&names, &record, &record.read()?))),
            Err(fault) if fault.code == 400 => refused.push(format!("第{}条:{}", place + 1, fault.text)),
            Err(fault) => return Err(fault),
        }
    }
    match refused.is_empty() {
        true => Ok(Listed::of(made)),
        false => Err(Fault::request(refused.join(";"))),
    }
}

async fn add(workforce: &dyn Workforce, draft: &AccountDraft) -> Result<Record, Fault> {
    let mut account = checked(workforce, draft).await?;
    account.receives = true;
    keep(workforce, &account, Fault::request(EXISTS)).await
}

/// To whom money goes that is paid to the account of this id: none where there is no such account, or the app may not see
/// accounts.
pub(super) async fn named_by(workforce: &dyn Workforce, id: &str) -> Result<Option<Payee>, Fault> {
    let account = match map::own_payee(id) {
        Some(person) => {
            let found = workforce.get(Kind::Employee, person).await?.filter(|record| !record.deleted);
            let employee = found.map(|record| record.read::<Employee>()).transpose()?;
            employee.and_then(|employee| map::account_of(person, &employee))
        }
        None => match live(workforce, Kind::PaymentAccount, id).await {
            Ok(found) => found.map(|record| record.read()).transpose()?,
            Err(fault) if fault.code == 403 => None,
            Err(fault) => return Err(fault),
        },
    };
    Ok(account.map(|account: PaymentAccount| Payee {
        name: account.holder.expose().clone(),
        bank: account.bank,
        account: Some(account.number.expose().clone()),
    }))
}

/// Keeps a new account, once for all who add the same at the same time: its name is what it must differ in.
pub(super) async fn keep(
    workforce: &dyn Workforce,
    account: &PaymentAccount,
    exists: Fault,
) -> Result<Record, Fault> {
    if same(workforce, account, None).await? {
        return Err(exists);
    }
    let (holder, number) = (account.holder.expose(), account.number.expose());
    let role = if account.pays { "payer" } else { "payee" };
    for place in 0..TRIES_MAX {
        // An account that was given another name or number since has this name still.
        let name = Id::of(&[role, holder, number, &place.to_string()]).to_string();
        if workforce.saved(Kind::PaymentAccount, &name).await?.is_none() {
            let id = workforce.save(vec![(name, Draft::of(account)?)]).await?.pop().ok_or_else(busy)?;
            return workforce.get(Kind::PaymentAccount, id).await?.ok_or_else(busy);
        }
    }
    Err(busy())
}

/// Whether another account of the same use has this holder and number.
pub(super) async fn same(
    workforce: &dyn Workforce,
    account: &PaymentAccount,
    but: Option<Id>,
) -> Result<bool, Fault> {
    for record in workforce.find(Kind::PaymentAccount, "number", account.number.expose()).await? {
        let known: PaymentAccount = record.read()?;
        let alike = known.holder == account.holder
            && (known.pays, known.receives) == (account.pays, account.receives);
        if alike && Some(record.id) != but {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The account that a draft describes, where it is one that may be.
async fn checked(workforce: &dyn Workforce, draft: &AccountDraft) -> Result<PaymentAccount, Fault> {
    let texts = &draft.texts;
    let given = |text: &Option<String>| map::filled(text.clone());
    let sort = texts.sort.as_deref().filter(|sort| !sort.is_empty()).unwrap_or("BANK");
    let sort = map::read_sort(sort).filter(|sort| {
        use PaymentAccountType::{Alipay, Bank, Other, OverseasBank, Wechat};
        matches!(sort, Bank | Alipay | OverseasBank | Wechat | Other)
    });
    let sort = sort.ok_or_else(|| Fault::request("sort 为 BANK、ALIPAY、OVERSEABANK、WEIXIN、OTHER 之一"))?;
    let company = match draft.kind.as_deref() {
        Some("PUBLIC") => true,
        Some("PERSONAL") => false,
        _ => return Err(Fault::request("type 为 PUBLIC 或 PERSONAL")),
    };
    let owner = match (texts.owner.as_deref(), given(&texts.staff_id)) {
        (Some("CORPORATION"), _) => None,
        (Some("INDIVIDUAL"), None) => return Err(Fault::request("缺少staffId参数")),
        (Some("INDIVIDUAL"), Some(staff)) => {
            let found = live(workforce, Kind::Employee, &staff).await?;
            Some(found.ok_or_else(|| Fault::request(super::people::MISSING))?.id)
        }
        _ => return Err(Fault::request("owner 为 INDIVIDUAL 或 CORPORATION")),
    };
    named(draft)?;
    if sort == PaymentAccountType::Bank && given(&texts.branch).is_none() {
        return Err(Fault::request("缺少开户行网点参数"));
    }
    if sort == PaymentAccountType::OverseasBank {
        for (name, text) in [("swiftCode", &texts.swift_code), ("nationCode", &texts.nation_code)] {
            given(text).ok_or_else(|| Fault::request(format!("缺少{name}参数")))?;
        }
    }
    if let Some(paper) = given(&texts.certificate_type) {
        let known: &[&str] = if company { &COMPANY_PAPERS } else { &PAPERS };
        if !known.contains(&&*paper) {
            return Err(Fault::request("证件类型输入有误"));
        }
    }
    let mut account = map::read_account(draft, sort, owner, &own_id);
    // What nobody is told of is seen by nobody (the vendor's own default).
    account.audience.get_or_insert_default();
    at_branch(workforce, account).await
}

/// Refuses what has no holder or number, or fields that are no texts.
pub(super) fn named(draft: &AccountDraft) -> Result<(), Fault> {
    for (name, text) in [("name", &draft.texts.name), ("cardNo", &draft.texts.card_no)] {
        map::filled(text.clone()).ok_or_else(|| Fault::request(format!("缺少{name}参数")))?;
    }
    let texts = draft.custom_fields.iter().flatten().all(|(_, value)| value.is_string());
    if texts { Ok(()) } else { Err(Fault::request("customFields 仅支持文本类型的字段")) }
}

/// Fills in what is known of the branch from accounts that the same branch keeps: the record has no list of all banks.
pub(super) async fn at_branch(
    workforce: &dyn Workforce,
    mut account: PaymentAccount,
) -> Result<PaymentAccount, Fault> {
    let by_number = account.branch.as_deref() == Some(BY_NUMBER);
    let known = match &account.bank_code {
        Some(code) if account.branch.is_some() => {
            workforce.find(Kind::PaymentAccount, "bank_code", code).await?.into_iter().next_back()
        }
        _ => None,
    };
    match known.map(|record| record.read::<PaymentAccount>()).transpose()? {
        Some(known) if by_number || known.branch == account.branch => {
            account.branch = known.branch;
            account.bank = account.bank.or(known.bank);
            account.province = account.province.or(known.province);
            account.city = account.city.or(known.city);
        }
        _ if by_number => return Err(Fault::request(NO_BRANCH)),
        _ => {}
    }
    Ok(account)
}

pub(super) async fn update(caller: Caller, ask: wire::PayeeUpdate) -> Result<Valued<PayeeDetail>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    if let Some(person) = map::own_payee(&ask.id.0) {
        return in_file(workforce, &names, person, &ask.account).await;
    }
    let wanted = checked(workforce, &ask.account).await?;
    let change = |account: &mut PaymentAccount| {
        // It may become the company's, and nobody else's.
        if wanted.owner.is_some() && account.owner.is_some() && wanted.owner != account.owner {
            return Err(Fault::request("不允许修改所有者ID"));
        }
        *account = PaymentAccount {
            receives: true,
            pays: account.pays,
            channels: std::mem::take(&mut account.channels),
            disabled: account.disabled,
            ..wanted.clone()
        };
        Ok(())
    };
    let taken = Fault::request(EXISTS);
    let (record, account) = changed(
        workforce,
        &ask.id.0,
        |account| account.receives,
        change,
        (Fault::precondition(MISSING), taken),
    )
    .await?;
    Ok(Valued { value: map::show_payee_detail(&names, &record, &account) })
}

/// The account that a person's file names is changed there, as far as a file says something about it.
async fn in_file(
    workforce: &dyn Workforce,
    names: &Names,
    person: Id,
    draft: &AccountDraft,
) -> Result<Valued<PayeeDetail>, Fault> {
    let wanted = checked(workforce, draft).await?;
    for _ in 0..TRIES_MAX {
        let found = workforce.get(Kind::Employee, person).await?.filter(|record| !record.deleted);
        let record = found.ok_or_else(|| Fault::precondition(MISSING))?;
        let mut employee: Employee = record.read()?;
        employee.bank_card.as_ref().ok_or_else(|| Fault::precondition(MISSING))?;
        if wanted.owner != Some(person)
            || wanted.holder != employee.name
            || wanted.kind.value != PaymentAccountType::Bank
        {
            return Err(Fault::precondition("该账户来自员工档案,只能修改银行卡号和银行名称"));
        }
        employee.bank_card = Some(wanted.number.clone());
        employee.bank_name = wanted.bank.clone().map(Into::into);
        if workforce.replace(vec![Replacement::of(&record, Action::Update, &employee)?]).await? {
            let after = workforce.get(Kind::Employee, person).await?.ok_or_else(busy)?;
            // What the file keeps, and not all that was sent.
            let account = map::account_of(person, &employee).ok_or_else(busy)?;
            let mut value = map::show_payee_detail(names, &after, &account);
            value.id = map::own_payee_id(person);
            return Ok(Valued { value });
        }
    }
    Err(busy())
}

pub(super) async fn switch(caller: Caller, ask: wire::PayeeSwitch) -> Result<Valued<PayeeDetail>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let active =
        map::filled(ask.active).ok_or_else(|| Fault::request("输入存在错误:\n- 开启或是停用参数不能为空"))?;
    if map::own_payee(&ask.id.0).is_some() {
        return Err(Fault::precondition("该账户来自员工档案,员工离职后自动停用"));
    }
    let change = |account: &mut PaymentAccount| {
        account.disabled = active != "true";
        Ok(())
    };
    let faults = (Fault::precondition(MISSING), Fault::request(EXISTS));
    let (record, account) = changed(workforce, &ask.id.0, |account| account.receives, change, faults).await?;
    Ok(Valued { value: map::show_payee_detail(&names, &record, &account) })
}

/// Changes one account, once for all who do it at the same time. The faults are for none of this id, and for one that
/// would be the same as another.
pub(super) async fn changed(
    workforce: &dyn Workforce,
    id: &str,
    fits: impl Fn(&PaymentAccount) -> bool,
    deed: impl Fn(&mut PaymentAccount) -> Result<(), Fault>,
    (missing, taken): (Fault, Fault),
) -> Result<(Record, PaymentAccount), Fault> {
    for _ in 0..TRIES_MAX {
        let Some(record) = live(workforce, Kind::PaymentAccount, id).await? else { return Err(missing) };
        let mut account: PaymentAccount = record.read()?;
        if !fits(&account) {
            return Err(missing);
        }
        let before = (account.holder.clone(), account.number.clone());
        deed(&mut account)?;
        let renamed = before != (account.holder.clone(), account.number.clone());
        if renamed && same(workforce, &account, Some(record.id)).await? {
            return Err(taken);
        }
        if workforce.replace(vec![Replacement::of(&record, Action::Update, &account)?]).await? {
            let after = workforce.get(Kind::PaymentAccount, record.id).await?.ok_or_else(busy)?;
            return Ok((after, account));
        }
    }
    Err(busy())
}
