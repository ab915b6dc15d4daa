//! The hub's own data: the database, the key, work that waits, and how fresh each connection's data is.

use tongshi_hub::{ConnectionView, Hub, QuotaView, Workspace};
use tongshi_store::{Store, connections, runs};

use super::{Finding, span};
use crate::{
    exit::Failure,
    key, print,
    program::{Absent, Program},
};

/// A job that has been due for so long is not merely waiting its turn.
const DUE_SECONDS_MAX: i64 = 15 * 60;
/// Two clocks that differ by more mix up what came first.
const CLOCK_SECONDS_MAX: i64 = 5;
/// A connection that has missed so many of its scheduled syncs is stale.
const SYNCS_MISSED_MAX: i64 = 3;

/// Looks at database, key and queue; gives the hub where all of that is well enough to go on.
pub(super) async fn look(
    program: &Program,
    deep: bool,
    findings: &mut Vec<Finding>,
) -> Result<Option<(Hub, Workspace)>, Failure> {
    let store = match program.store(Absent::Refuse).await {
        Ok(store) => store,
        Err(failure) => {
            findings.push(Finding::failed("database", failure));
            return Ok(None);
        }
    };
    findings
        .push(database(program, &store).await.unwrap_or_else(|failure| Finding::failed("database", failure)));
    if deep {
        findings.push(damage(&store).await);
    }
    match store.pending().await {
        Ok(pending) if pending.is_empty() => findings.push(Finding::good("migrations", "all have run")),
        Ok(pending) => {
            findings.push(Finding::bad(
                "migrations",
                format!("have not run: {}", pending.join(", ")),
                "back the data up (`tongshi backup FILE`), then run `tongshi migrate`",
            ));
            return Ok(None);
        }
        Err(error) => {
            findings.push(Finding::failed("migrations", error.into()));
            return Ok(None);
        }
    }
    if let Err(error) = store.writable().await {
        let mend = "make room on the disk, or see whether another process holds the database";
        findings.push(Finding::bad("database", format!("takes no writes: {error}"), mend));
    }
    // A key must be found, never made: a new one beside old data fits nothing.
    match key::existing(&program.config) {
        Ok(Some(_)) => {}
        Ok(None) => {
            let text = format!("{} is not there", program.config.data.join(key::FILE).display());
            findings.push(Finding::bad(
                "key",
                text,
                "put back the master.key of this database, or set TONGSHI_KEY",
            ));
            return Ok(None);
        }
        Err(failure) => {
            findings.push(Finding::failed("key", failure));
            return Ok(None);
        }
    }
    drop(store);
    let hub = match program.hub(Absent::Refuse).await {
        Ok(hub) => hub,
        Err(failure) => {
            findings.push(Finding::failed("key", failure));
            return Ok(None);
        }
    };
    findings.push(keys(&hub).await?);
    backlog(program, &hub, findings).await?;
    let workspace = hub.workspace(&program.config.workspace).await?;
    if deep {
        findings.extend(points(&hub, &workspace).await?);
    }
    Ok(Some((hub, workspace)))
}

/// Adds the ledger of points up, where there is one.
async fn points(hub: &Hub, workspace: &Workspace) -> Result<Option<Finding>, Failure> {
    let sums = hub.points_sums(workspace).await?;
    if sums.entries == 0 {
        return Ok(None);
    }
    let holds = sums.difference == 0 && sums.off == 0 && sums.lame == 0;
    Ok(Some(if holds {
        let text =
            format!("{} entries sum to nothing, and every balance is the sum of its own", sums.entries);
        Finding::good("points", text)
    } else {
        let text = format!(
            "the ledger is off by {}; {} balances and {} transfers do not add up",
            sums.difference, sums.off, sums.lame
        );
        Finding::bad(
            "points",
            text,
            "somebody changed the database by hand; restore the last good backup beside it and compare",
        )
    }))
}

async fn database(program: &Program, store: &Store) -> Result<Finding, Failure> {
    let engine = store.engine().await?;
    let mib = store.size_bytes().await? / 1024 / 1024;
    let text = format!("{} {} answers, {mib} MiB", engine.name, engine.version);
    if let Some(theirs) = engine.now {
        let ahead = theirs.as_second() - program.clock.now().as_second();
        if ahead.abs() > CLOCK_SECONDS_MAX {
            let mend = "set the clock that is wrong, best by NTP on both machines";
            return Ok(Finding::bad("database", format!("{text}, its clock is {ahead:+} s from ours"), mend));
        }
    }
    Ok(Finding::good("database", text))
}

