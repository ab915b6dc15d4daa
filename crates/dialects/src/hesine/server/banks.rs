//! Branches of banks: those that accounts are kept at, in a file behind a link that is good for an hour (§2.7). The record
//! has no list of all banks.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use serde_json::json;
use tongshi_dialect::{Attempt, Caller, Desk, Dialect as _, Face, Message, Query, Reply, Workforce};
use tongshi_model::{Clock, Error, Kind, PaymentAccount, Timestamp};

use super::{every, links::address};
use crate::hesine::wire::{self, BranchesFile, Fault, Hesine, Shape};

/// Where the file lies.
pub(super) const PATH: &str = "/files/branches.xlsx";

/// What links are issued for, and for how many seconds.
const LINK: &str = "hesine.branches";
const SECONDS: i64 = 60 * 60;

/// The columns.
const HEAD: [&str; 5] = ["网点名称", "银联号", "银行名称", "省", "市"];

type Branch = [String; 5];

pub(super) async fn branches(caller: Caller, _ask: wire::BranchesGet) -> Result<BranchesFile, Fault> {
    let workforce = caller.workforce()?;
    if known(workforce).await?.is_empty() {
        let msg = Some("未导出过数据为空".to_owned());
        return Ok(BranchesFile { code: "A201".to_owned(), msg, url: None });
    }
    let code = workforce.issue_token(LINK, json!({}), Some(SECONDS)).await?;
    let url = Some(format!("{}{PATH}?code={code}", address(&caller)?));
    Ok(BranchesFile { code: "A200".to_owned(), msg: None, url })
}

/// Every branch once.
async fn known(workforce: &dyn Workforce) -> Result<BTreeSet<Branch>, Fault> {
    let mut branches = BTreeSet::new();
    for record in every(workforce, Query::of(Kind::PaymentAccount, 1)).await? {
        let account: PaymentAccount = record.read()?;
        let text = |value: Option<String>| value.unwrap_or_default();
        if let Some(branch) = account.branch {
            let (bank, code) = (text(account.bank), text(account.bank_code));
            branches.insert([branch, code, bank, text(account.province), text(account.city)]);
        }
    }
    Ok(branches)
}

/// Hands the file to whoever has a link.
pub(super) struct Download {
    pub(super) desk: Arc<dyn Desk>,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Face for Download {
    async fn answer(&self, message: Message) -> Reply {
        match self.file(&message).await {
            Ok(file) => file,
            Err(fault) => Hesine::fault(&fault, Shape::Query),
        }
    }
}

impl Download {
    async fn file(&self, message: &Message) -> Result<Reply, Fault> {
        if message.method != Method::GET {
            return Err(Fault::new(405, "Method Not Allowed"));
        }
        let over = || Fault::new(403, "链接已失效");
        let code = message.query_value("code").ok().flatten().ok_or_else(over)?;
        let attempt = Attempt { peer: message.peer, place: Hesine::ID, id: &code };
        let blocked = |wait: tongshi_dialect::Wait| tongshi_dialect::AuthFault::Blocked(wait.seconds());
        self.desk.may_try(&attempt).map_err(blocked)?;
        let Some(grant) = self.desk.by_token(LINK, &code).await?.filter(|grant| !grant.disabled) else {
            self.desk.failed(&attempt, None).await;
            return Err(over());
        };
        self.desk.passed(&attempt);
        let branches = known(&*grant.workforce).await?;
        let file = sheet(&branches, self.clock.now())
            .map_err(|error| Error::internal("the file of branches cannot be made").caused_by(error))?;
        let mut reply = Reply::json(StatusCode::OK, file);
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let name = HeaderValue::from_static("attachment; filename=\"branches.xlsx\"");
        reply.headers.insert(header::CONTENT_DISPOSITION, name);
        Ok(reply)
    }
}

fn sheet(branches: &BTreeSet<Branch>, now: Timestamp) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_timestamp(now.as_second())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, HEAD)?;
    for (row, branch) in (1..).zip(branches) {
        // Texts, all of them: a number would lose the zeros in front.
        sheet.write_row(row, 0, branch)?;
    }
    book.save_to_buffer()
}
