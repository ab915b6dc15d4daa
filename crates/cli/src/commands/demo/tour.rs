//! What the demo shows: what was read, one person with the origin of each field, and what to try next.

use std::{collections::BTreeMap, path::Path};

use http::Method;
use serde_json::Value;
use tongshi_dialect::{Credential, Descriptor, Message};
use tongshi_hub::{Hub, RecordQuery, RecordView, Scopes, Workspace};
use tongshi_model::{Kind, Secret};

use crate::{
    commands::{
        sign,
        status::{places, shell},
    },
    exit::Failure,
    print,
    program::Program,
};

use super::file::Demo;

/// People among whom one with many fields is looked for.
const CANDIDATES: u32 = 100;
/// The first people of the company are odd on purpose; an ordinary one says more.
const ODD: usize = 40;

/// Shows everything.
pub(super) async fn show(
    program: &Program,
    hub: &Hub,
    [workspace, sandbox]: [&Workspace; 2],
    demo: &Demo,
    path: &Path,
) -> Result<(), Failure> {
    print::line(format!(
        "\nWhat stands behind the faces, and what was read from them:\n{}",
        counts(hub, workspace, sandbox).await?
    ))?;
    if let Some(employee) = employee(hub, workspace).await? {
        print::line(person(hub, workspace, &employee).await?)?;
    }
    next(program, hub, demo, path)
}

async fn counts(hub: &Hub, workspace: &Workspace, sandbox: &Workspace) -> Result<String, Failure> {
    let read: BTreeMap<String, u64> =
        hub.counts(workspace).await?.into_iter().map(|count| (count.kind, count.live)).collect();
    let rows = hub.counts(sandbox).await?.into_iter().filter(|count| count.live > 0).map(|count| {
        let read = read.get(&count.kind).copied().unwrap_or(0);
        [count.kind, count.live.to_string(), read.to_string()]
    });
    let table = print::table(["kind", "behind the faces", "read through connectors"], rows);
    Ok(format!(
        "{table}\nA vendor's API shows what it shows: some kinds not at all, others for some days or for people with a number."
    ))
}

/// Somebody of whom much is known.
async fn employee(hub: &Hub, workspace: &Workspace) -> Result<Option<RecordView>, Failure> {
    let query = RecordQuery {
        kind: Kind::Employee,
        filters: Vec::new(),
        date_from: None,
        date_to: None,
        deleted: false,
        after: None,
        limit: CANDIDATES,
    };
    let page = hub.records(workspace, &query, &Scopes::all()).await?;
    let fields = |record: &RecordView| {
        serde_json::from_str::<BTreeMap<String, Value>>(record.data.get()).map_or(0, |fields| fields.len())
    };
    let odd = if page.data.len() > ODD { ODD } else { 0 };
    Ok(page.data.into_iter().skip(odd).max_by_key(fields))
}

async fn person(hub: &Hub, workspace: &Workspace, employee: &RecordView) -> Result<String, Failure> {
    let fields: BTreeMap<String, Value> = serde_json::from_str(employee.data.get())?;
    let lineage = hub.lineage(workspace, employee.id, &Scopes::all()).await?;
    let mut text = format!("\nOne employee ({}), and where each field comes from:\n", employee.id);
    for source in &lineage {
        let (connection, dialect, id) = (&source.connection, &source.dialect, &source.remote_id);
        text.push_str(&format!("  {connection}: {dialect}'s {id}\n"));
    }
    let rows = fields.iter().map(|(name, value)| {
        let origins = lineage.iter().filter(|source| source.fields.contains(name));
        let origins: Vec<&str> = origins.map(|source| source.connection.as_str()).collect();
        [name.clone(), print::short(&shown(value)), origins.join(", ")]
    });
    text.push_str(&print::table(["field", "value", "from"], rows));
    Ok(text)
}

/// A value; of a coded one ours, and the vendor's own word where it differs.
fn shown(value: &Value) -> String {
    let Some(ours) = value["value"].as_str() else {
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    };
    match value["vendor_value"].as_str() {
        Some(theirs) if theirs != ours => format!("{ours} (the vendor says {theirs})"),
        _ => ours.to_owned(),
    }
}

fn next(program: &Program, hub: &Hub, demo: &Demo, path: &Path) -> Result<(), Failure> {
    let (url, key) = (&demo.hub.url, &demo.hub.api_key);
    let places = places(program);
    print::line("\nTry next:")?;
    print::line("  the organisation, through the hub's own API")?;
    print::line(format!("    curl -sS -H 'Authorization: Bearer {key}' '{url}/v1/employees?limit=3'"))?;
    print::line(format!("    curl -sS -H 'Authorization: Bearer {key}' '{url}/v1/changes?after=0&limit=3'"))?;
    let mut others = Vec::new();
    for dialect in hub.dialects() {
        let Some((path, line)) = signed(program, demo, dialect) else {
            others.push(dialect.title);
            continue;
        };
        print::line(format!(
            "  the face of {}, as one of its own apps would (the signature lives some minutes)",
            dialect.title
        ))?;
        print::line(format!("    {line}"))?;
        print::line(format!(
            "    tongshi sign {} GET {path} --connection {}{places}",
            dialect.id, dialect.id
        ))?;
    }
    print::line(format!("  the other faces: README.md has calls for {}", others.join(", ")))?;
    print::line("  the command line")?;
    for command in ["records employee", "changes --limit 10", "runs", "status"] {
        print::line(format!("    tongshi {command}{places}"))?;
    }
    print::line(format!("Addresses and keys for scripts: {}", shell(&path.display().to_string())))
}

/// A signed request for the first list that can be asked for without knowing anything; none where more than a signature
/// is needed.
fn signed(program: &Program, demo: &Demo, dialect: &Descriptor) -> Option<(&'static str, String)> {
    let path = dialect
        .operations
        .iter()
        .find(|known| known.method == "GET" && known.name.ends_with(".list") && !known.path.contains('{'))?
        .path;
    let face = demo.faces.get(dialect.id)?;
    let values = face.iter().map(|(name, value)| (name.clone(), Secret::new(value.clone()))).collect();
    let mut message = Message::new(Method::GET, path);
    (dialect.sign)(&mut message, &Credential::new(values), program.clock.now()).ok()?;
    Some((path, sign::curl(face.get("base_url")?, &message)))
}