async fn damage(store: &Store) -> Finding {
    let mend = "stop the hub, keep the file, and restore the last backup into a new data directory (`tongshi --data NEW \
                restore FILE`)";
    match store.damage().await {
        Ok(found) if found.is_empty() => Finding::good("database file", "read from end to end, no damage"),
        Ok(found) => Finding::bad("database file", format!("damaged: {}", found.join("; ")), mend),
        Err(error) => Finding::bad("database file", error.public().to_owned(), mend),
    }
}

async fn keys(hub: &Hub) -> Result<Finding, Failure> {
    let uses = hub.key_uses().await?;
    let missing: u64 = uses.iter().filter(|key| !key.known).map(|key| key.values).sum();
    if missing > 0 {
        return Ok(Finding::bad(
            "key",
            format!(
                "{} sealed with a key that is not there",
                print::count(missing, "value is", "values are")
            ),
            "put the older key back behind the present one (one a line in master.key; TONGSHI_KEY=NEW,OLD), then run \
             `tongshi key reseal`",
        ));
    }
    let old = uses.iter().filter(|key| !key.newest).count();
    if old > 0 {
        let text = "fits the database; older keys still open";
        return Ok(Finding::judge("key", text, "`tongshi key status` says whether they are needed"));
    }
    Ok(Finding::good("key", "fits the database"))
}

async fn backlog(program: &Program, hub: &Hub, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let backlog = hub.store().backlog().await?;
    let names: Vec<_> = backlog.by_name.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let late = backlog.oldest_due.map_or(0, |due| program.clock.now().as_second() - due.as_second());
    let waiting = match names.is_empty() {
        true => "nothing waits".to_owned(),
        false => format!("{}; the oldest has been due for {}", names.join(", "), span(late)),
    };
    findings.push(if late > DUE_SECONDS_MAX {
        Finding::bad("queue", waiting, "see that `tongshi serve` is running, and what its log says")
    } else {
        Finding::good("queue", waiting)
    });
    if backlog.failed > 0 {
        let text = format!("{} given up", print::count(backlog.failed, "job was", "jobs were"));
        findings.push(Finding::judge(
            "queue",
            text,
            "the log of `tongshi serve` says why, at the time of each",
        ));
    }
    Ok(())
}

/// How fresh a connection's data is, and what could not be taken in.
pub(super) async fn connection(
    program: &Program,
    hub: &Hub,
    workspace: &Workspace,
    connection: &ConnectionView,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let about = format!("data of {}", connection.name);
    let mut session = hub.store().read().await?;
    let Some(stored) = connections::find(&mut session, workspace, &connection.name).await? else {
        return Ok(());
    };
    let last = runs::last_complete(&mut session, workspace, stored.no, None).await?;
    drop(session);
    let every = i64::try_from(hub.settings().sync_every_seconds).unwrap_or(i64::MAX);
    findings.push(match last.and_then(|run| run.ended_at) {
        None => Finding::judge(
            about.clone(),
            "no sync has been complete yet",
            format!("run `tongshi sync {}`; its outcome says what stands in the way", connection.name),
        ),
        Some(at) => {
            let age = program.clock.now().as_second() - at.as_second();
            let text = format!("the last complete sync ended {} ago", span(age));
            if every > 0 && age / SYNCS_MISSED_MAX > every {
                let mend = format!(
                    "`tongshi runs` says why later ones were not; then `tongshi sync {}`",
                    connection.name
                );
                Finding::bad(about.clone(), text, mend)
            } else {
                Finding::good(about.clone(), text)
            }
        }
    });
    // An account that cannot be opened is a finding of its own.
    let counted = hub.monthly_quota(workspace, &connection.name, None).await.ok().flatten();
    findings.extend(counted.map(|view| quota(&view)));
    let rows = hub.quarantine(workspace).await?;
    let rows = rows.iter().filter(|row| row.connection == connection.name).count() as u64;
    if rows > 0 {
        let text = format!("{} could not be taken in", print::count(rows, "row", "rows"));
        findings.push(Finding::bad(about, text, "`tongshi status` lists them with what is wrong with each"));
    }
    Ok(())
}

/// Whether the calls that the vendor counts suffice for the month.
fn quota(view: &QuotaView) -> Finding {
    let about = format!("counted calls of {}", view.connection);
    let used = view.used_planned + view.used_own;
    let text = format!(
        "{used} of {} used in {}; the plan may use {} more and needs {}; {} are kept from it",
        view.calls, view.month, view.left, view.planned_rest, view.reserve
    );
    let mend = "`tongshi quota` shows the plan; after buying a package set quota.calls of the connection, or give the plan a \
                larger quota.share_percent";
    match view.short_on {
        _ if view.suffices() => Finding::good(about, text),
        Some(day) => Finding::bad(about, format!("{text}: from {day} on it does not suffice"), mend),
        None => Finding::bad(about, format!("{text}: readings are held"), mend),
    }
}
