//! Runs, jobs and tokens: what is claimed, leased and used.

use serde_json::json;
use tongshi_model::{Error, ErrorKind, Id};
use tongshi_store::{Claim, PageRow, Run, Session, connections, jobs, runs, tokens};

use crate::{Bench, id, instant, on_both};

async fn claim(bench: &Bench, s: &mut Session, name: &str, mode: &str, holder: &str) -> Claim {
    let lease = instant(bench.now().as_second() - instant(0).as_second() + 60);
    runs::claim(s, &bench.workspace, 1, id(name), mode, holder, lease).await.unwrap()
}

fn conflict(result: Result<(), Error>) {
    assert_eq!(result.unwrap_err().kind(), &ErrorKind::Conflict);
}

#[tokio::test]
async fn runs_are_claimed_checkpointed_and_finished() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        connections::save(&mut s, ws, "hr", "zhiren", "", &json!({}), b"").await.unwrap();
        let Claim::New(run) = claim(bench, &mut s, "one", "full", "alice").await else { panic!("not new") };
        assert_eq!((run.id, run.state.as_str(), run.cursor), (id("one"), "running", None));
        assert_eq!(
            claim(bench, &mut s, "two", "full", "bob").await,
            Claim::Busy { until: instant(60), holder: "alice".to_owned() }
        );
        assert_eq!(
            claim(bench, &mut s, "two", "changes", "bob").await,
            Claim::Busy { until: instant(60), holder: "alice".to_owned() }
        );
        runs::checkpoint(&mut s, ws, run.id, "alice", &json!({"page": 2}), instant(90)).await.unwrap();
        conflict(runs::checkpoint(&mut s, ws, run.id, "bob", &json!({}), instant(90)).await);
        s.commit().await.unwrap();

        bench.clock.advance_seconds(90);
        let mut s = bench.write().await;
        let Claim::Resumed(run) = claim(bench, &mut s, "two", "full", "bob").await else {
            panic!("not resumed")
        };
        assert_eq!((run.id, run.cursor), (id("one"), Some(json!({"page": 2}))));
        conflict(runs::checkpoint(&mut s, ws, run.id, "alice", &json!({}), instant(999)).await);
        let (summary, proof) = (json!({"rows": 3}), json!([1, 2]));
        conflict(runs::finish(&mut s, ws, run.id, "alice", "done", true, &summary, &proof).await);
        runs::finish(&mut s, ws, run.id, "bob", "done", true, &summary, &proof).await.unwrap();
        conflict(runs::finish(&mut s, ws, run.id, "bob", "failed", false, &summary, &proof).await);
        let done = runs::get(&mut s, ws, run.id).await.unwrap().unwrap();
        assert_eq!(
            (done.summary.clone(), done.proof.clone(), done.complete),
            (Some(summary), Some(proof), Some(true))
        );
        assert_eq!(
            (done.state.as_str(), done.started_at, done.ended_at),
            ("done", instant(0), Some(instant(90)))
        );
        s.commit().await.unwrap();
        done
    })
    .await;
}

#[tokio::test]
async fn a_lapsed_run_of_another_mode_has_failed() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        claim(bench, &mut s, "one", "full", "alice").await;
        s.commit().await.unwrap();
        bench.clock.advance_seconds(61);
        let mut s = bench.write().await;
        let Claim::New(run) = claim(bench, &mut s, "two", "changes", "bob").await else { panic!("not new") };
        let (summary, proof) = (json!({}), json!({}));
        runs::finish(&mut s, ws, run.id, "bob", "done", true, &summary, &proof).await.unwrap();
        let Claim::New(last) = claim(bench, &mut s, "three", "full", "bob").await else { panic!("not new") };
        runs::finish(&mut s, ws, last.id, "bob", "held", true, &summary, &proof).await.unwrap();
        runs::mark_undo_of(&mut s, ws, last.id, run.id).await.unwrap();

        let list = runs::list(&mut s, ws, Some(1), 10).await.unwrap();
        let seen: Vec<_> = list.iter().map(|run: &Run| (run.id, run.state.as_str())).collect();
        assert_eq!(seen, [(id("three"), "held"), (id("two"), "done"), (id("one"), "failed")]);
        assert_eq!(list[0].undo_of, Some(run.id));
        assert_eq!(runs::list(&mut s, ws, None, 1).await.unwrap(), list[..1]);
        assert!(runs::list(&mut s, ws, Some(2), 9).await.unwrap().is_empty());
        assert_eq!(
            runs::last_complete(&mut s, ws, 1, None).await.unwrap().map(|run| run.id),
            Some(id("two"))
        );
        assert_eq!(runs::last_complete(&mut s, ws, 1, Some("full")).await.unwrap(), None);
        runs::mark_undone(&mut s, ws, run.id).await.unwrap();
        assert_eq!(runs::last_complete(&mut s, ws, 1, None).await.unwrap(), None);
        assert!(runs::mark_undone(&mut s, ws, run.id).await.is_err());
        list
    })
    .await;
}

