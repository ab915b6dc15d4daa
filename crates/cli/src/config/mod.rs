//! Configuration: compiled-in defaults, then a file, then `TONGSHI_…`. The only place that reads the environment.

mod near;
mod settings;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use tongshi_model::Secret;

use crate::{args::Global, exit::Failure};

pub(crate) use near::nearest;
pub(crate) use settings::{LogFormat, Settings};

/// What every name of ours in the environment begins with.
const PREFIX: &str = "TONGSHI_";

/// Names of ours in the environment that are no settings: tests and benchmarks, and credentials for `connect`.
const APART: &[&str] = &["TEST_", "BENCH_", "SET_"];

/// What the command line sets and no file can: where to look.
const PLACES: &[&str] = &["DATA", "CONFIG", "WORKSPACE"];

/// Where the data lies when nobody says.
pub(crate) const DATA: &str = "tongshi-data";

/// Everything that is set.
pub(crate) struct Config {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// The file that was read, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The workspace.
    pub(crate) workspace: String,
    /// The settings.
    pub(crate) settings: Settings,
    /// Where each setting that is no default comes from.
    pub(crate) origins: BTreeMap<String, String>,
    /// Credentials in the environment (`TONGSHI_SET_…`), by name in lower case.
    pub(crate) credentials: BTreeMap<String, Secret>,
}

/// Something wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Problem {
    /// The file, or the environment.
    pub(crate) place: String,
    /// What is wrong, naming the key.
    pub(crate) what: String,
    /// How to mend it.
    pub(crate) mend: String,
}

/// Reads everything; what is wrong is left at its default and listed.
pub(crate) fn read(global: &Global, default_data: &str) -> (Config, Vec<Problem>) {
    let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    read_from(global, default_data, environment)
}

/// The problems as one failure.
pub(crate) fn refuse(problems: &[Problem]) -> Result<(), Failure> {
    let Some(first) = problems.first() else { return Ok(()) };
    let mut what = format!("{}: {}", first.place, first.what);
    if problems.len() > 1 {
        what.push_str(&format!(" (and {} more; `tongshi config check` lists all)", problems.len() - 1));
    }
    Err(Failure::usage(what).mend(first.mend.clone()))
}

fn read_from(
    global: &Global,
    default_data: &str,
    environment: Vec<(OsString, OsString)>,
) -> (Config, Vec<Problem>) {
    let mut problems = Vec::new();
    let ours = ours(environment, &mut problems);
    let place =
        |given: &Option<PathBuf>, name: &str| given.clone().or_else(|| ours.get(name).map(PathBuf::from));
    let data = place(&global.data, "DATA").unwrap_or_else(|| PathBuf::from(default_data));
    let named = place(&global.config, "CONFIG");
    let workspace = global.workspace.clone().or_else(|| ours.get("WORKSPACE").cloned());
    let mut config = Config {
        file: None,
        workspace: workspace.unwrap_or_else(|| "main".to_owned()),
        settings: Settings::default(),
        origins: BTreeMap::new(),
        credentials: BTreeMap::new(),
        data,
    };
    let path = named.clone().unwrap_or_else(|| config.data.join("tongshi.toml"));
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            file(&mut config, &path, &text, &mut problems);
            config.file = Some(path);
        }
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => problems.push(Problem {
            place: path.display().to_string(),
            what: format!("the configuration file cannot be read: {error}"),
            mend: "give the path of a file that is there with --config, or leave the option out".to_owned(),
        }),
    }
    environment_settings(&mut config, &ours, &mut problems);
    problems.extend(config.settings.problems().into_iter().map(|(key, what)| {
        let place = config.origins.get(key).cloned().unwrap_or_else(|| "the defaults".to_owned());
        Problem {
            place,
            what,
            mend: format!("set {key} to a value within its bounds (`tongshi config show`)"),
        }
    }));
    (config, problems)
}

/// Our names in the environment without the prefix.
fn ours(environment: Vec<(OsString, OsString)>, problems: &mut Vec<Problem>) -> BTreeMap<String, String> {
    let mut ours = BTreeMap::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        match value.into_string() {
            Ok(value) if !value.is_empty() => drop(ours.insert(name.to_owned(), value)),
            // An empty value is how a shell says "not set".
            Ok(_) => {}
            Err(_) => problems.push(Problem {
                place: "the environment".to_owned(),
                what: format!("{PREFIX}{name} is not UTF-8"),
                mend: "set it to plain text or unset it".to_owned(),
            }),
        }
    }
    ours
}

