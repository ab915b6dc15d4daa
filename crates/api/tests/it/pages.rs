//! Pages that somebody hands in stand beside the routes.

use axum::{Router, http::StatusCode, routing::get};
use tongshi_api::{ApiConfig, router};

use crate::served::{Served, over_company};

async fn broken() -> &'static str {
    panic!("sk-demo")
}

#[tokio::test]
async fn pages_stand_beside_the_routes() {
    over_company(40, async |hub, served| {
        assert_eq!(served.get("/").await.problem(), "not-found");
        let pages = Router::new().route("/", get(|| async { "home" })).route("/v1/docs", get(broken));
        let app = router(hub.hub.clone(), ApiConfig { pages: Some(pages), ..ApiConfig::default() });
        let with = Served { app, key: served.key.clone() };
        assert_eq!(with.get("/").await.text, "home");
        assert_eq!(with.get("/v1/employees").await.status, StatusCode::OK);
        assert_eq!(with.get("/nowhere").await.problem(), "not-found");
        let failed = with.get("/v1/docs").await;
        assert_eq!((failed.status, failed.problem()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
        assert!(!failed.text.contains("sk-demo"));
    })
    .await;
}
