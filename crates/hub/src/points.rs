//! Deeds: records and points written in one transaction, once for each idempotency key.
//!
//! Every movement is two entries of the ledger that sum to nothing. A pot with a bound is an account, from which one
//! statement takes and looks at once, so nobody gets what somebody else has taken. A person's account opens with what
//! the record knows of them, the first time that their points move here.

use serde_json::{Map, Value, json};
use tongshi_dialect::{About, Change, Deed, Movement, Pot, Settled};
use tongshi_model::{Coded, Draft, Error, Id, Instant, Kind, PointsEntry, Space, shanghai};
use tongshi_store::{
    Connection, RecordRow, Session, Workspace,
    points::{self, Account, Entry, Sums},
    records,
};

use crate::{
    Answer, AuditEntry, Begun, Hub, IdempotencyKey, Scopes, audit,
    idempotency::Once,
    identity::Aliases,
    ingest::{self, Item},
    workforce::HubWorkforce,
    writes::{Asked, own_of, tell_of_changes},
};

/// A person's entries are read in pieces of this size when their account opens.
const STEP: u32 = 1000;

impl Hub {
    /// Adds the ledger of points up.
    pub async fn points_sums(&self, workspace: &Workspace) -> Result<Sums, Error> {
        points::sums(&mut self.store().read().await?, workspace).await
    }
}

/// Does what a deed says, or nothing.
pub(crate) async fn settle(view: &HubWorkforce, deed: Deed) -> Result<Settled, Error> {
    let (hub, workspace) = (view.hub(), view.workspace());
    let Deed { once, made, changed, moves, answer } = deed;
    let key = once.map(|once| IdempotencyKey::new(&once.name, &[&once.request])).transpose()?;
    let mut once = match hub.begin_for(workspace, view.app(), key).await? {
        Begun::Before(answer) => return Ok(Settled::Before(read(&answer.body)?)),
        Begun::InFlight => return Ok(Settled::InFlight),
        Begun::OtherRequest => return Ok(Settled::OtherRequest),
        Begun::Now(once) => once,
    };
    let Some(changed) = look_at(&mut once, view.scopes(), changed).await? else {
        return Ok(Settled::Stale);
    };
    let space = Space { workspace: workspace.id, connection: once.apps.id };
    let (mut ids, mut items) = (Vec::with_capacity(made.len()), Vec::with_capacity(made.len() + moves.len()));
    for draft in made {
        let name = hub.new_id().to_string();
        ids.push(space.id(draft.kind, &name));
        items.push(Item::canonical(name, draft));
    }
    let count = items.len() + changed.len();
    match pour(&mut once, hub, &moves, &ids).await? {
        Ok(entries) => items.extend(entries),
        Err(pot) => return Ok(Settled::Short(pot)),
    }
    write(&mut once, hub, view.actor(), items, changed).await?;
    let target = if let [id] = ids[..] { id.to_string() } else { String::new() };
    let entry = AuditEntry::done(view.actor(), "record.write", target)
        .with(json!({"records": count, "points": moves.len()}));
    audit::note(&mut once.session, workspace, entry).await?;
    let answer = answer(&ids);
    once.finish(&Answer { status: 200, body: answer.to_string() }).await?;
    Ok(Settled::Done { ids, answer })
}

/// How much can be taken out of each pot.
pub(crate) async fn holdings(view: &HubWorkforce, pots: &[Pot]) -> Result<Vec<i64>, Error> {
    let (hub, workspace) = (view.hub(), view.workspace());
    let aliases = hub.aliases(workspace).await?;
    let mut session = hub.store().read().await?;
    let accounts: Vec<Account> = pots.iter().map(|pot| account(pot, &aliases)).collect();
    let balances = points::balances(&mut session, workspace, &accounts).await?;
    let mut holdings = Vec::with_capacity(pots.len());
    for (pot, balance) in pots.iter().zip(balances) {
        holdings.push(match (pot, balance) {
            (Pot::Budget { limit: most, .. } | Pot::Stock { pieces: most, .. }, balance) => {
                i64::from(*most) + balance.unwrap_or_default()
            }
            (_, Some(balance)) => balance,
            (Pot::Person(id), None) => known_points(&mut session, workspace, &aliases, *id).await?,
            (Pot::Held | Pot::Issued | Pot::Spent | Pot::HandedOut, None) => 0,
        });
    }
    Ok(holdings)
}

