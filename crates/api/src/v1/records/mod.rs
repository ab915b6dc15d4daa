//! Records of every kind. The routes are made from [`Kind::ALL`], so a new kind is served and documented on the day on
//! which it is added.

mod act;
mod answers;
mod bulk;
mod create;
mod delete;
pub(super) mod get;
pub(super) mod list;
mod update;

use axum::routing;
use tongshi_hub::{Hub, acts};
use tongshi_model::{Action, Kind};
use utoipa_axum::router::OpenApiRouter;

/// The routes of each kind: two for reading, and those for writing where the kind's fields are known.
pub(super) fn routes() -> OpenApiRouter<Hub> {
    Kind::ALL.iter().fold(OpenApiRouter::default(), |router, &kind| {
        let router = if is_writable(kind) { writing(router, kind) } else { router };
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

/// Whether records of a kind can be written: their fields are known.
pub(super) fn is_writable(kind: Kind) -> bool {
    !super::openapi::fields_of(kind).is_empty()
}

fn writing(router: OpenApiRouter<Hub>, kind: Kind) -> OpenApiRouter<Hub> {
    let router = router
        .route(
            &list_path(kind),
            routing::post(move |hub, caller, query, body| create::create(kind, hub, caller, query, body)),
        )
        .route(
            &bulk_path(kind),
            routing::post(move |hub, caller, query, body| bulk::create_many(kind, hub, caller, query, body)),
        )
        .route(
            &get_path(kind),
            routing::patch(move |hub, caller, id, headers, query, body| {
                update::update(kind, hub, caller, id, headers, query, body)
            })
            .delete(move |hub, caller, id, headers, query, body| {
                delete::delete(kind, hub, caller, id, headers, query, body)
            }),
        );
    acts(kind).iter().fold(router, |router, &action| {
        router.route(
            &act_path(kind, action),
            routing::post(move |hub, caller, id, query, body| {
                act::act(kind, action, hub, caller, id, query, body)
            }),
        )
    })
}

/// Where many records of a kind are made at once.
pub(super) fn bulk_path(kind: Kind) -> String {
    format!("/v1/{}/bulk", kind.plural())
}

/// Where something is done to a record of a kind.
pub(super) fn act_path(kind: Kind, action: Action) -> String {
    format!("/v1/{}/{{id}}/{action}", kind.plural())
}

/// Where the records of a kind are listed.
pub(super) fn list_path(kind: Kind) -> String {
    format!("/v1/{}", kind.plural())
}

/// Where a record of a kind is.
pub(super) fn get_path(kind: Kind) -> String {
    format!("/v1/{}/{{id}}", kind.plural())
}
