//! `demo.json`: where everything is and with which keys. Scripts rely on its shape.

use std::{
    collections::BTreeMap,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tongshi_dialect::Capability;
use tongshi_hub::{Access, Actor, AppChange, Hub, NewApp, NewAppKeys, RecordQuery, Scopes, Workspace};
use tongshi_model::{ErrorKind, Id, Kind};

use crate::{commands::app::face_keys, exit::Failure, program::Program};

/// The name of the file in the data directory.
const FILE: &str = "demo.json";
/// The app that the demo registers in both workspaces.
const APP: &str = "demo";
/// Where the vendors' sign-in pages send the browser back to. Nothing has to answer there: scripts read the address.
const CALLBACK: &str = "http://127.0.0.1/callback";
/// The vendors' name for it.
pub(super) const REDIRECT_URI: &str = "redirect_uri";
/// The company's number at vendors that number companies: invented.
const TENANT: &str = "7361230011223344556";

/// The app's number at vendors that number apps.
const AGENT: &str = "1000000001";

/// The document. No `Debug`: it holds keys.
#[derive(Serialize, Deserialize)]
pub(super) struct Demo {
    /// The hub itself.
    pub(super) hub: HubEntry,
    /// Each face with its address and the vendor's own names for its keys.
    pub(super) faces: BTreeMap<String, BTreeMap<String, String>>,
    /// The connections to the faces.
    pub(super) connections: Vec<ConnectionEntry>,
    /// The runs of this start.
    pub(super) runs: Vec<Value>,
}

/// The hub itself.
#[derive(Serialize, Deserialize)]
pub(super) struct HubEntry {
    /// Where it answers.
    pub(super) url: String,
    /// The key that sees what was synced.
    pub(super) api_key: String,
    /// The key that sees the company behind the faces.
    pub(super) sandbox_api_key: String,
}

/// A connection to a face.
#[derive(Serialize, Deserialize)]
pub(super) struct ConnectionEntry {
    /// Its id.
    pub(super) id: String,
    /// Its vendor.
    pub(super) dialect: String,
    /// Its name.
    pub(super) name: String,
}

/// The keys of an earlier start where they still work, so that programs that hold them go on; else fresh ones.
pub(super) async fn keys(
    program: &Program,
    hub: &Hub,
    workspace: &Workspace,
    sandbox: &Workspace,
) -> Result<Demo, Failure> {
    if let Some(mut demo) = earlier(&program.config.data.join(FILE))
        && still_work(hub, &demo, workspace, sandbox).await
    {
        demo.connections.clear();
        demo.runs.clear();
        return Ok(demo);
    }
    let token = Id::random(&*program.randomness).to_string();
    let settings = json!({
        "company_token": token, "callback_url": CALLBACK, REDIRECT_URI: CALLBACK, "tenant_id": TENANT, "sandbox": true,
        "corporation_id": "TSdemo0corp", "sign_key": Id::random(&*program.randomness).to_string(),
        "agent_id": AGENT, "callback_token": digits(program, 16), "callback_aes_key": digits(program, 43),
        "operator_userid": somebody(hub, sandbox).await?,
    });
    let faces: Vec<String> = hub.dialects().iter().map(|dialect| dialect.id.to_owned()).collect();
    let behind = register(hub, sandbox, faces, settings.clone()).await?;
    let before = register(hub, workspace, Vec::new(), json!({})).await?;
    let mut entries: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (face, fields) in face_keys(&behind) {
        let entry = entries.entry(face.to_owned()).or_default();
        entry.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        // What else an account at this vendor consists of is a setting of the app.
        for field in hub.dialect(face)?.credential {
            if let Some(value) = settings[field.name].as_str() {
                entry.insert(field.name.to_owned(), value.to_owned());
            }
        }
    }
    Ok(Demo {
        hub: HubEntry {
            url: String::new(),
            api_key: before.api_key.expose().to_owned(),
            sandbox_api_key: behind.api_key.expose().to_owned(),
        },
        faces: entries,
        connections: Vec::new(),
        runs: Vec::new(),
    })
}

/// Random letters and digits.
fn digits(program: &Program, count: usize) -> String {
    let id = || Id::random(&*program.randomness).to_string();
    (id() + &id())[..count].to_owned()
}

/// The id of somebody who works at the company: some vendors want to know on whose behalf an app asks.
async fn somebody(hub: &Hub, sandbox: &Workspace) -> Result<Option<String>, Failure> {
    let query = RecordQuery {
        kind: Kind::Employee,
        filters: Vec::new(),
        date_from: None,
        date_to: None,
        deleted: false,
        after: None,
        limit: 100,
    };
    let page = hub.records(sandbox, &query, &Scopes::all()).await?;
    let works = |doc: &str| serde_json::from_str::<Value>(doc).is_ok_and(|doc| doc["status"] == "active");
    Ok(page.data.iter().find(|record| works(record.data.get())).map(|record| record.id.to_string()))
}

async fn register(
    hub: &Hub,
    workspace: &Workspace,
    faces: Vec<String>,
    settings: Value,
) -> Result<NewAppKeys, Failure> {
    // One that is left from a demo whose file is lost has keys that nobody knows any more.
    if hub.apps(workspace).await?.iter().any(|app| app.name == APP) {
        hub.delete_app(workspace, APP, &Actor::cli()).await?;
    }
    let new = NewApp { name: APP.to_owned(), faces, scopes: Scopes::all(), settings, ..NewApp::default() };
    Ok(hub.create_app(workspace, new, &Actor::cli()).await?)
}

/// Registers at the faces where people come back to who sign in through the hub. An address that nobody may register
/// (http to another machine) is left out: then nobody signs in.
pub(super) async fn register_returns(hub: &Hub, sandbox: &Workspace, url: &str) -> Result<(), Failure> {
    let signs_in = hub.dialects().iter().filter(|dialect| dialect.capabilities.contains(&Capability::SignIn));
    let redirect_uris = signs_in.map(|dialect| callback(url, dialect.id)).collect();
    let access = Some(Access { redirect_uris, ..Access::default() });
    match hub.update_app(sandbox, APP, AppChange { access, ..AppChange::default() }, &Actor::cli()).await {
        Err(error) if !matches!(error.kind(), ErrorKind::Invalid(_)) => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Where somebody comes back to who signs in through this connection of the hub.
pub(super) fn callback(url: &str, connection: &str) -> String {
    format!("{url}/login/{connection}/callback")
}

fn earlier(path: &Path) -> Option<Demo> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

async fn still_work(hub: &Hub, demo: &Demo, workspace: &Workspace, sandbox: &Workspace) -> bool {
    let all_faces = hub.dialects().iter().all(|dialect| demo.faces.contains_key(dialect.id));
    let mut works = all_faces && demo.faces.len() == hub.dialects().len();
    for (key, of) in [(&demo.hub.api_key, workspace), (&demo.hub.sandbox_api_key, sandbox)] {
        let principal = hub.authenticate(key, None).await;
        works &= principal.is_ok_and(|principal| principal.workspace.no == of.no);
    }
    works
}

impl Demo {
    /// Writes the file, whole or not at all, for its owner's eyes only.
    pub(super) fn write(&self, program: &Program) -> Result<PathBuf, Failure> {
        let path = program.config.data.join(FILE);
        let draft = path.with_extension(format!("json.{}", std::process::id()));
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        writeln!(file)?;
        file.sync_all()?;
        std::fs::rename(&draft, &path)?;
        Ok(path)
    }
}
