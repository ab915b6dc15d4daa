//! A page parsed: each employee's thirty fields, written again as one document and hashed.

use std::borrow::Cow;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The first sixteen bytes of the document's SHA-256.
pub(crate) type Hash = [u8; 16];

/// One employee, ready to be kept.
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) hash: Hash,
    pub(crate) document: String,
}

/// The rows of a page, and how many pages there are.
pub(crate) fn parse(body: &[u8]) -> Result<(Vec<Row>, u64)> {
    let page: Page<'_> = serde_json::from_slice(body).context("a page is not understood")?;
    let rows: Result<Vec<Row>> = page.employees.iter().map(row).collect();
    Ok((rows?, page.total_pages))
}

/// Cuts a stored or computed digest to its sixteen bytes.
pub(crate) fn hash_of(bytes: &[u8]) -> Result<Hash> {
    let first = bytes.get(..16).context("a hash is too short")?;
    first.try_into().context("a hash is too short")
}

fn row(employee: &Employee<'_>) -> Result<Row> {
    let document = serde_json::to_string(employee)?;
    let hash = hash_of(&Sha256::digest(document.as_bytes()))?;
    let key = employee.uuid.as_ref().context("an employee has no uuid")?.0.clone().into_owned();
    Ok(Row { key, hash, document })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    total_pages: u64,
    #[serde(borrow)]
    employees: Vec<Employee<'a>>,
}

#[derive(Deserialize, Serialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Declares the thirty fields once, all optional text.
macro_rules! employee {
    ($($field:ident)+) => {
        #[derive(Deserialize, Serialize)]
        struct Employee<'a> { $(#[serde(borrow, default)] $field: Option<Text<'a>>,)+ }
    };
}

employee! {
    uuid name sex email mobile empno phone_number id_number address bank_name bank_card photo marriage birthday
    join_date probation_end_date avatar leave_date category status department_uuid exmail job_title job_grade
    nickname dingtalk_id wework_id leader_uuid virtual_leader_uuid sub_company
}
