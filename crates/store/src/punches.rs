//! Punches: facts in an append-only table of their own. The same person at the same instant in the same direction
//! from the same connection is the same punch; a punch is never changed, at most voided.

use std::collections::HashSet;

use tongshi_model::{Direction, Error, Id, LocalDate, PunchSource, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, Value, json_text, params},
};

/// A punch to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PunchRow {
    /// Who.
    pub employee: Id,
    /// When.
    pub at: Timestamp,
    /// The offset of the clock that showed it.
    pub offset_seconds: i32,
    /// Coming or going.
    pub direction: Direction,
    /// By what means.
    pub source: PunchSource,
    /// The working day it counts for.
    pub day: LocalDate,
    /// Device, place or remark, as JSON.
    pub detail: Option<String>,
}

impl std::fmt::Debug for PunchRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PunchRow({}, {})", self.employee, self.at)
    }
}

/// Where a punch stands among those of all people: whose, which day, its number.
pub type PunchPlace = (Id, LocalDate, i64);

/// A stored punch.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPunch {
    /// Its number; later punches have higher ones.
    pub id: i64,
    /// Who.
    pub employee: Id,
    /// When.
    pub at: Timestamp,
    /// The offset of the clock that showed it.
    pub offset_seconds: i32,
    /// Coming or going.
    pub direction: Direction,
    /// By what means.
    pub source: PunchSource,
    /// The working day it counts for.
    pub day: LocalDate,
    /// Device, place or remark, as JSON.
    pub detail: Option<String>,
    /// The connection through which it came.
    pub connection: i64,
    /// Whether it no longer counts.
    pub voided: bool,
}

impl std::fmt::Debug for StoredPunch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredPunch({}, {}, {}, voided: {})", self.id, self.employee, self.at, self.voided)
    }
}

static INSERT: Bulk = Bulk::new(
    "punches",
    &[
        ("id", Column::Int),
        ("workspace", Column::Int),
        ("connection", Column::Int),
        ("employee", Column::Bytes),
        ("at", Column::Int),
        ("offset_s", Column::Int),
        ("direction", Column::Int),
        ("source", Column::Int),
        ("day", Column::Int),
        ("run", Column::Bytes),
        ("created_at", Column::Int),
        ("detail", Column::Json),
    ],
    "ON CONFLICT (connection, employee, at, direction) DO UPDATE SET voided_at = NULL
         WHERE punches.voided_at IS NOT NULL
     RETURNING id",
    &[],
);

/// Stores punches and says of each whether it is new. One that is there already, also earlier in the same call, is
/// not; one that was voided counts again, but is not new.
pub async fn insert(
    s: &mut Session,
    workspace: &Workspace,
    connection: i64,
    run: Option<Id>,
    rows: Vec<PunchRow>,
) -> Result<Vec<bool>> {
    let mut new = vec![false; rows.len()];
    if rows.is_empty() {
        return Ok(new);
    }
    s.touch(workspace.no);
    let first = crate::allocate(s, "punches", rows.len() as u64).await?;
    let now = s.now();
    let mut seen = HashSet::with_capacity(rows.len());
    let mut values = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        let direction = direction_number(row.direction);
        if !seen.insert((row.employee, row.at, direction)) {
            continue;
        }
        values.push(params![
            first + place as i64,
            workspace.no,
            connection,
            row.employee,
            row.at,
            row.offset_seconds,
            direction,
            source_number(row.source),
            row.day,
            run,
            now,
            row.detail.map(json_text).transpose()?,
        ]);
    }
    for mut row in s.rows_many(&INSERT, values).await? {
        // A revived punch returns the number that it has had all along, which is below this block.
        if let Ok(place) = usize::try_from(row.int()? - first)
            && let Some(new) = new.get_mut(place)
        {
            *new = true;
        }
    }
    Ok(new)
}