fn read(body: &str) -> Result<Value, Error> {
    serde_json::from_str(body)
        .map_err(|error| Error::internal("a stored answer is not JSON").caused_by(error))
}

/// A record that changes, with what it becomes and where its source is.
struct Changed {
    connection: Connection,
    before: RecordRow,
    item: Item,
}

/// Locks the records that change and looks whether they still are what the app saw; none where one is not.
async fn look_at(
    once: &mut Once,
    scopes: &Scopes,
    mut changes: Vec<Change>,
) -> Result<Option<Vec<Changed>>, Error> {
    // In one order for all, so that nobody waits in a circle.
    changes.sort_unstable_by_key(|change| change.record);
    let mut changed = Vec::with_capacity(changes.len());
    for change in changes {
        let (session, workspace) = (&mut once.session, &once.workspace);
        records::lock(session, workspace, change.record).await?;
        let row = records::many(session, workspace, &[change.record]).await?.pop().flatten();
        let Some(row) = row.filter(|row| row.kind == change.kind && row.deleted.is_none()) else {
            return Ok(None);
        };
        if row.version != change.version {
            return Ok(None);
        }
        let Some((connection, source)) = own_of(session, workspace, row.id).await? else {
            let text = format!("this {} belongs to a vendor and can be changed only there", row.kind);
            return Err(Error::conflict(text));
        };
        let item = Item::canonical(source.remote_id, merged(&row, scopes, change.fields)?);
        changed.push(Changed { connection, before: row, item });
    }
    Ok(Some(changed))
}

/// The document with the given fields in place of the stored ones.
fn merged(row: &RecordRow, scopes: &Scopes, fields: Map<String, Value>) -> Result<Draft, Error> {
    let mut doc: Map<String, Value> = serde_json::from_str(&row.doc)
        .map_err(|error| Error::internal(format!("record {} cannot be read", row.id)).caused_by(error))?;
    for (name, value) in fields {
        if row.kind.sensitivity(&name) > scopes.sensitivity {
            return Err(Error::forbidden(format!("the app may not see {name}, so it may not write it")));
        }
        match value {
            Value::Null => drop(doc.remove(&name)),
            value => drop(doc.insert(name, value)),
        }
    }
    Draft::parse(row.kind, Value::Object(doc).to_string())
}

/// Writes what is new and what changes, and tells vendors.
async fn write(
    once: &mut Once,
    hub: &Hub,
    actor: &str,
    new: Vec<Item>,
    changed: Vec<Changed>,
) -> Result<(), Error> {
    let (session, workspace) = (&mut once.session, &once.workspace);
    let mut before: Vec<Option<RecordRow>> = vec![None; new.len()];
    let mut ids = ingest::write_in(session, hub, workspace, &once.apps, new, actor).await?;
    for Changed { connection, before: row, item } in changed {
        ids.push(row.id);
        before.push(Some(row));
        ingest::write_in(session, hub, workspace, &connection, vec![item], actor).await?;
    }
    let after = records::many(session, workspace, &ids).await?;
    let (before, after): (Vec<_>, Vec<_>) =
        before.into_iter().zip(after).filter_map(|(before, after)| Some((before, after?))).unzip();
    let asked = Asked { actor, fields: json!({}), bulk: None };
    tell_of_changes(session, hub, workspace, &before, &after, &asked).await.map(drop)
}

/// One side of a movement.
struct Side {
    account: Account,
    pot: Pot,
    amount: i64,
    movement: usize,
    transfer: Id,
}

