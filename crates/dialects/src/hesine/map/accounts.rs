//! Accounts that money is paid to and from, as they are sent in and shown (§2.7).

use tongshi_dialect::Record;
use tongshi_model::{Audience, Coded, Employee, Id, Kind, PaymentAccount, PaymentAccountType, Personal};

use super::{Names, Resolve, filled, is_active, millis};
use crate::hesine::wire::{
    AccountAbroad, AccountDraft, AccountLog, AccountVisibility, OldPayer, OldPayerDetail, Payee, PayeeDetail,
    PayeeMade, Payer,
};

/// Who the vendor says has changed something that a program has.
const PROGRAM: &str = "API";

/// The vendor's words for where an account is.
const SORTS: [(&str, PaymentAccountType); 8] = [
    ("BANK", PaymentAccountType::Bank),
    ("ALIPAY", PaymentAccountType::Alipay),
    ("OVERSEABANK", PaymentAccountType::OverseasBank),
    ("WEIXIN", PaymentAccountType::Wechat),
    ("WALLET", PaymentAccountType::Wallet),
    ("CHECK", PaymentAccountType::Cheque),
    ("ACCEPTANCEBILL", PaymentAccountType::AcceptanceBill),
    ("OTHER", PaymentAccountType::Other),
];

/// Where an account is, by the vendor's word.
pub(in crate::hesine) fn read_sort(word: &str) -> Option<PaymentAccountType> {
    SORTS.iter().find(|(known, _)| *known == word).map(|(_, sort)| *sort)
}

fn sort_word(kind: &Coded<PaymentAccountType>) -> String {
    let write = |kind| SORTS.iter().find(|(_, known)| *known == kind).map_or("OTHER", |(word, _)| *word);
    kind.word_for(read_sort, write).to_owned()
}

/// What stands for the bank where there is none.
fn bank_word(account: &PaymentAccount) -> String {
    let usual = match account.kind.value {
        PaymentAccountType::Alipay => "支付宝",
        PaymentAccountType::OverseasBank => "海外",
        PaymentAccountType::Wechat => "微信",
        PaymentAccountType::Bank => return text(&account.bank),
        _ => "其他",
    };
    usual.to_owned()
}

/// An account from what was sent in. Everything that is not said is taken away; whether it may be so the caller has
/// seen to, and whose it is too.
pub(in crate::hesine) fn read_account(
    draft: &AccountDraft,
    kind: PaymentAccountType,
    owner: Option<Id>,
    resolve: Resolve<'_>,
) -> PaymentAccount {
    let texts = &draft.texts;
    let at_home = kind == PaymentAccountType::Bank || kind == PaymentAccountType::Other;
    let abroad = kind == PaymentAccountType::OverseasBank;
    let home = |text: &Option<String>| filled(text.clone()).filter(|_| at_home);
    let foreign = |text: &Option<String>| filled(text.clone()).filter(|_| abroad);
    let custom = draft.custom_fields.iter().flatten();
    PaymentAccount {
        kind: Coded::ours(kind),
        owner,
        holder: texts.name.clone().unwrap_or_default().into(),
        number: texts.card_no.clone().unwrap_or_default().into(),
        corporate: draft.kind.as_deref() == Some("PUBLIC"),
        channels: draft.channels.clone().unwrap_or_default(),
        bank: home(&texts.bank).or(foreign(&texts.bank_name)),
        branch: home(&texts.branch),
        bank_code: home(&texts.bank_link_no).or(foreign(&texts.bank_code)),
        branch_code: foreign(&texts.branch_code),
        swift_code: foreign(&texts.swift_code),
        routing_number: foreign(&texts.routing_number),
        country: foreign(&texts.nation_code),
        province: home(&texts.province),
        city: home(&texts.city),
        certificate_type: filled(texts.certificate_type.clone()),
        certificate_no: filled(texts.certificate_no.clone()).map(Personal::new),
        audience: draft.visibility.as_ref().map(|audience| read_audience(audience, resolve)),
        custom: custom.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        note: filled(texts.remark.clone()).map(Personal::new),
        ..PaymentAccount::default()
    }
}