/// Voids the live punches of this connection and person in these days that are not among `keep` (instants in
/// microseconds), and says how many.
pub async fn void_others(
    s: &mut Session,
    workspace: &Workspace,
    connection: i64,
    employee: Id,
    day_from: LocalDate,
    day_to: LocalDate,
    keep: &[(i64, Direction)],
) -> Result<u64> {
    let keep: HashSet<_> = keep.iter().map(|(at, direction)| (*at, direction_number(*direction))).collect();
    let rows = s
        .rows(
            "SELECT id, at, direction FROM punches
             WHERE workspace = $1 AND employee = $2 AND day >= $3 AND day <= $4 AND connection = $5
               AND voided_at IS NULL",
            params![workspace.no, employee, day_from, day_to, connection],
        )
        .await?;
    let mut others = Vec::new();
    for mut row in rows {
        let (id, at, direction) = (row.int()?, row.int()?, row.int()?);
        if !keep.contains(&(at, direction)) {
            others.push(Value::from(id));
        }
    }
    if others.is_empty() {
        return Ok(0);
    }
    s.touch(workspace.no);
    let now = s.now();
    s.run_by_keys(
        "UPDATE punches SET voided_at = $1 WHERE voided_at IS NULL AND id {{key}}",
        params![now],
        others,
    )
    .await
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "id, employee, at, offset_s, direction, source, day, detail, connection, voided_at"
    };
}

/// A person's live punches on these days, by time.
pub async fn of(
    s: &mut Session,
    workspace: &Workspace,
    employee: Id,
    from: LocalDate,
    to: LocalDate,
) -> Result<Vec<StoredPunch>> {
    of_any(s, workspace, &[employee], from, to).await
}