fn environment_settings(config: &mut Config, ours: &BTreeMap<String, String>, problems: &mut Vec<Problem>) {
    for (name, value) in ours {
        if let Some(credential) = name.strip_prefix("SET_") {
            config.credentials.insert(credential.to_ascii_lowercase(), Secret::new(value.clone()));
            continue;
        }
        if PLACES.contains(&name.as_str()) || APART.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let key = name.to_ascii_lowercase();
        let variable = format!("{PREFIX}{name}");
        set(config, &key, &toml::Value::String(value.clone()), "the environment", &variable, problems);
    }
}

fn file(config: &mut Config, path: &Path, text: &str, problems: &mut Vec<Problem>) {
    let place = path.display().to_string();
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            // The error's own text quotes the line, which may hold a password.
            let error: toml::de::Error = error;
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            problems.push(Problem {
                place,
                what: format!("line {line} is not TOML: {}", error.message()),
                mend: "write settings as name = value, text in double quotes".to_owned(),
            });
            return;
        }
    };
    for (key, value) in &table {
        set(config, key, value, &place, key, problems);
    }
}

/// Sets one key, or says why not. `shown` is how the place spells the key.
fn set(
    config: &mut Config,
    key: &str,
    value: &toml::Value,
    place: &str,
    shown: &str,
    problems: &mut Vec<Problem>,
) {
    match config.settings.set(key, value) {
        Some(Ok(())) => drop(config.origins.insert(key.to_owned(), place.to_owned())),
        Some(Err(why)) => problems.push(Problem {
            place: place.to_owned(),
            what: format!("{shown} {why}"),
            mend: format!("mend {shown} or take it out; docs/CONFIG.md describes it"),
        }),
        None => {
            let known = Settings::names();
            let near = nearest(key, known.iter().copied());
            let near = near.map(|name| match place {
                "the environment" => format!("did you mean {PREFIX}{}? ", name.to_ascii_uppercase()),
                _ => format!("did you mean {name}? "),
            });
            problems.push(Problem {
                place: place.to_owned(),
                what: format!("there is no setting {shown}"),
                mend: format!("{}`tongshi config show` lists all settings", near.unwrap_or_default()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> (Config, Vec<Problem>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tongshi.toml"), text).unwrap();
        let global = Global { data: Some(folder.path().to_owned()), ..Global::default() };
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        read_from(&global, DATA, environment)
    }

    #[test]
    fn the_environment_overrides_the_file_and_the_file_the_defaults() {
        let (config, problems) = load(
            "window_days = 10\nattempts_max = 3\n[faces]\nzhiren = \"127.0.0.1:7071\"\n",
            &[("TONGSHI_WINDOW_DAYS", "12"), ("TONGSHI_SET_ACCESS_KEY", "ak-demo"), ("HOME", "x")],
        );
        assert_eq!(problems, []);
        assert_eq!(config.settings.window_days, 12);
        assert_eq!(config.settings.attempts_max, 3);
        assert_eq!(config.settings.faces.0["zhiren"].port(), 7071);
        assert_eq!(config.origins["window_days"], "the environment");
        assert_eq!(config.credentials["access_key"].expose(), "ak-demo");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_file_and_the_nearest_one() {
        let (_, problems) = load("lisen = \"127.0.0.1:1\"\n", &[("TONGSHI_WINDOW_DAY", "1")]);
        assert!(problems[0].place.ends_with("tongshi.toml"));
        assert!(problems[0].what.contains("lisen") && problems[0].mend.contains("did you mean listen?"));
        assert!(problems[1].mend.contains("TONGSHI_WINDOW_DAYS"));
    }

    #[test]
    fn values_are_checked_and_not_quoted() {
        let (config, problems) = load("window_days = \"hunter2\"\nattempts_max = 0\n", &[]);
        assert_eq!(problems.len(), 2);
        assert!(problems.iter().all(|problem| !problem.what.contains("hunter2")));
        assert_eq!(config.settings.window_days, 31);
        let (_, problems) = load("key = hunter2\n", &[]);
        assert!(problems[0].what.contains("line 1") && !problems[0].what.contains("hunter2"));
    }
}
