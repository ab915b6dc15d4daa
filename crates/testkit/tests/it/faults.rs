//! Many syncs over a wire that breaks in many ways: none is green that missed somebody, none deletes falsely.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use tongshi_dialect::Reply;
use tongshi_model::{Kind, Randomness, SeededRandomness};
use tongshi_testkit::{Effect, Setup, TestHub, on_each_database};

/// How many broken syncs are tried on each database.
const TRIES: u64 = 60;

/// Ways to break an answer.
const WAYS: u64 = 14;

fn break_one(way: u64, number: u64) -> Effect {
    let change = |change: fn(Reply) -> Reply| Effect::Change(Box::new(change));
    let page = |change: fn(&mut serde_json::Value)| -> Effect {
        Effect::Change(Box::new(move |mut reply: Reply| {
            if let Ok(mut body) = serde_json::from_slice(&reply.body) {
                change(&mut body);
                reply.body = body.to_string().into();
            }
            reply
        }))
    };
    match way {
        0 => Effect::Lost,
        1 => Effect::Unanswered,
        2 => Effect::Answer(Reply::json(StatusCode::INTERNAL_SERVER_ERROR, "")),
        3 => Effect::Answer(Reply::json(StatusCode::BAD_GATEWAY, "<html>bad gateway</html>")),
        4 => change(|mut reply| {
            reply.body = reply.body.slice(..reply.body.len() / 2);
            reply
        }),
        5 => Effect::Answer(Reply::json(StatusCode::OK, "")),
        6 => Effect::Answer(Reply::json(StatusCode::OK, "[]")),
        7 => page(|body| body["employees"] = serde_json::json!([])),
        8 => page(|body| {
            if let Some(people) = body["employees"].as_array_mut() {
                people.pop();
            }
        }),
        9 => page(|body| body["totalCount"] = 7.into()),
        10 => page(|body| body["totalPages"] = 2.into()),
        11 => page(|body| body["totalPages"] = 0.into()),
        12 => page(|body| {
            if let Some(people) = body["employees"].as_array_mut() {
                people.truncate(1);
            }
            body["totalCount"] = 1.into();
            body["totalPages"] = 1.into();
        }),
        _ if number.is_multiple_of(2) => {
            Effect::Answer(Reply::json(StatusCode::OK, "{\"code\": 9999, \"text\": \"odd\"}"))
        }
        _ => page(|body| body["employees"] = serde_json::json!([{"name": "nobody"}])),
    }
}

async fn names(hub: &TestHub, workspace: &tongshi_hub::Workspace) -> BTreeSet<String> {
    let records = hub.records(workspace, Kind::Employee).await;
    records
        .iter()
        .map(|record| {
            let doc: serde_json::Value = serde_json::from_str(record.data.get()).unwrap();
            format!("{} {} {}", doc["name"], doc["employee_no"], doc["mobile"])
        })
        .collect()
}

fn number(randomness: &SeededRandomness, below: u64) -> u64 {
    let mut bytes = [0; 8];
    randomness.fill(&mut bytes);
    u64::from_le_bytes(bytes) % below
}

#[tokio::test]
async fn no_broken_run_is_green_or_deletes() {
    on_each_database(Setup::default(), async |hub| {
        let (mut green, mut failed) = (0, 0);
        for seed in 0..TRIES {
            let randomness = SeededRandomness::new(seed);
            // Every third try begins with an empty record, where only completeness can be wrong; the others have
            // something to lose.
            if seed % 3 == 0
                && let Some(run) = hub.hub.runs(&hub.main, None, 1).await.unwrap().first()
                && !run.undone
                && run.mode != "undo"
            {
                let _ = hub.hub.undo(&hub.main, run.id).await;
            }
            let (way, often) = (number(&randomness, WAYS), 1 + number(&randomness, 4));
            let (first, broken) = (1 + number(&randomness, 12), Arc::new(Mutex::new(0)));
            let counted = Arc::clone(&broken);
            hub.wire.break_by(move |call, message| {
                let hit = message.path == "/api/v2/employees" && call >= first && (call - first) % often == 0;
                if !hit {
                    return Effect::Pass;
                }
                *counted.lock().unwrap() += 1;
                break_one(way, call)
            });
            let before = names(hub, &hub.main).await;
            let outcome = hub.sync(&["employee"]).await;
            let (company, after) = (names(hub, &hub.company).await, names(hub, &hub.main).await);
            let hits = *broken.lock().unwrap();
            if outcome.complete {
                green += 1;
                let differing: Vec<_> = after.symmetric_difference(&company).collect();
                assert!(
                    differing.is_empty(),
                    "green after way {way} ({hits} hits, seed {seed}): {differing:?}"
                );
            } else {
                failed += 1;
            }
            assert!(
                before.is_subset(&after),
                "somebody was deleted by way {way} (seed {seed}): {outcome:#?}"
            );
        }
        println!(
            "{TRIES} syncs over a broken wire: {green} green and whole, {failed} not green, 0 false deletions"
        );
        hub.wire.mend();
        assert!(hub.sync(&["employee"]).await.complete);
        assert_eq!(names(hub, &hub.main).await, names(hub, &hub.company).await);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_is_read_again() {
    on_each_database(Setup::default(), async |hub| {
        // Between the second and the third page somebody goes whom the reader has seen: all others move up by one,
        // and the one who slips from page three to page two is on neither reading.
        let company = hub.company.clone();
        let inner = hub.hub.clone();
        let mut gone = false;
        hub.wire.break_by(move |call, message| {
            if call == 3 && !gone && message.path == "/api/v2/employees" {
                gone = true;
                let (inner, company) = (inner.clone(), company.clone());
                // The rule cannot wait, so the change happens on a thread of its own before the call goes on.
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        let name = ["emp-00000005"];
                        inner.unload(&company, "sandbox", Kind::Employee, &name).await.unwrap();
                    });
                })
                .join()
                .unwrap();
            }
            Effect::Pass
        });
        let outcome = hub.sync(&["employee"]).await;
        assert!(outcome.complete, "{outcome:#?}");
        assert!(outcome.listings[0].passes > 2, "{outcome:#?}");
        assert_eq!(names(hub, &hub.main).await, names(hub, &hub.company).await);
    })
    .await;
}
