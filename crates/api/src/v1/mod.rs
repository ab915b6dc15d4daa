//! The hub's own API: one endpoint a file, in the folder of its noun, with parameters, documentation and handler
//! together. The list below is the list of what is served and of what is documented.

mod attendance_days;
mod changes;
mod connections;
mod counts;
mod me;
mod openapi;
mod punches;
mod quarantine;
mod records;
mod runs;
mod schemas;

use serde::Serialize;
use tongshi_hub::Hub;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use openapi::openapi;

/// Every route of `/v1` but the pages.
pub(crate) fn routes() -> OpenApiRouter<Hub> {
    documented().merge(records::routes()).routes(routes!(openapi::serve::openapi_document))
}

/// The routes that carry their own documentation; those of the kinds are made from the list of kinds.
fn documented() -> OpenApiRouter<Hub> {
    OpenApiRouter::default()
        .routes(routes!(attendance_days::list::list_attendance_days))
        .routes(routes!(changes::list::list_changes))
        .routes(routes!(connections::list::list_connections))
        .routes(routes!(counts::list::list_counts))
        .routes(routes!(me::get::get_me))
        .routes(routes!(punches::list::list_punches))
        .routes(routes!(quarantine::list::list_quarantine))
        .routes(routes!(runs::get::get_run))
        .routes(routes!(runs::list::list_runs))
}

/// A list as it is answered.
#[derive(Serialize)]
struct Page<T> {
    data: Vec<T>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

impl<T> Page<T> {
    /// A list that comes whole.
    fn whole(data: Vec<T>) -> Self {
        Self { data, next: None }
    }
}
