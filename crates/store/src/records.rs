//! Records: the merged view, a JSON document each, with the values by which it is found.

use tongshi_model::{Error, Id, KEYS_MAX, Keys, Kind, LocalDate, Result, Timestamp};

use crate::{
    Evidence, Workspace, refs,
    sql::{Bulk, Column, Row, Session, Value, json_text, params},
};

/// A record.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Its place in lists, from [`crate::allocate`]; it never changes.
    pub ord: i64,
    /// Its public id.
    pub id: Id,
    /// Its kind.
    pub kind: Kind,
    /// Counts its changes.
    pub version: i64,
    /// The document.
    pub doc: String,
    /// The values by which it is found.
    pub keys: Keys,
    /// Its business date.
    pub date: Option<LocalDate>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// When it went, and how we know.
    pub deleted: Option<(Timestamp, Evidence)>,
}

impl RecordRow {
    /// Whether its id means another record now.
    pub fn is_linked(&self) -> bool {
        matches!(self.deleted, Some((_, Evidence::Linked)))
    }
}

impl std::fmt::Debug for RecordRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordRow")
            .field("ord", &self.ord)
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("version", &self.version)
            .field("deleted", &self.deleted)
            .finish_non_exhaustive()
    }
}

/// Which records of a kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// The kind.
    pub kind: Kind,
    /// Looked-up fields by their place, and the value each must have.
    pub keys: Vec<(usize, String)>,
    /// Looked-up fields by their place, and the values of which each must have one: ids that mean the same record.
    pub any: Vec<(usize, Vec<String>)>,
    /// Fields of the document, and the values of which each must have one. `phase.value` reaches into an object.
    pub fields: Vec<(String, Vec<String>)>,
    /// The first business date.
    pub date_from: Option<LocalDate>,
    /// The last business date.
    pub date_to: Option<LocalDate>,
    /// Fields of the document that hold a date or an instant, with the first and last day.
    pub field_dates: Vec<(String, Option<LocalDate>, Option<LocalDate>)>,
    /// Whether deleted records count too.
    pub deleted: bool,
    /// In which order; `after` is for the order of places only.
    pub order: Order,
    /// Only records behind this place.
    pub after: Option<i64>,
    /// How many to skip.
    pub offset: u64,
    /// How many at most.
    pub limit: u32,
}

/// In which order records come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By place.
    #[default]
    Place,
    /// By business date and then by place; those without a date are left out.
    Date,
    /// The same the other way round.
    DateDown,
    /// By this looked-up field, the last first, and then by place; those without it are left out.
    KeyDown(usize),
}

impl Query {
    /// All live records of a kind, the first 100.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            keys: Vec::new(),
            any: Vec::new(),
            fields: Vec::new(),
            date_from: None,
            date_to: None,
            field_dates: Vec::new(),
            deleted: false,
            order: Order::Place,
            after: None,
            offset: 0,
            limit: 100,
        }
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The values may be numbers and names of people.
        write!(f, "Query({})", self.kind)
    }
}

static UPSERT: Bulk = Bulk::new(
    "records",
    &[
        ("ord", Column::Int),
        ("id", Column::Bytes),
        ("workspace", Column::Int),
        ("kind", Column::Int),
        ("version", Column::Int),
        ("key1", Column::Text),
        ("key2", Column::Text),
        ("key3", Column::Text),
        ("key4", Column::Text),
        ("key5", Column::Text),
        ("key6", Column::Text),
        ("on_date", Column::Int),
        ("created_at", Column::Int),
        ("changed_at", Column::Int),
        ("deleted_at", Column::Int),
        ("evidence", Column::Text),
        ("doc", Column::Json),
    ],
    "ON CONFLICT (ord) DO UPDATE SET version = excluded.version, key1 = excluded.key1, key2 = excluded.key2,
         key3 = excluded.key3, key4 = excluded.key4, key5 = excluded.key5, key6 = excluded.key6,
         on_date = excluded.on_date, changed_at = excluded.changed_at, deleted_at = excluded.deleted_at,
         evidence = excluded.evidence, doc = excluded.doc",
    &[0],
);

