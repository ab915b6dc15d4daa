//! The files of the repository in memory, read once. Rules see only this, so that a test hands them a small sample.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use anyhow::Context as _;

use super::source::Source;

/// Folders that hold nothing of ours: what .gitignore names, and git itself.
const FOLDERS_SKIPPED: &[&str] = &[".git", "target", "tongshi-data", "__pycache__", "node_modules"];

/// Text files by their path from the top, `/` between the parts.
pub(super) struct Tree(BTreeMap<String, File>);

/// One text file.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    /// For a Rust file: the text taken apart.
    pub(super) source: Option<Source>,
}

/// A broken rule: where, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) path: String,
    /// Counted from one; zero stands for the whole file.
    pub(super) line: usize,
    pub(super) message: String,
}

impl Tree {
    /// Reads every text file under this folder.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let at = root.join(&folder);
            for entry in fs::read_dir(&at).with_context(|| format!("cannot list {}", at.display()))? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                let kind = entry.file_type()?;
                if kind.is_dir() && !FOLDERS_SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                } else if kind.is_file()
                    && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
                {
                    files.insert(path.clone(), File::new(path, text));
                }
            }
        }
        Ok(Self(files))
    }

    /// A tree from samples: path and text.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file =
            |(path, text): &(&str, &str)| (path.to_string(), File::new(path.to_string(), text.to_string()));
        Self(files.iter().map(file).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.0.values()
    }

    /// Every Rust file with its parts.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files().filter_map(|file| Some((file, file.source.as_ref()?)))
    }

    /// Every Rust file that is compiled into a crate: under `src` of `crates/*` or of xtask.
    pub(super) fn crate_sources(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.sources().filter(|(file, _)| file.crate_name().is_some() || file.path.starts_with("xtask/src/"))
    }

    /// The vendors' folders: those right under the dialects' `src`.
    pub(super) fn vendors(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .files()
            .filter_map(|file| file.path.strip_prefix("crates/dialects/src/")?.split_once('/'))
            .map(|(vendor, _)| vendor)
            .collect();
        names.dedup();
        names
    }

    /// The files of a vendor's folder, each with its path from there.
    pub(super) fn vendor_files<'a>(&'a self, vendor: &str) -> impl Iterator<Item = (&'a str, &'a File)> {
        let folder = format!("crates/dialects/src/{vendor}/");
        self.files().filter_map(move |file| Some((file.path.strip_prefix(&folder)?, file)))
    }
}

impl File {
    fn new(path: String, text: String) -> Self {
        let source = path.ends_with(".rs").then(|| Source::new(&text));
        Self { path, text, source }
    }

    /// For `crates/<name>/src/…`: the name.
    pub(super) fn crate_name(&self) -> Option<&str> {
        let (name, rest) = self.path.strip_prefix("crates/")?.split_once('/')?;
        rest.starts_with("src/").then_some(name)
    }

    /// Whether the whole file is test code, a benchmark or an example.
    pub(super) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "examples"))
    }

    pub(super) fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Asserts that a rule is silent on the good sample and finds this many faults in the bad one.
#[cfg(test)]
#[track_caller]
pub(super) fn prove(
    check: fn(&Tree) -> Vec<Finding>,
    good: &[(&str, &str)],
    bad: &[(&str, &str)],
    faults: usize,
) {
    assert_eq!(check(&Tree::of(good)), [], "the good sample");
    let found = check(&Tree::of(bad));
    assert_eq!(found.len(), faults, "the bad sample: {found:#?}");
}
