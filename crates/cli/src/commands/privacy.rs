//! `tongshi privacy`: what a person may ask for. A copy of everything, and erasure that lasts.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use tokio::sync::mpsc;
use tongshi_hub::{Hub, Receipt, Workspace};
use tongshi_model::Id;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Who did it, in the audit trail.
const ACTOR: &str = "cli";

/// Export or erase a person.
#[derive(clap::Args)]
#[command(
    long_about = "Gives a copy of everything that the hub holds about a person, or erases the person from all of it \
    and keeps them out. A person is named by a record's id, an employee number, a mobile number or a mail address. \
    docs/PRIVACY.md says what is held where and what a receipt proves."
)]
#[command(after_long_help = "\
Examples:
  tongshi privacy export E0007 --out e0007.json
  tongshi privacy erase E0007 --reason 'ticket 4711' --dry-run
  tongshi privacy erase E0007 --reason 'ticket 4711' --json
  tongshi privacy tombstones list
  tongshi privacy tombstones lift 0123456789ab8def8123456789abcdef
  tongshi privacy apply-tombstones erased.log       after a backup was restored

Exit codes: 0 done; 1 nobody or several people are named so (the message lists their ids), or the reason is missing; \
    2 done, but free pages are still to be rewritten: `serve` does it within the hour.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Write everything about a person as one JSON document
    Export {
        /// Who
        person: String,
        /// Where to, readable to its owner only; standard output if absent
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Erase a person and keep them out
    Erase {
        /// Who
        person: String,
        /// Why, without personal data
        #[arg(long)]
        reason: String,
        /// Only say what would go
        #[arg(long)]
        dry_run: bool,
    },
    /// What keeps erased people out
    Tombstones {
        #[command(subcommand)]
        what: Tombstones,
    },
    /// Erase again whom a restored backup still knows
    ApplyTombstones {
        /// The erased.log from beside the data that the backup replaced
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum Tombstones {
    /// List the erasures
    List,
    /// Take an erasure's tombstones away: it was a mistake, and the next sync may bring the vendor's data back
    Lift {
        /// The erasure's id
        id: Id,
    },
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    match args.what {
        What::Export { person, out } => export(program, &hub, &workspace, &person, out.as_deref()).await,
        What::Erase { person, reason, dry_run } => {
            let receipt = hub.erase_person(&workspace, &person, &reason, ACTOR, dry_run).await?;
            shown(program, &receipt)?;
            Ok(if dry_run || receipt.compacted { Exit::Done } else { Exit::Incomplete })
        }
        What::Tombstones { what: Tombstones::List } => list(program, &hub, &workspace).await,
        What::Tombstones { what: Tombstones::Lift { id } } => {
            let count = hub.lift_tombstones(&workspace, id, ACTOR).await?;
            if program.json {
                print::json(&serde_json::json!({ "lifted": count }))?;
            } else {
                let count = print::count(count, "tombstone", "tombstones");
                print::line(format!(
                    "{count} lifted; the next sync brings back what the vendors still have."
                ))?;
            }
            Ok(Exit::Done)
        }
        What::ApplyTombstones { file } => {
            let restored = hub.apply_tombstones(&file).await?;
            if program.json {
                print::json(&restored)?;
            } else {
                let erasures = print::count(restored.erasures, "erasure", "erasures");
                print::line(format!("{erasures} in the file, {} of them done again.", restored.repeated))?;
            }
            Ok(Exit::Done)
        }
    }
}

/// Writes the export piece by piece; what broke off is not left behind as a file.
async fn export(
    program: &Program,
    hub: &Hub,
    workspace: &Workspace,
    person: &str,
    out: Option<&Path>,
) -> Result<Exit, Failure> {
    let mut file = opened(out)?;
    let (sender, mut pieces) = mpsc::channel::<String>(16);
    let exporting = hub.export_person(workspace, person, ACTOR, sender);
    // The receiver goes with this future, so that an export that cannot be written ends, too.
    let writing = async move {
        while let Some(piece) = pieces.recv().await {
            file.write_all(piece.as_bytes())?;
        }
        file.flush()
    };
    let (receipt, written) = tokio::join!(exporting, writing);
    if let (true, Some(path)) = (receipt.is_err() || written.is_err(), out) {
        let _ = std::fs::remove_file(path);
    }
    written?;
    let receipt = receipt?;
    if out.is_some() {
        shown(program, &receipt)?;
    }
    Ok(Exit::Done)
}

fn opened(out: Option<&Path>) -> Result<Box<dyn std::io::Write>, Failure> {
    let Some(path) = out else { return Ok(Box::new(std::io::stdout())) };
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| {
        Failure::usage(format!("{} cannot be made: {error}", path.display()))
            .mend("name a file that is not there yet")
    })?;
    Ok(Box::new(std::io::BufWriter::new(file)))
}

fn shown(program: &Program, receipt: &Receipt) -> Result<(), Failure> {
    if program.json {
        return print::json(receipt);
    }
    let rows = receipt.searched.iter();
    let rows = rows.map(|row| [row.about.to_owned(), row.own.to_string(), row.named.to_string()]);
    print::line(print::table(["searched", "about the person", "naming the person"], rows))?;
    for vendor in &receipt.vendors {
        let (name, dialect) = (print::clean(&vendor.connection), vendor.dialect.as_str());
        print::line(format!("{dialect} holds the person still (connection {name}); erase them there, too."))?;
    }
    for id in &receipt.likely_the_same {
        print::line(format!(
            "{id} shares a number or an address and was left alone; look whether it is the same person."
        ))?;
    }
    if let Some(id) = receipt.erasure {
        print::line(format!("Erasure {id}: {} tombstones, receipt {}.", receipt.tombstones, receipt.digest))?;
        if !receipt.compacted {
            print::line("Free pages are still to be rewritten; `tongshi serve` does it within the hour.")?;
        }
    }
    Ok(())
}

async fn list(program: &Program, hub: &Hub, workspace: &Workspace) -> Result<Exit, Failure> {
    let erasures = hub.erasures(workspace).await?;
    if program.json {
        print::json(&erasures)?;
    } else if erasures.is_empty() {
        print::line("Nobody was erased here.")?;
    } else {
        let rows = erasures.into_iter().map(|found| {
            let lifted = found.lifted_at.map(print::time).unwrap_or_default();
            [
                found.id.to_string(),
                print::time(found.at),
                found.actor,
                found.tombstones.to_string(),
                lifted,
                found.reason,
            ]
        });
        print::line(print::table(["erasure", "at", "by", "tombstones", "lifted", "reason"], rows))?;
    }
    Ok(Exit::Done)
}
