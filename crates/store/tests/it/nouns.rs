//! Round trips of the small nouns: workspaces, connections, apps, quarantine, references, facts.

use serde_json::json;
use tongshi_model::{ErrorKind, Id, Kind};
use tongshi_store::{NewKey, allocate, apps, connections, meta, quarantine, refs, workspaces};

use crate::{id, instant, on_both};

#[tokio::test]
async fn workspaces_are_made_once() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        let again = workspaces::ensure(&mut s, "main").await.unwrap();
        assert_eq!(again, bench.workspace);
        assert_eq!(again.id, Id::of(&["workspace", "main"]));
        let other = workspaces::ensure(&mut s, "别的").await.unwrap();
        assert_eq!(workspaces::by_no(&mut s, other.no).await.unwrap(), Some(other.clone()));
        assert_eq!(workspaces::find(&mut s, "nobody").await.unwrap(), None);
        workspaces::all(&mut s).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn counters_give_blocks() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        let mut firsts = Vec::new();
        for count in [1, 10, 5] {
            firsts.push(allocate(&mut s, "sources", count).await.unwrap());
        }
        firsts.push(allocate(&mut s, "records", 1).await.unwrap());
        assert_eq!(firsts, [1, 2, 12, 1]);
    })
    .await;
}

#[tokio::test]
async fn connections_are_saved_by_name() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let settings = json!({"window_days": 31, "名": ["a", null, true]});
        let first =
            connections::save(&mut s, ws, "hr", "zhiren", "https://a.example", &settings, b"\0sealed")
                .await
                .unwrap();
        assert_eq!(first.id, Id::of(&["connection", &ws.id.to_string(), "hr"]));
        assert!(!format!("{first:?}").contains("sealed"));
        connections::disable(&mut s, ws, first.no, true).await.unwrap();
        let second = connections::save(&mut s, ws, "hr", "zhiren", "https://b.example", &json!({}), b"new")
            .await
            .unwrap();
        assert_eq!((second.no, second.id, second.disabled), (first.no, first.id, true));
        let other = connections::save(&mut s, ws, "phones", "dingtalk", "", &json!({}), b"").await.unwrap();
        connections::disable(&mut s, ws, first.no, false).await.unwrap();
        let missing = connections::disable(&mut s, ws, 99, true).await.unwrap_err();
        assert_eq!(missing.kind(), &ErrorKind::NotFound);
        s.commit().await.unwrap();

        let mut s = bench.read().await;
        let found = connections::find(&mut s, ws, "hr").await.unwrap().unwrap();
        assert_eq!(found, tongshi_store::Connection { disabled: false, ..second });
        assert_eq!(connections::by_no(&mut s, ws, other.no).await.unwrap(), Some(other.clone()));
        assert_eq!(connections::find(&mut s, ws, "nobody").await.unwrap(), None);
        let all = connections::all(&mut s, ws).await.unwrap();
        assert_eq!(all, [found, other]);
        all
    })
    .await;
}

