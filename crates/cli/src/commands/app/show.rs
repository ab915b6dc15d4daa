//! Apps on the terminal, without their secrets.

use tongshi_hub::AppView;

use crate::{exit::Failure, print, program::Program};

/// All apps, a line each.
pub(super) async fn list(program: &Program) -> Result<(), Failure> {
    let (hub, workspace) = program.open().await?;
    let apps = hub.apps(&workspace).await?;
    if program.json {
        return print::json(&apps);
    }
    if apps.is_empty() {
        return print::line("No apps yet; make one with `tongshi app create`.");
    }
    let rows = apps.iter().map(|app| {
        [
            app.name.clone(),
            app.faces.join(", "),
            sensitivity(app),
            writes(app).to_owned(),
            if app.disabled { "off" } else { "on" }.to_owned(),
            print::time(app.created_at),
        ]
    });
    print::line(print::table(["app", "faces", "sees up to", "writes", "switched", "created (UTC)"], rows))
}

/// One app.
pub(super) async fn one(program: &Program, name: &str) -> Result<(), Failure> {
    let (hub, workspace) = program.open().await?;
    let app = hub.app(&workspace, name).await?;
    if program.json { print::json(&app) } else { details(&app) }
}

/// What an app may, a line each.
pub(super) fn details(app: &AppView) -> Result<(), Failure> {
    let scopes = &app.scopes;
    let or_all = |list: Option<Vec<String>>| list.map_or_else(|| "all".to_owned(), |list| list.join(", "));
    let mut kinds: Option<Vec<String>> =
        scopes.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind.name().to_owned()).collect());
    if let Some(kinds) = kinds.as_mut().filter(|_| scopes.sees_punches()) {
        kinds.push("punch".to_owned());
    }
    let access = &app.access;
    let everywhere = || "everywhere".to_owned();
    let from = if access.addresses.is_empty() { everywhere() } else { access.addresses.to_string() };
    let requests = access.limits.requests_per_minute;
    let requests = requests.map_or_else(|| "as configured".to_owned(), |number| number.to_string());
    let lines = [
        ("switched", if app.disabled { "off" } else { "on" }.to_owned()),
        ("sees up to", sensitivity(app)),
        ("kinds", or_all(kinds)),
        ("writes", writes(app).to_owned()),
        ("actions", or_all(scopes.actions.clone())),
        ("operations", or_all(scopes.operations.clone())),
        ("administrates", if scopes.admin { "yes" } else { "no" }.to_owned()),
        ("calls from", from),
        ("redirect URIs", access.redirect_uris.join(" ")),
        ("requests/minute", requests),
        ("settings", app.settings.join(", ")),
    ];
    print::line(format!("The app '{}' ({})", app.name, app.id))?;
    for (name, value) in lines {
        print::line(format!("  {name:15} {value}"))?;
    }
    let rows = app.keys.iter().map(|key| {
        let ends = key.ends_at.map_or_else(|| "-".to_owned(), print::time);
        [key.face.clone(), key.key.clone().unwrap_or_default(), print::time(key.created_at), ends]
    });
    print::line(print::table(["keys for", "key", "created (UTC)", "ends (UTC)"], rows))
}

fn sensitivity(app: &AppView) -> String {
    let sees = serde_json::to_value(app.scopes.sensitivity).unwrap_or_default();
    sees.as_str().unwrap_or_default().to_owned()
}

fn writes(app: &AppView) -> &'static str {
    if app.scopes.write { "yes" } else { "no" }
}
