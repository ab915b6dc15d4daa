//! Records of every kind. The routes are made from [`Kind::ALL`], so a new kind is served and documented on the day on
//! which it is added.

pub(super) mod get;
pub(super) mod list;

use axum::routing;
use tongshi_hub::Hub;
use tongshi_model::Kind;
use utoipa_axum::router::OpenApiRouter;

/// Two routes for each kind.
pub(super) fn routes() -> OpenApiRouter<Hub> {
    Kind::ALL.iter().fold(OpenApiRouter::default(), |router, &kind| {
        router
            .route(
                &list_path(kind),
                routing::get(move |hub, caller, wanted| list::list(kind, hub, caller, wanted)),
            )
            .route(
                &get_path(kind),
                routing::get(move |hub, caller, id, wanted| get::get(kind, hub, caller, id, wanted)),
            )
    })
}

/// Where the records of a kind are listed.
pub(super) fn list_path(kind: Kind) -> String {
    format!("/v1/{}", kind.plural())
}

/// Where a record of a kind is.
pub(super) fn get_path(kind: Kind) -> String {
    format!("/v1/{}/{{id}}", kind.plural())
}