/// Moves points, and gives the entries that become records of people; or the pot that has too few.
async fn pour(
    once: &mut Once,
    hub: &Hub,
    moves: &[Movement],
    made: &[Id],
) -> Result<Result<Vec<Item>, Pot>, Error> {
    if moves.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let aliases = hub.aliases_in(&mut once.session, &once.workspace).await?;
    let mut sides = Vec::with_capacity(2 * moves.len());
    for (number, movement) in moves.iter().enumerate() {
        let (amount, transfer) = (i64::from(movement.amount), hub.new_id());
        for (pot, amount) in [(movement.from, -amount), (movement.to, amount)] {
            sides.push(Side { account: account(&pot, &aliases), pot, amount, movement: number, transfer });
        }
    }
    // In one order for all; what goes out of an account goes before what comes.
    sides.sort_by_key(|side| (side.account, side.amount));
    let (mut entries, mut items) = (Vec::with_capacity(sides.len()), Vec::new());
    for side in sides {
        let movement = &moves[side.movement];
        let about = match movement.about {
            About::Record(id) => Some(id),
            About::Made(place) => made.get(place).copied(),
        };
        let Some(balance) = take(once, hub, &aliases, &side, &mut entries).await? else {
            return Ok(Err(side.pot));
        };
        if let (Pot::Person(employee), Some(balance)) = (side.pot, balance) {
            let entry = PointsEntry {
                employee: aliases.meaning(employee),
                kind: Coded::ours(movement.kind),
                amount: side.amount,
                balance_after: balance,
                source: about,
                at: Instant::new(once.session.now(), shanghai()),
                note: None,
            };
            items.push(Item::canonical(format!("points/{}", side.transfer), Draft::of(&entry)?));
        }
        let Side { account, amount, transfer, .. } = side;
        entries.push(Entry { account, transfer, amount, balance, about });
    }
    points::note(&mut once.session, &once.workspace, entries).await?;
    Ok(Ok(items))
}

/// Changes the account of a side, which opens if it has to; none where it would hold too little. A pot without a bound
/// has no balance.
async fn take(
    once: &mut Once,
    hub: &Hub,
    aliases: &Aliases,
    side: &Side,
    entries: &mut Vec<Entry>,
) -> Result<Option<Option<i64>>, Error> {
    let (session, workspace) = (&mut once.session, &once.workspace);
    let floor = match side.pot {
        Pot::Person(_) => 0,
        Pot::Budget { limit: most, .. } | Pot::Stock { pieces: most, .. } => -i64::from(most),
        Pot::Held | Pot::Issued | Pot::Spent | Pot::HandedOut => return Ok(Some(None)),
    };
    if points::balances(session, workspace, &[side.account]).await?[0].is_none() {
        let known = match side.pot {
            Pot::Person(id) => known_points(session, workspace, aliases, id).await?,
            _ => 0,
        };
        if points::open(session, workspace, side.account, known).await? && known != 0 {
            let transfer = hub.new_id();
            let entry = |account, amount, balance| Entry { account, transfer, amount, balance, about: None };
            entries.push(entry(side.account, known, Some(known)));
            entries.push(entry(account(&Pot::Issued, aliases), -known, None));
        }
    }
    Ok(points::add(session, workspace, side.account, side.amount, floor).await?.map(Some))
}

/// What the record knows of a person's points before any moved here.
async fn known_points(
    session: &mut Session,
    workspace: &Workspace,
    aliases: &Aliases,
    employee: Id,
) -> Result<i64, Error> {
    let lookup = Kind::PointsEntry.lookup("employee");
    let lookup = lookup.ok_or_else(|| Error::internal("points are not found by employee"))?;
    let of: Vec<String> = aliases.all(aliases.meaning(employee)).iter().map(Id::to_string).collect();
    let mut query = tongshi_store::Query {
        any: vec![(lookup, of)],
        limit: STEP,
        ..tongshi_store::Query::of(Kind::PointsEntry)
    };
    let mut sum = 0_i64;
    loop {
        let rows = records::list(session, workspace, &query).await?;
        for row in &rows {
            let entry: PointsEntry = serde_json::from_str(&row.doc).map_err(|error| {
                Error::internal(format!("record {} cannot be read", row.id)).caused_by(error)
            })?;
            sum = sum.saturating_add(entry.amount);
        }
        match rows.last() {
            Some(last) if rows.len() == STEP as usize => query.after = Some(last.ord),
            _ => return Ok(sum),
        }
    }
}

fn account(pot: &Pot, aliases: &Aliases) -> Account {
    match pot {
        Pot::Person(id) => Account::new(1, aliases.meaning(*id)),
        Pot::Budget { owner, .. } => Account::new(2, *owner),
        Pot::Stock { item, .. } => Account::new(3, *item),
        Pot::Held => Account::common(4),
        Pot::Issued => Account::common(5),
        Pot::Spent => Account::common(6),
        Pot::HandedOut => Account::common(7),
    }
}