/// As [`of`] for a person with several ids.
pub async fn of_any(
    s: &mut Session,
    workspace: &Workspace,
    employees: &[Id],
    from: LocalDate,
    to: LocalDate,
) -> Result<Vec<StoredPunch>> {
    let found = s
        .rows_by_keys(
            concat!(
                "SELECT ",
                columns!(),
                " FROM punches
                 WHERE workspace = $1 AND day >= $2 AND day <= $3 AND voided_at IS NULL AND employee {{key}}
                 ORDER BY at, id"
            ),
            params![workspace.no, from, to],
            employees.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?;
    let mut all = found.into_iter().flatten().map(take).collect::<Result<Vec<_>>>()?;
    if employees.len() > 1 {
        all.sort_by_key(|punch| (punch.at, punch.id));
    }
    Ok(all)
}

/// Live punches above a number, ascending; of one person, and of certain days, where given.
pub async fn list(
    s: &mut Session,
    workspace: &Workspace,
    after_id: i64,
    employee: Option<Id>,
    from: Option<LocalDate>,
    to: Option<LocalDate>,
    limit: u32,
) -> Result<Vec<StoredPunch>> {
    list_any(s, workspace, after_id, employee.as_slice(), from, to, limit).await
}

/// As [`list`] for a person with several ids; of everybody where there is none.
pub async fn list_any(
    s: &mut Session,
    workspace: &Workspace,
    after_id: i64,
    employees: &[Id],
    from: Option<LocalDate>,
    to: Option<LocalDate>,
    limit: u32,
) -> Result<Vec<StoredPunch>> {
    let mut sql = concat!(
        "SELECT ",
        columns!(),
        " FROM punches WHERE workspace = $1 AND id > $2 AND voided_at IS NULL"
    )
    .to_owned();
    let mut values = params![workspace.no, after_id];
    if !employees.is_empty() {
        let places: Vec<String> = (3..3 + employees.len()).map(|place| format!("${place}")).collect();
        sql += &format!(" AND employee IN ({})", places.join(", "));
        values.extend(employees.iter().map(|id| Value::from(*id)));
    }
    for (condition, value) in
        [("day >=", Value::from(from)), ("day <=", Value::from(to)), ("", Value::from(limit))]
    {
        if value == Value::Null {
            continue;
        }
        values.push(value);
        let place = values.len();
        sql += &match condition {
            "" => format!(" ORDER BY id LIMIT ${place}"),
            condition => format!(" AND {condition} ${place}"),
        };
    }
    s.rows(sql, values).await?.into_iter().map(take).collect()
}

/// Which instants (in microseconds) of these people's live punches between two instants this connection has.
pub async fn known(
    s: &mut Session,
    connection: i64,
    employees: &[Id],
    from: Timestamp,
    to: Timestamp,
) -> Result<HashSet<(Id, i64)>> {
    let rows = s
        .rows_by_keys(
            "SELECT employee, at FROM punches
             WHERE connection = $1 AND at >= $2 AND at <= $3 AND voided_at IS NULL AND employee {{key}}",
            params![connection, from, to],
            employees.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?;
    rows.into_iter().flatten().map(|mut row| Ok((row.id()?, row.int()?))).collect()
}

/// Live punches of certain days, person by person and day by day: those behind a place, of one person where given.
pub async fn by_person(
    s: &mut Session,
    workspace: &Workspace,
    behind: Option<PunchPlace>,
    employee: Option<Id>,
    (from, to): (LocalDate, LocalDate),
    limit: u32,
) -> Result<Vec<StoredPunch>> {
    let mut sql = concat!(
        "SELECT ",
        columns!(),
        " FROM punches WHERE workspace = $1 AND voided_at IS NULL AND day >= $2 AND day <= $3"
    )
    .to_owned();
    let mut values = params![workspace.no, from, to, limit];
    if let Some(employee) = employee {
        values.push(Value::from(employee));
        sql += &format!(" AND employee = ${}", values.len());
    }
    if let Some((employee, day, id)) = behind {
        let first = values.len() + 1;
        values.extend(params![employee, day, id]);
        sql += &format!(" AND (employee, day, id) > (${first}, ${}, ${})", first + 1, first + 2);
    }
    let rows = s.rows(sql + " ORDER BY employee, day, id LIMIT $4", values).await?;
    rows.into_iter().map(take).collect()
}

/// Voids what a run brought, and says how many punches that were.
pub async fn void_of_run(s: &mut Session, workspace: &Workspace, run: Id) -> Result<u64> {
    s.touch(workspace.no);
    s.run(
        "UPDATE punches SET voided_at = $3 WHERE workspace = $1 AND run = $2 AND voided_at IS NULL",
        params![workspace.no, run, s.now()],
    )
    .await
}

/// How many live punches there are.
pub async fn count(s: &mut Session, workspace: &Workspace) -> Result<u64> {
    let row = s
        .row("SELECT count(*) FROM punches WHERE workspace = $1 AND voided_at IS NULL", params![workspace.no])
        .await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

fn take(mut row: Row) -> Result<StoredPunch> {
    let unknown = || Error::internal("a stored punch has a number that means nothing");
    Ok(StoredPunch {
        id: row.int()?,
        employee: row.id()?,
        at: row.time()?,
        offset_seconds: i32::try_from(row.int()?).map_err(|_| unknown())?,
        direction: by_number(Direction::ALL, row.int()?, direction_number).ok_or_else(unknown)?,
        source: by_number(PunchSource::ALL, row.int()?, source_number).ok_or_else(unknown)?,
        day: row.date()?,
        detail: row.opt_text()?,
        connection: row.int()?,
        voided: row.filled()?,
    })
}

fn by_number<T: Copy>(all: &[T], number: i64, number_of: fn(T) -> i64) -> Option<T> {
    all.iter().copied().find(|value| number_of(*value) == number)
}

/// The numbers in the table; they never change.
const fn direction_number(direction: Direction) -> i64 {
    match direction {
        Direction::In => 1,
        Direction::Out => 2,
        Direction::Unknown => 3,
        Direction::Other => 4,
    }
}

/// The numbers in the table; they never change.
const fn source_number(source: PunchSource) -> i64 {
    match source {
        PunchSource::Mobile => 1,
        PunchSource::Machine => 2,
        PunchSource::Import => 3,
        PunchSource::Supervisor => 4,
        PunchSource::Approval => 5,
        PunchSource::System => 6,
        PunchSource::Unknown => 7,
        PunchSource::Other => 8,
    }
}
