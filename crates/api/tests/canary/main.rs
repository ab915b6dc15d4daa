//! Ten thousand numbers, cards, salaries and secrets, and every way in which an app can get something: who may not see
//! them gets none, in no form, and no log, metric or message of ours holds one. Who may see them does get them, so the
//! test can fail.
//!
//! A further surface is one line in [`SURFACES`]: its name and a function that gives every byte that an app got there.
#![expect(clippy::unwrap_used, reason = "what the test cannot do is its failure")]

mod scan;
mod stage;
mod surfaces;

use scan::Canaries;
use stage::{Reader, Stage};
use tongshi_testkit::on_each_database;

/// What an app can get. The function gives every byte of it: status, headers, bodies, errors.
struct Surface {
    name: &'static str,
    take: for<'a> fn(&'a Stage, &'a Reader) -> surfaces::Taken<'a>,
    /// Whether who may see a mobile number gets one here; elsewhere nobody does.
    shows: bool,
}

const SURFACES: &[Surface] = &[
    Surface { name: "every GET of /v1", take: surfaces::gets, shows: true },
    Surface { name: "bad input to /v1 and around it", take: surfaces::bad_input, shows: false },
    Surface { name: "changes and lineage", take: surfaces::changes, shows: true },
    Surface { name: "export and erasure over HTTP", take: surfaces::privacy, shows: true },
    Surface { name: "every operation of every face", take: surfaces::faces, shows: true },
    Surface { name: "vendors' events", take: surfaces::events, shows: true },
    Surface { name: "the stream of changes", take: surfaces::stream, shows: true },
    Surface { name: "webhooks with documents", take: surfaces::webhooks, shows: true },
    Surface { name: "answers to changes", take: surfaces::writes, shows: true },
    Surface { name: "the vendor's own operations", take: surfaces::pass_through, shows: true },
    Surface { name: "health, metrics and pages", take: surfaces::around, shows: false },
];

#[tokio::test]
async fn nobody_gets_what_they_may_not_see_and_no_log_holds_it() {
    let log = stage::capture();
    on_each_database(Stage::setup(), async |hub| {
        let stage = Stage::set(hub).await;
        let canaries = scan::Canaries::of(&stage);
        assert!(canaries.len() >= 10_000, "{}", canaries.len());
        stage.make_trouble().await;
        for reader in &stage.blind {
            nothing_for(&stage, &canaries, reader).await;
        }
        everything_for(&stage, &canaries, &stage.seeing).await;
        let printed = stage.printed().await;
        let log = std::mem::take(&mut *log.lock().unwrap());
        assert!(log.len() > 10_000, "the log was captured: {} bytes", log.len());
        for (what, bytes) in [("the log at trace", log), ("Debug", printed.into_bytes())] {
            let found = canaries.found(&bytes);
            assert!(found.is_empty(), "{what}: {found:#?}");
        }
    })
    .await;
}

async fn nothing_for(stage: &Stage, canaries: &Canaries, reader: &Reader) {
    for Surface { name, take, .. } in SURFACES {
        let bytes = take(stage, reader).await;
        assert!(bytes.len() > 100, "{name} gave {} nothing", reader.name);
        let found = canaries.found(&bytes);
        assert!(found.is_empty(), "{name}, to {}: {found:#?}", reader.name);
    }
}

async fn everything_for(stage: &Stage, canaries: &Canaries, reader: &Reader) {
    let mut all = Vec::new();
    for Surface { name, take, shows } in SURFACES {
        let bytes = take(stage, reader).await;
        let found = canaries.secrets_in(&bytes);
        assert!(found.is_empty(), "{name} shows secrets: {found:#?}");
        let shown = canaries.count(&bytes, "mobile");
        assert!(!shows || shown > 0, "{name} shows nothing to who may see it, so it proves nothing");
        all.extend(bytes);
    }
    for sort in ["mobile", "id_number", "bank_card", "salary"] {
        assert!(canaries.count(&all, sort) > 100, "who may see {sort} must get it, or this proves nothing");
    }
}