fn read_audience(audience: &AccountVisibility, resolve: Resolve<'_>) -> Audience {
    let ids = |kind: Kind, ids: &Option<Vec<String>>| {
        ids.iter().flatten().filter_map(|id| resolve(kind, id)).collect()
    };
    Audience {
        everyone: audience.full_visible,
        employees: ids(Kind::Employee, &audience.staffs),
        org_units: ids(Kind::OrgUnit, &audience.departments),
        with_children: audience.departments_include_children,
        roles: audience.roles.clone().unwrap_or_default(),
    }
}

fn show_audience(names: &Names, audience: Option<&Audience>) -> AccountVisibility {
    let everyone = Audience { everyone: true, with_children: true, ..Audience::default() };
    let audience = audience.unwrap_or(&everyone);
    let ids = |ids: &[Id]| Some(ids.iter().map(|id| names.id(*id)).collect());
    AccountVisibility {
        full_visible: audience.everyone,
        staffs: ids(&audience.employees),
        roles: Some(audience.roles.clone()),
        departments: ids(&audience.org_units),
        departments_include_children: audience.with_children,
    }
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn private(value: &Option<Personal<String>>) -> Option<String> {
    value.as_ref().map(|value| value.expose().clone())
}

fn owner_word(account: &PaymentAccount) -> String {
    if account.owner.is_some() { "INDIVIDUAL" } else { "CORPORATION" }.to_owned()
}

fn kind_letters(account: &PaymentAccount) -> String {
    if account.corporate { "PUBLIC" } else { "PERSONAL" }.to_owned()
}

/// What was done to it, as far as the record tells: when it was made, and when last changed.
fn logs(record: &Record) -> Vec<AccountLog> {
    let log = |action: &str, at| AccountLog {
        action: action.to_owned(),
        operator_id: PROGRAM.to_owned(),
        time: millis(at),
        attributes: None,
    };
    let made = log("CREATE", record.created_at);
    if record.version > 1 { vec![made, log("EDIT", record.changed_at)] } else { vec![made] }
}

/// An account that money is paid to, as it is listed.
pub(in crate::hesine) fn show_payee(names: &Names, record: &Record, account: &PaymentAccount) -> Payee {
    let abroad = account.kind.value == PaymentAccountType::OverseasBank;
    let only = |is_so: bool, value: &Option<String>| value.clone().filter(|_| is_so);
    Payee {
        sort: sort_word(&account.kind),
        id: record.id.to_string(),
        name: account.holder.expose().clone(),
        card_no: account.number.expose().clone(),
        kind: if account.corporate { "对公账户" } else { "个人账户" }.to_owned(),
        create_time: millis(record.created_at),
        update_time: millis(record.changed_at),
        province: text(&account.province),
        city: text(&account.city),
        bank: bank_word(account),
        branch: text(&account.branch),
        certificate_type: account.certificate_type.clone(),
        certificate_no: private(&account.certificate_no),
        bank_link_no: only(!abroad, &account.bank_code),
        union_bank: String::new(),
        bank_name: only(abroad, &account.bank).unwrap_or_default(),
        swift_code: text(&account.swift_code),
        nation_code: text(&account.country),
        bank_code: only(abroad, &account.bank_code).unwrap_or_default(),
        branch_code: text(&account.branch_code),
        visibility: show_audience(names, account.audience.as_ref()),
        remark: private(&account.note).unwrap_or_default(),
        active: !account.disabled,
        operator_id: PROGRAM.to_owned(),
        custom_fields: account.custom.clone(),
        staff_id: account.owner.map(|owner| names.id(owner)).unwrap_or_default(),
        owner: owner_word(account),
    }
}

/// The account that a person's file names. That of somebody who has left is no longer used.
pub(in crate::hesine) fn show_own_payee(
    names: &Names,
    record: &Record,
    employee: &Employee,
) -> Option<Payee> {
    let account = account_of(record.id, employee)?;
    Some(Payee { id: own_payee_id(record.id), ..show_payee(names, record, &account) })
}

/// The account in a person's file.
pub(in crate::hesine) fn account_of(person: Id, employee: &Employee) -> Option<PaymentAccount> {
    Some(PaymentAccount {
        owner: Some(person),
        holder: employee.name.clone(),
        number: employee.bank_card.clone()?,
        bank: private(&employee.bank_name),
        disabled: !is_active(employee),
        ..PaymentAccount::default()
    })
}

/// The id of the account in a person's file.
pub(in crate::hesine) fn own_payee_id(person: Id) -> String {
    format!("payee{person}")
}

/// The person whose file names the account of this id.
pub(in crate::hesine) fn own_payee(id: &str) -> Option<Id> {
    super::id_in(id.strip_prefix("payee")?)
}

/// A new account, as the call that adds many shows it.
pub(in crate::hesine) fn show_made(shown: Payee) -> PayeeMade {
    PayeeMade {
        sort: shown.sort,
        id: shown.id,
        name: shown.name,
        card_no: shown.card_no,
        kind: shown.kind,
        create_time: shown.create_time,
        update_time: shown.update_time,
        visibility: shown.visibility,
        remark: shown.remark,
        custom_fields: shown.custom_fields,
    }
}

/// An account that money is paid to, with all around it.
pub(in crate::hesine) fn show_payee_detail(
    names: &Names,
    record: &Record,
    account: &PaymentAccount,
) -> PayeeDetail {
    let shown = show_payee(names, record, account);
    let abroad = account.kind.value == PaymentAccountType::OverseasBank;
    let abroad = abroad.then(|| AccountAbroad {
        bank_name: account.bank.clone(),
        swift_code: shown.swift_code,
        nation_code: shown.nation_code,
        bank_code: account.bank_code.clone(),
        branch_code: account.branch_code.clone(),
        routing_number: account.routing_number.clone(),
    });
    PayeeDetail {
        version: record.version,
        active: shown.active,
        create_time: shown.create_time,
        update_time: shown.update_time,
        corporation_id: names.corporation.clone(),
        id: shown.id,
        name: shown.name,
        kind: kind_letters(account),
        owner: shown.owner,
        card_no: shown.card_no,
        logs: logs(record),
        sort: shown.sort,
        remark: shown.remark,
        staff_id: shown.staff_id,
        visibility: shown.visibility,
        custom_fields: shown.custom_fields,
        branch: shown.branch,
        bank: shown.bank,
        province: shown.province,
        city: shown.city,
        certificate_type: shown.certificate_type,
        certificate_no: shown.certificate_no,
        bank_link_no: shown.bank_link_no,
        abroad,
        ..PayeeDetail::default()
    }
}

/// An account that the company pays from.
pub(in crate::hesine) fn show_payer(names: &Names, record: &Record, account: &PaymentAccount) -> Payer {
    let shown = show_payee(names, record, account);
    let default_channel = account.channels.iter().find(|way| *way == "OFFLINE").or(account.channels.first());
    Payer {
        id: shown.id,
        version: record.version,
        active: shown.active,
        create_time: shown.create_time,
        update_time: shown.update_time,
        corporation_id: names.corporation.clone(),
        account_name: shown.name,
        account_no: shown.card_no,
        kind: kind_letters(account),
        owner: shown.owner,
        sort: shown.sort,
        bank: shown.bank,
        as_payee: account.receives,
        as_payer: account.pays,
        default_channel: default_channel.cloned(),
        channels: account.channels.clone(),
        visibility: shown.visibility,
        bank_link_no: shown.bank_link_no,
        remark: shown.remark,
        branch: shown.branch,
        province: shown.province,
        city: shown.city,
        ..Payer::default()
    }
}

/// An account that the company pays from, the older way.
pub(in crate::hesine) fn show_old_payer(
    names: &Names,
    record: &Record,
    account: &PaymentAccount,
) -> OldPayer {
    let shown = show_payee(names, record, account);
    OldPayer {
        id: shown.id,
        name: shown.name.clone(),
        code: String::new(),
        detail: Some(OldPayerDetail {
            name: shown.name,
            number: shown.card_no,
            bank: shown.bank,
            branch: shown.branch,
            province: shown.province,
            city: shown.city,
        }),
        active: shown.active,
        sort: shown.sort,
        visibility: shown.visibility,
        remark: shown.remark,
    }
}