#[tokio::test]
async fn apps_are_found_by_their_keys() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        let (scopes, none) = (json!(["read"]), json!({}));
        let app = apps::create(&mut s, ws, "payroll", &scopes, &none, &json!({"ips": []})).await.unwrap();
        let twice = apps::create(&mut s, ws, "payroll", &none, &none, &none).await.unwrap_err();
        assert_eq!(twice.kind(), &ErrorKind::Conflict);
        assert_eq!(apps::hold(&mut s, ws, "payroll").await.unwrap().as_ref(), Some(&app));
        assert_eq!(apps::hold(&mut s, ws, "nobody").await.unwrap(), None);
        let again = apps::change(&mut s, ws, app.no, &json!(["write"]), &none, &none).await.unwrap();
        assert_eq!((again.no, again.scopes.clone()), (app.no, json!(["write"])));
        assert_eq!(apps::by_no(&mut s, ws, app.no).await.unwrap().as_ref(), Some(&again));
        let key = |face, sealed| NewKey { face, name: "access_key", key_id: "key-1", sealed };
        apps::add_key(&mut s, ws, app.no, key("v1", b"one")).await.unwrap();
        apps::add_key(&mut s, ws, app.no, key("zhiren", b"two")).await.unwrap();
        let taken = apps::add_key(&mut s, ws, app.no, key("v1", b"three")).await.unwrap_err();
        assert_eq!(taken.kind(), &ErrorKind::Conflict);
        let (found, workspace, row) = apps::by_key(&mut s, "zhiren", "key-1").await.unwrap().unwrap();
        assert_eq!((&found, &workspace, row.sealed.as_slice()), (&again, ws, b"two".as_slice()));
        assert_eq!((row.name.as_str(), row.ends_at, row.revoked), ("access_key", None, false));
        apps::end_key(&mut s, ws, "zhiren", "key-1", instant(60)).await.unwrap();
        let ending = apps::by_key(&mut s, "zhiren", "key-1").await.unwrap().unwrap().2;
        assert_eq!((ending.ends_at, ending.revoked), (Some(instant(60)), false));
        apps::end_key(&mut s, ws, "v1", "key-1", instant(0)).await.unwrap();
        assert_eq!(apps::by_key(&mut s, "v1", "key-1").await.unwrap(), None, "ended now");
        apps::end_key(&mut s, ws, "v1", "key-1", instant(1)).await.unwrap();
        assert_eq!(apps::all_keys(&mut s, ws).await.unwrap()[&app.no].len(), 2);
        assert!(apps::revoke_key(&mut s, ws, "zhiren", "key-1").await.unwrap());
        assert!(!apps::revoke_key(&mut s, ws, "zhiren", "key-1").await.unwrap());
        assert_eq!(apps::by_key(&mut s, "zhiren", "key-1").await.unwrap(), None);
        apps::disable(&mut s, ws, app.no, true).await.unwrap();
        assert!(apps::by_key(&mut s, "v1", "key-1").await.unwrap().unwrap().0.disabled);
        assert!(apps::find(&mut s, ws, "payroll").await.unwrap().unwrap().disabled);
        let keys = apps::keys(&mut s, ws, app.no).await.unwrap();
        let seen: Vec<_> =
            keys.iter().map(|key| (key.face.clone(), key.sealed.clone(), key.revoked)).collect();
        assert_eq!(seen, [("v1".into(), b"one".to_vec(), false), ("zhiren".into(), b"two".to_vec(), true)]);
        let all = apps::all(&mut s, ws).await.unwrap();
        apps::delete(&mut s, ws, app.no).await.unwrap();
        assert_eq!(apps::by_key(&mut s, "v1", "key-1").await.unwrap(), None);
        assert_eq!(apps::find(&mut s, ws, "payroll").await.unwrap(), None);
        all
    })
    .await;
}

#[tokio::test]
async fn quarantine_keeps_what_could_not_be_taken() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let run = id("run");
        let mut s = bench.write().await;
        let row = |id: &str, reason: &str, raw: &str| (id.to_owned(), reason.to_owned(), raw.to_owned());
        let rows = vec![row("b", "bad date", "{"), row("A", "NUL", "x\0y"), row("b", "worse date", "{}")];
        quarantine::put(&mut s, ws, run, 1, Kind::Employee, rows).await.unwrap();
        quarantine::put(&mut s, ws, run, 2, Kind::OrgUnit, vec![row("c", "cycle", "")]).await.unwrap();
        let all = quarantine::list(&mut s, ws, None).await.unwrap();
        let seen: Vec<_> =
            all.iter().map(|row| (row.remote_id.as_str(), row.reason.as_str(), row.raw.as_str())).collect();
        assert_eq!(seen, [("A", "NUL", "x\u{fffd}y"), ("b", "worse date", "{}"), ("c", "cycle", "")]);
        quarantine::clear(&mut s, 1, Kind::Employee, &["A", "nobody"]).await.unwrap();
        assert_eq!(quarantine::list(&mut s, ws, Some(1)).await.unwrap().len(), 1);
        assert_eq!(quarantine::list(&mut s, ws, Some(2)).await.unwrap()[0].at, instant(0));
        all
    })
    .await;
}

#[tokio::test]
async fn references_follow_to_the_end() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let (a, b, c, d) = (id("a"), id("b"), id("c"), id("d"));
        let mut s = bench.write().await;
        assert!(!refs::any(&mut s, ws).await.unwrap());
        refs::put(&mut s, ws, &[(a, b), (b, c)]).await.unwrap();
        assert!(refs::any(&mut s, ws).await.unwrap());
        let meant = refs::resolve(&mut s, ws, &[a, b, d, a]).await.unwrap();
        assert_eq!((meant.len(), meant[&a], meant[&b]), (2, c, c));
        refs::remove(&mut s, ws, &[b]).await.unwrap();
        let meant = refs::resolve(&mut s, ws, &[a, b]).await.unwrap();
        assert_eq!((meant.len(), meant[&a]), (1, b));
        // A circle ends all the same.
        refs::put(&mut s, ws, &[(b, a)]).await.unwrap();
        assert_eq!(refs::resolve(&mut s, ws, &[a, b]).await.unwrap().len(), 2);
        assert!(refs::resolve(&mut s, ws, &[]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn facts_are_replaced() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        assert_eq!(meta::get(&mut s, "key_check").await.unwrap(), None);
        meta::set(&mut s, "key_check", "one").await.unwrap();
        meta::set(&mut s, "key_check", "two").await.unwrap();
        meta::get(&mut s, "key_check").await.unwrap()
    })
    .await;
}
