//! The ledger of points: two entries for each transfer, and a balance for each pot that has a bound.

use tongshi_model::{Error, Id, Result};

use crate::{
    Workspace,
    sql::{Bulk, Column, Session, Value, params},
};

/// Names an account: its sort in front of whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account([u8; 17]);

impl Account {
    /// The account of this sort and owner.
    pub fn new(sort: u8, owner: Id) -> Self {
        let mut bytes = [sort; 17];
        bytes[1..].copy_from_slice(owner.as_bytes());
        Self(bytes)
    }

    /// An account that belongs to nobody.
    pub fn common(sort: u8) -> Self {
        let mut bytes = [0; 17];
        bytes[0] = sort;
        Self(bytes)
    }
}

impl From<Account> for Value {
    fn from(account: Account) -> Self {
        Value::Bytes(account.0.to_vec())
    }
}

/// One side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose side.
    pub account: Account,
    /// The transfer.
    pub transfer: Id,
    /// How many: positive where they come.
    pub amount: i64,
    /// How many there are afterwards, where the account has a balance.
    pub balance: Option<i64>,
    /// The record behind it.
    pub about: Option<Id>,
}

/// Whether the ledger holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many entries there are.
    pub entries: u64,
    /// The sum of all: nothing, in a ledger that holds.
    pub difference: i64,
    /// Accounts whose balance is not the sum of their entries.
    pub off: u64,
    /// Transfers that do not sum to nothing.
    pub lame: u64,
}

static ENTRIES: Bulk = Bulk::new(
    "points_entries",
    &[
        ("workspace", Column::Int),
        ("account", Column::Bytes),
        ("transfer", Column::Bytes),
        ("amount", Column::Int),
        ("balance", Column::Int),
        ("about", Column::Bytes),
        ("at", Column::Int),
    ],
    "",
    &[],
);

/// Opens an account; false where it is open already. Whoever opens the same one waits until this session ends.
pub async fn open(s: &mut Session, workspace: &Workspace, account: Account, balance: i64) -> Result<bool> {
    let count = s
        .run(
            "INSERT INTO points_accounts (workspace, account, balance) VALUES ($1, $2, $3)
             ON CONFLICT (workspace, account) DO NOTHING",
            params![workspace.no, account, balance],
        )
        .await?;
    Ok(count > 0)
}

/// Adds to an account that is open, or takes out; none where less than the floor would be left. Others who change it
/// wait until this session ends.
pub async fn add(
    s: &mut Session,
    workspace: &Workspace,
    account: Account,
    amount: i64,
    floor: i64,
) -> Result<Option<i64>> {
    // Whoever brings something is never refused, also where the bound has been lowered since.
    let row = s
        .row(
            "UPDATE points_accounts SET balance = balance + CAST($3 AS BIGINT)
             WHERE workspace = $1 AND account = $2
               AND (balance + CAST($3 AS BIGINT) >= CAST($4 AS BIGINT) OR CAST($3 AS BIGINT) >= 0)
             RETURNING balance",
            params![workspace.no, account, amount, floor],
        )
        .await?;
    row.map(|mut row| row.int()).transpose()
}

/// The balances of these accounts, in their order; none where an account is not open.
pub async fn balances(
    s: &mut Session,
    workspace: &Workspace,
    accounts: &[Account],
) -> Result<Vec<Option<i64>>> {
    let rows = s
        .one_by_keys(
            "SELECT balance FROM points_accounts WHERE workspace = $1 AND account {{key}}",
            params![workspace.no],
            accounts.iter().map(|account| Value::from(*account)).collect(),
        )
        .await?;
    rows.into_iter().map(|row| row.map(|mut row| row.int()).transpose()).collect()
}

/// Writes entries.
pub async fn note(s: &mut Session, workspace: &Workspace, entries: Vec<Entry>) -> Result<()> {
    let now = s.now();
    let row = |entry: Entry| {
        let Entry { account, transfer, amount, balance, about, .. } = entry;
        params![workspace.no, account, transfer, amount, balance, about, now]
    };
    s.run_many(&ENTRIES, entries.into_iter().map(row).collect()).await
}

/// Adds the whole ledger of a workspace up.
pub async fn sums(s: &mut Session, workspace: &Workspace) -> Result<Sums> {
    let one = |row: Option<crate::sql::Row>| row.ok_or_else(|| Error::internal("a sum gives no row"));
    let row = s
        .row(
            "SELECT count(*), CAST(COALESCE(sum(amount), 0) AS BIGINT) FROM points_entries WHERE workspace = $1",
            params![workspace.no],
        )
        .await?;
    let mut row = one(row)?;
    let (entries, difference) = (row.count()?, row.int()?);
    let row = s
        .row(
            "SELECT count(*) FROM points_accounts a
             WHERE a.workspace = $1 AND a.balance <>
                 (SELECT COALESCE(sum(e.amount), 0) FROM points_entries e
                  WHERE e.workspace = a.workspace AND e.account = a.account)",
            params![workspace.no],
        )
        .await?;
    let off = one(row)?.count()?;
    let row = s
        .row(
            "SELECT count(*) FROM (SELECT transfer FROM points_entries WHERE workspace = $1
                                   GROUP BY transfer HAVING sum(amount) <> 0 OR count(*) <> 2) t",
            params![workspace.no],
        )
        .await?;
    Ok(Sums { entries, difference, off, lame: one(row)?.count()? })
}