/// Writes records, new ones and changed ones, by their places. Id, kind and creation of a place stay.
pub async fn upsert(s: &mut Session, workspace: &Workspace, rows: Vec<RecordRow>) -> Result<()> {
    s.touch(workspace.no);
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        if row.ord <= 0 {
            return Err(Error::internal("a record was written without a place"));
        }
        let [key1, key2, key3, key4, key5, key6] = row.keys;
        values.push(params![
            row.ord,
            row.id,
            workspace.no,
            row.kind,
            row.version,
            key1,
            key2,
            key3,
            key4,
            key5,
            key6,
            row.date,
            row.created_at,
            row.changed_at,
            row.deleted.map(|(at, _)| at),
            row.deleted.map(|(_, evidence)| evidence.as_str()),
            json_text(row.doc)?,
        ]);
    }
    s.run_many(&UPSERT, values).await
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "ord, id, kind, version, doc, key1, key2, key3, key4, key5, key6, on_date, created_at, changed_at, deleted_at, \
         evidence"
    };
}

/// The records with these ids, in their order.
pub async fn many(s: &mut Session, workspace: &Workspace, ids: &[Id]) -> Result<Vec<Option<RecordRow>>> {
    let rows = s
        .one_by_keys(
            concat!("SELECT ", columns!(), " FROM records WHERE workspace = $1 AND id {{key}}"),
            params![workspace.no],
            ids.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?;
    rows.into_iter().map(|row| row.map(take).transpose()).collect()
}

/// Keeps other writers from a record until the transaction ends.
pub async fn lock(s: &mut Session, workspace: &Workspace, id: Id) -> Result<()> {
    let sql = format!("SELECT 1 FROM records WHERE workspace = $1 AND id = $2{}", s.locked());
    s.rows(sql, params![workspace.no, id]).await.map(drop)
}

/// The record with this id, or the one that the id now means.
pub async fn get(s: &mut Session, workspace: &Workspace, id: Id) -> Result<Option<RecordRow>> {
    let found = many(s, workspace, &[id]).await?.pop().flatten();
    if found.as_ref().is_some_and(|record| !record.is_linked()) {
        return Ok(found);
    }
    match refs::resolve(s, workspace, &[id]).await?.get(&id) {
        Some(meant) => Ok(many(s, workspace, &[*meant]).await?.pop().flatten()),
        None => Ok(found),
    }
}

/// Live records whose looked-up field has this value, by place, the first 100.
pub async fn by_key(
    s: &mut Session,
    workspace: &Workspace,
    kind: Kind,
    lookup: usize,
    value: &str,
) -> Result<Vec<RecordRow>> {
    let column = key_column(lookup)?;
    let rows = s
        .rows(
            format!(
                "SELECT {} FROM records
                 WHERE workspace = $1 AND kind = $2 AND {column} = $3 AND deleted_at IS NULL
                 ORDER BY ord LIMIT 100",
                columns!()
            ),
            params![workspace.no, kind, value],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// The ids of live records whose looked-up field has one of these values, in the order of the values and then by
/// place.
pub async fn by_keys(
    s: &mut Session,
    workspace: &Workspace,
    kind: Kind,
    lookup: usize,
    values: &[&str],
) -> Result<Vec<(String, Id)>> {
    let column = key_column(lookup)?;
    let found = s
        .rows_by_keys(
            format!(
                "SELECT {column}, id FROM records
                 WHERE workspace = $1 AND kind = $2 AND deleted_at IS NULL AND {column} {{{{key}}}} ORDER BY ord"
            ),
            params![workspace.no, kind],
            values.iter().map(|value| Value::from(*value)).collect(),
        )
        .await?;
    found.into_iter().flatten().map(|mut row| Ok((row.text()?, row.id()?))).collect()
}

/// The records that the query means, in its order.
pub async fn list(s: &mut Session, workspace: &Workspace, query: &Query) -> Result<Vec<RecordRow>> {
    let mut condition = Condition::of(s, workspace, query)?;
    if let Some(after) = query.after {
        let place = condition.place(after);
        condition.add(&format!("ord > {place}"));
    }
    let limit = condition.place(query.limit);
    let offset = condition.place(query.offset);
    let order = match query.order {
        Order::Place => "ord".to_owned(),
        Order::Date => "on_date, ord".to_owned(),
        Order::DateDown => "on_date DESC, ord DESC".to_owned(),
        Order::KeyDown(lookup) => format!("{} DESC, ord DESC", key_column(lookup)?),
    };
    let sql = format!(
        "SELECT {} FROM records WHERE {} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
        columns!(),
        condition.text
    );
    s.rows(sql, condition.params).await?.into_iter().map(take).collect()
}

/// How many records the query means, wherever it begins and ends.
pub async fn count(s: &mut Session, workspace: &Workspace, query: &Query) -> Result<u64> {
    let condition = Condition::of(s, workspace, query)?;
    let row =
        s.row(format!("SELECT count(*) FROM records WHERE {}", condition.text), condition.params).await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// For each kind that has any, how many records live and how many are deleted.
pub async fn counts(s: &mut Session, workspace: &Workspace) -> Result<Vec<(Kind, u64, u64)>> {
    let rows = s
        .rows(
            "SELECT kind, count(*) - count(deleted_at), count(deleted_at) FROM records
             WHERE workspace = $1 GROUP BY kind ORDER BY kind",
            params![workspace.no],
        )
        .await?;
    rows.into_iter().map(|mut row| Ok((row.kind()?, row.count()?, row.count()?))).collect()
}

/// A growing `WHERE` and its parameters.
struct Condition {
    text: String,
    params: Vec<Value>,
}

impl Condition {
    fn of(s: &Session, workspace: &Workspace, query: &Query) -> Result<Self> {
        let mut condition = Self {
            text: "workspace = $1 AND kind = $2".to_owned(),
            params: params![workspace.no, query.kind],
        };
        if !query.deleted {
            condition.add("deleted_at IS NULL");
        }
        match query.order {
            Order::Place => {}
            Order::Date | Order::DateDown => condition.add("on_date IS NOT NULL"),
            Order::KeyDown(lookup) => condition.add(&format!("{} IS NOT NULL", key_column(lookup)?)),
        }
        for (lookup, value) in &query.keys {
            let column = key_column(*lookup)?;
            let place = condition.place(value.as_str());
            condition.add(&format!("{column} = {place}"));
        }
        for (lookup, values) in &query.any {
            condition.one_of(key_column(*lookup)?, values);
        }
        for (name, values) in &query.fields {
            condition.one_of(&field(s, name)?, values);
        }
        // A key other than the first finds fewer rows than any range of days, and neither database knows that: the plus
        // keeps the index of days out of it.
        let places =
            query.keys.iter().map(|(place, _)| place).chain(query.any.iter().map(|(place, _)| place));
        let by_other_key = places.into_iter().any(|place| *place > 0);
        let on_date = if by_other_key { "+on_date" } else { "on_date" };
        condition.between(on_date, query.date_from, query.date_to, Value::from);
        for (name, from, to) in &query.field_dates {
            // A date and an instant both begin with the day.
            let day = format!("substr({}, 1, 10)", field(s, name)?);
            condition.between(&day, *from, *to, |date| Value::from(date.to_string()));
        }
        Ok(condition)
    }

    fn one_of(&mut self, expression: &str, values: &[String]) {
        let places: Vec<_> = values.iter().map(|value| self.place(value.as_str())).collect();
        match places.is_empty() {
            true => self.add("1 = 0"),
            false => self.add(&format!("{expression} IN ({})", places.join(", "))),
        }
    }

    fn between(
        &mut self,
        expression: &str,
        from: Option<LocalDate>,
        to: Option<LocalDate>,
        value: impl Fn(LocalDate) -> Value,
    ) {
        for (bound, sign) in [(from, ">="), (to, "<=")] {
            if let Some(date) = bound {
                let place = self.place(value(date));
                self.add(&format!("{expression} {sign} {place}"));
            }
        }
    }

    fn add(&mut self, text: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(text);
    }

    /// Takes a parameter and gives its place in the text.
    fn place(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }
}

fn key_column(lookup: usize) -> Result<&'static str> {
    const COLUMNS: [&str; KEYS_MAX] = ["key1", "key2", "key3", "key4", "key5", "key6"];
    COLUMNS.get(lookup).copied().ok_or_else(|| Error::internal("a kind has no such lookup"))
}

/// The expression for a field; its name goes into the text, so only plain names are taken.
fn field(s: &Session, name: &str) -> Result<String> {
    let (outer, inner) = name.split_once('.').map_or((name, None), |(outer, inner)| (outer, Some(inner)));
    let plain = |name: &str| {
        !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if !plain(outer) || !inner.is_none_or(plain) {
        return Err(Error::invalid("field", "a field is named by lower-case letters and underscores"));
    }
    Ok(s.field(outer, inner))
}

fn take(mut row: Row) -> Result<RecordRow> {
    Ok(RecordRow {
        ord: row.int()?,
        id: row.id()?,
        kind: row.kind()?,
        version: row.int()?,
        doc: row.text()?,
        keys: [
            row.opt_text()?,
            row.opt_text()?,
            row.opt_text()?,
            row.opt_text()?,
            row.opt_text()?,
            row.opt_text()?,
        ],
        date: row.opt_date()?,
        created_at: row.time()?,
        changed_at: row.time()?,
        deleted: match (row.opt_time()?, row.opt_text()?) {
            (Some(at), Some(evidence)) => Some((at, evidence.parse()?)),
            _ => None,
        },
    })
}
