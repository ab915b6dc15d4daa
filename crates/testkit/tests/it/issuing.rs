//! Tokens that are issued in groups: each is kept and noted before anybody gets it, also when others hang up.

use std::{collections::HashSet, pin::pin};

use futures_util::{FutureExt as _, future::join_all};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tongshi_hub::AuditQuery;
use tongshi_store::tokens;
use tongshi_testkit::{Setup, on_each_database};

const PURPOSE: &str = "issuing.test";
const CALLERS: usize = 1500;

#[tokio::test]
async fn a_thousand_at_once_are_all_kept_and_noted() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let workspaces = [&hub.main, &hub.company];
        let issue = async |at: usize| {
            let workspace = workspaces[at % 2];
            hub.hub.issue_token(workspace, PURPOSE, &json!({ "at": at }), Some(60)).await
        };
        {
            // Some ask and hang up at once: what they had begun holds nobody up.
            let mut gone = Box::pin(join_all((0..20).map(issue)));
            assert!(pin!(&mut gone).now_or_never().is_none());
        }
        let issued = join_all((0..CALLERS).map(issue)).await;
        let issued: Vec<String> = issued.into_iter().map(|token| token.expect("a token")).collect();
        assert_eq!(issued.iter().collect::<HashSet<_>>().len(), CALLERS, "no two are alike");
        let mut session = hub.hub.store().read().await.expect("a session");
        for (at, token) in issued.iter().enumerate() {
            let hash = Sha256::digest(token.as_bytes());
            let kept = tokens::peek(&mut session, PURPOSE, &hash).await.expect("read").expect("kept");
            assert_eq!((kept.workspace, &kept.payload["at"]), (workspaces[at % 2].no, &json!(at)));
        }
        drop(session);
        for workspace in workspaces {
            assert!(hub.hub.verify_audit(workspace, None).await.expect("a proof").ok);
            let query = AuditQuery { target: Some(PURPOSE.to_owned()), ..AuditQuery::default() };
            let noted = hub.hub.audit(workspace, &query, 1000, false).await.expect("a page").data.len();
            assert!(noted >= CALLERS / 2, "{noted}");
        }
    })
    .await;
}
