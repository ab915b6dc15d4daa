//! `tongshi backup`: everything in one file, beside a hub that goes on working, and whether such a file can be read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::json;
use tongshi_hub::{Vault, missing_keys};
use tongshi_store::backup::{self, Manifest};

use crate::{
    exit::{Exit, Failure},
    key, print,
    program::{Absent, Program},
};

/// What nobody must find out when it is too late.
const KEY_NOTE: &str = "The encryption key is NOT in the backup: keep master.key (or TONGSHI_KEY) too, in another place. Without it the \
     credentials in the backup cannot be read.";

/// Write everything into one file, or check such a file.
#[derive(clap::Args)]
#[command(
    long_about = "Writes everything that the database holds into one file, as of one instant, while a hub goes on \
    working. The file does not depend on the database: what was backed up from SQLite can be restored into PostgreSQL and \
    the other way round. Credentials are in it encrypted; the key that opens them is NOT in it and must be kept too, in \
    another place. Everything else in it is readable by whoever has the file."
)]
#[command(after_long_help = "\
Examples:
  tongshi backup /backups/tongshi-monday.backup
  tongshi backup - | age -r age1… > monday.age       encrypt it on its way
  tongshi backup --check /backups/tongshi-monday.backup

The file appears under its name only when it is whole, for its owner's eyes only.

Exit codes: 0 done, or the file is whole; 1 the file is there already, or is truncated or altered; 2 with --check, the \
    file is whole and the key at hand does not open what is sealed in it; 5 the database cannot be reached, or there is \
    no room.")]
pub(crate) struct Args {
    /// The file; - for standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Read the file from end to end instead, and say what it is and whether the key at hand fits
    #[arg(long)]
    check: bool,
    /// Replace the file if it is there
    #[arg(long, conflicts_with = "check")]
    force: bool,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    if args.check {
        return check(program, &args.file);
    }
    if args.file.as_os_str() == "-" {
        let store = program.store(Absent::Refuse).await?;
        let vault = key::existing(&program.config)?;
        let manifest = tongshi_hub::back_up(&store, vault.as_ref(), io::stdout().lock(), |_| {}).await?;
        program.say(format!("{} written. {KEY_NOTE}", print::count(manifest.rows(), "row", "rows")));
        return Ok(Exit::Done);
    }
    if args.file.exists() && !args.force {
        return Err(Failure::usage(format!("{} is there already", args.file.display()))
            .mend("name another file, or replace it with --force"));
    }
    let store = program.store(Absent::Refuse).await?;
    let vault = key::existing(&program.config)?;
    let draft = Draft::open(&args.file)?;
    let manifest = tongshi_hub::back_up(&store, vault.as_ref(), &draft.file, |_| {}).await?;
    let bytes = draft.keep(args.force)?;
    if program.json {
        print::json(&described(&manifest, &args.file, bytes))?;
    } else {
        print::line(format!(
            "{}: {}, {} MiB, as of {} UTC.",
            args.file.display(),
            print::count(manifest.rows(), "row", "rows"),
            bytes.div_ceil(1024 * 1024),
            print::time(manifest.made_at)
        ))?;
    }
    program.say(KEY_NOTE);
    Ok(Exit::Done)
}

fn check(program: &Program, file: &Path) -> Result<Exit, Failure> {
    let checked = backup::check(file)?;
    let manifest = checked.manifest();
    let vault = key::existing(&program.config)?;
    let missing = vault.as_ref().map(|vault: &Vault| missing_keys(vault, manifest));
    let bytes = std::fs::metadata(file)?.len();
    let fits = missing.as_ref().map(Vec::is_empty);
    if program.json {
        let mut value = described(manifest, file, bytes);
        value["key_fits"] = json!(fits);
        print::json(&value)?;
    } else {
        print::line(format!(
            "{} is whole: made by Tongshi {} on {} UTC from {}, {}.",
            file.display(),
            manifest.program,
            print::time(manifest.made_at),
            manifest.database,
            print::count(manifest.rows(), "row", "rows"),
        ))?;
        print::line(format!("Workspaces: {}.", manifest.workspaces.join(", ")))?;
        let rows = manifest.tables.iter().map(|(name, rows)| [name.clone(), rows.to_string()]);
        print::line(print::table(["table", "rows"], rows))?;
        print::line(match (fits, missing) {
            (Some(true), _) => "The key at hand opens what is sealed in it.".to_owned(),
            (Some(false), Some(missing)) => {
                format!(
                    "The key at hand does NOT open what is sealed in it: it needs {}.",
                    missing.join(", ")
                )
            }
            _ => "There is no key at hand; it cannot be said whether the one you kept fits.".to_owned(),
        })?;
    }
    Ok(if fits == Some(false) { Exit::Incomplete } else { Exit::Done })
}

fn described(manifest: &Manifest, file: &Path, bytes: u64) -> serde_json::Value {
    json!({ "file": file.display().to_string(), "bytes": bytes, "rows": manifest.rows(), "manifest": manifest })
}

/// A file that is being written under another name; it disappears unless it is kept.
struct Draft<'a> {
    file: File,
    draft: PathBuf,
    name: &'a Path,
}

impl<'a> Draft<'a> {
    fn open(name: &'a Path) -> Result<Self, Failure> {
        let mut draft = name.as_os_str().to_owned();
        draft.push(format!(".{}.part", std::process::id()));
        let draft = PathBuf::from(draft);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
        let file = file.map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", name.display()))
                .mend("name a file in a directory that this user may write to")
        })?;
        Ok(Self { file, draft, name })
    }

    /// Gives the file its name once every byte is on the disk, and says how many there are.
    fn keep(&self, replace: bool) -> Result<u64, Failure> {
        (&self.file).flush()?;
        self.file.sync_all()?;
        let bytes = self.file.metadata()?.len();
        if replace {
            std::fs::rename(&self.draft, self.name)?;
        } else {
            // A link, unlike a new name, never replaces what somebody put there meanwhile; not every file system has them.
            match std::fs::hard_link(&self.draft, self.name) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !self.name.exists() => {
                    std::fs::rename(&self.draft, self.name)?;
                }
                linked => linked?,
            }
        }
        let folder = self.name.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(bytes)
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.draft);
    }
}