#[tokio::test]
async fn what_a_run_saw_is_kept_by_page() {
    on_both(async |bench| {
        let page = |listing: &str, page: i64, rows: i64| PageRow {
            listing: listing.to_owned(),
            page,
            rows,
            total: (page == 1).then_some(7),
            digest: vec![1, 0, 255],
            keys_digest: Vec::new(),
            seen: vec![page as u8; 3],
        };
        let mut s = bench.write().await;
        for row in [page("people", 2, 3), page("people", 1, 4), page("Units", 1, 0), page("people", 2, 5)] {
            runs::put_page(&mut s, id("run"), row).await.unwrap();
        }
        let pages = runs::pages(&mut s, id("run"), "people").await.unwrap();
        assert_eq!(pages, [page("people", 1, 4), page("people", 2, 5)]);
        assert_eq!(runs::listings(&mut s, id("run")).await.unwrap(), ["Units", "people"]);
        assert!(runs::pages(&mut s, id("other"), "people").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_gets_the_run() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        connections::save(&mut s, &bench.workspace, "hr", "zhiren", "", &json!({}), b"").await.unwrap();
        s.commit().await.unwrap();
        let mut tasks = Vec::new();
        for number in 0..8 {
            let (store, ws) = (bench.store.clone(), bench.workspace.clone());
            tasks.push(tokio::spawn(async move {
                let mut s = store.write().await.unwrap();
                let new = id(&number.to_string());
                let claim = runs::claim(&mut s, &ws, 1, new, "full", "x", instant(60)).await.unwrap();
                s.commit().await.unwrap();
                usize::from(matches!(claim, Claim::New(_)))
            }));
        }
        let mut won = 0;
        for task in tasks {
            won += task.await.unwrap();
        }
        assert_eq!(won, 1);
    })
    .await;
}

#[tokio::test]
async fn jobs_wait_once_and_are_rescued() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let payload = json!({"to": "名"});
        let first = jobs::enqueue(&mut s, ws, "send", &payload, Some("k"), instant(5)).await.unwrap();
        assert!(first.is_some());
        assert_eq!(jobs::enqueue(&mut s, ws, "send", &payload, Some("k"), instant(0)).await.unwrap(), None);
        let second = jobs::enqueue(&mut s, ws, "send", &payload, None, instant(0)).await.unwrap();
        jobs::enqueue(&mut s, ws, "send", &payload, None, instant(500)).await.unwrap();
        let other = jobs::enqueue(&mut s, ws, "other", &payload, Some("k"), instant(0)).await.unwrap();
        assert!(other.is_some());
        assert_eq!(jobs::waiting(&mut s).await.unwrap(), 4);
        s.commit().await.unwrap();

        bench.clock.advance_seconds(10);
        let mut s = bench.write().await;
        assert!(jobs::claim(&mut s, &[], "alice", instant(70), 9).await.unwrap().is_empty());
        let taken = jobs::claim(&mut s, &["send", "none"], "alice", instant(70), 9).await.unwrap();
        // The one that was due first comes first.
        assert_eq!(taken.iter().map(|job| Some(job.id)).collect::<Vec<_>>(), [second, first]);
        assert_eq!((taken[0].workspace, taken[0].attempts, &taken[0].payload), (ws.no, 1, &payload));
        assert!(jobs::claim(&mut s, &["send"], "bob", instant(70), 9).await.unwrap().is_empty());
        s.commit().await.unwrap();

        bench.clock.advance_seconds(60);
        let mut s = bench.write().await;
        let rescued = jobs::claim(&mut s, &["send"], "bob", instant(130), 1).await.unwrap();
        assert_eq!((Some(rescued[0].id), rescued[0].attempts, rescued.len()), (second, 2, 1));
        let id = rescued[0].id;
        conflict(jobs::done(&mut s, id, "alice").await);
        conflict(jobs::retry(&mut s, id, "alice", instant(100), "late").await);
        conflict(jobs::fail(&mut s, id, "alice", "late").await);
        jobs::retry(&mut s, id, "bob", instant(100), "try again").await.unwrap();
        let next = jobs::claim(&mut s, &["send"], "bob", instant(130), 9).await.unwrap();
        assert_eq!(next.iter().map(|job| Some(job.id)).collect::<Vec<_>>(), [first]);
        jobs::done(&mut s, next[0].id, "bob").await.unwrap();
        conflict(jobs::done(&mut s, next[0].id, "bob").await);
        // Done, so the key is free again.
        assert!(
            jobs::enqueue(&mut s, ws, "send", &payload, Some("k"), instant(500)).await.unwrap().is_some()
        );
        s.commit().await.unwrap();

        bench.clock.advance_seconds(40);
        let mut s = bench.write().await;
        let again = jobs::claim(&mut s, &["send"], "bob", instant(200), 9).await.unwrap();
        assert_eq!((again.len(), again[0].id, again[0].attempts), (1, id, 3));
        jobs::fail(&mut s, id, "bob", "given up").await.unwrap();
        assert_eq!(jobs::waiting(&mut s).await.unwrap(), 3);
        assert_eq!(jobs::sweep(&mut s, instant(999)).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_is_taken_twice() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        for _ in 0..30 {
            jobs::enqueue(&mut s, &bench.workspace, "work", &json!({}), None, instant(0)).await.unwrap();
        }
        s.commit().await.unwrap();
        let mut tasks = Vec::new();
        for number in 0..6 {
            let store = bench.store.clone();
            tasks.push(tokio::spawn(async move {
                let mut s = store.write().await.unwrap();
                let holder = format!("worker {number}");
                let taken = jobs::claim(&mut s, &["work"], &holder, instant(60), 5).await.unwrap();
                s.commit().await.unwrap();
                taken.into_iter().map(|job| job.id).collect::<Vec<_>>()
            }));
        }
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.unwrap());
        }
        taken.sort_unstable();
        assert_eq!(taken, (1..=30).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn tokens_are_put_looked_at_and_revoked() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let payload = json!({"scope": ["a"]});
        tokens::put(&mut s, ws, "code", b"h1", Some(3), Some("sub"), &payload, Some(instant(60)))
            .await
            .unwrap();
        tokens::put(&mut s, ws, "code", b"h2", None, None, &payload, None).await.unwrap();
        let twice = tokens::put(&mut s, ws, "code", b"h1", None, None, &payload, None).await;
        conflict(twice);
        let token = tokens::peek(&mut s, "code", b"h1").await.unwrap().unwrap();
        assert_eq!((token.app, token.subject.as_deref(), &token.payload), (Some(3), Some("sub"), &payload));
        assert_eq!(
            (token.created_at, token.expires_at, token.used_at),
            (instant(0), Some(instant(60)), None)
        );
        assert_eq!(tokens::peek(&mut s, "refresh", b"h1").await.unwrap(), None);
        let used = tokens::use_once(&mut s, "code", b"h1").await.unwrap().unwrap();
        assert_eq!(used.used_at, Some(instant(0)));
        assert_eq!(tokens::use_once(&mut s, "code", b"h1").await.unwrap(), None);
        assert_eq!(tokens::peek(&mut s, "code", b"h1").await.unwrap(), Some(used.clone()));
        assert!(tokens::revoke(&mut s, ws, "code", b"h2").await.unwrap());
        assert!(!tokens::revoke(&mut s, ws, "code", b"h2").await.unwrap());
        s.commit().await.unwrap();

        bench.clock.advance_seconds(60);
        let mut s = bench.write().await;
        // An expired one makes room.
        tokens::put(&mut s, ws, "code", b"h1", None, None, &payload, Some(instant(70))).await.unwrap();
        assert_eq!(tokens::peek(&mut s, "code", b"h1").await.unwrap().unwrap().used_at, None);
        assert_eq!(tokens::sweep(&mut s, instant(70)).await.unwrap(), 0);
        assert_eq!(tokens::sweep(&mut s, instant(71)).await.unwrap(), 1);
        used
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_uses_the_token() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        tokens::put(&mut s, &bench.workspace, "code", b"once", None, None, &json!({}), None).await.unwrap();
        s.commit().await.unwrap();
        let mut tasks = Vec::new();
        for _ in 0..20 {
            let store = bench.store.clone();
            tasks.push(tokio::spawn(async move {
                let mut s = store.write().await.unwrap();
                let token = tokens::use_once(&mut s, "code", b"once").await.unwrap();
                s.commit().await.unwrap();
                usize::from(token.is_some())
            }));
        }
        let mut won = 0;
        for task in tasks {
            won += task.await.unwrap();
        }
        assert_eq!(won, 1);
    })
    .await;
}

#[tokio::test]
async fn keys_are_unique_within_a_workspace_only() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        let other = tongshi_store::workspaces::ensure(&mut s, "other").await.unwrap();
        assert_ne!(Id::of(&["workspace", "main"]), other.id);
        for ws in [&bench.workspace, &other] {
            assert!(
                jobs::enqueue(&mut s, ws, "x", &json!({}), Some("k"), instant(0)).await.unwrap().is_some()
            );
        }
    })
    .await;
}
