//! The hub's own API: one endpoint a file, in the folder of its noun, with parameters, documentation and handler
//! together. The list below is the list of what is served and of what is documented.

mod apps;
mod attendance_days;
mod audit;
mod bulk;
mod changes;
mod connections;
mod counts;
mod identity;
mod me;
mod openapi;
mod privacy;
mod punches;
mod quarantine;
mod records;
mod reports;
mod requests;
mod runs;
mod schemas;
mod sessions;
mod webhooks;
mod writes;

use std::fmt::Display;

use serde::Serialize;
use tongshi_hub::Hub;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{authentication::Caller, cursor};

pub use openapi::openapi;

/// Every route of `/v1` but the pages.
pub(crate) fn routes() -> OpenApiRouter<Hub> {
    documented().merge(records::routes()).routes(routes!(openapi::serve::openapi_document))
}

/// The routes that carry their own documentation; those of the kinds are made from the list of kinds.
fn documented() -> OpenApiRouter<Hub> {
    OpenApiRouter::default()
        .routes(routes!(apps::list::list_apps, apps::create::create_app))
        .routes(routes!(apps::get::get_app, apps::change::change_app, apps::delete::delete_app))
        .routes(routes!(apps::rotate::rotate_app))
        .routes(routes!(apps::switch::disable_app))
        .routes(routes!(apps::switch::enable_app))
        .routes(routes!(attendance_days::list::list_attendance_days))
        .routes(routes!(audit::list::list_audit))
        .routes(routes!(changes::list::list_changes))
        .routes(routes!(changes::stream::stream_changes))
        .routes(routes!(connections::call::call_operation))
        .routes(routes!(connections::list::list_connections))
        .routes(routes!(connections::operations::list_operations))
        .routes(routes!(connections::quota::get_quota))
        .routes(routes!(counts::list::list_counts))
        .routes(routes!(identity::conflicts::list_identity_conflicts))
        .routes(routes!(identity::link::link_records))
        .routes(routes!(identity::unlink::unlink_source))
        .routes(routes!(me::get::get_me))
        .routes(routes!(privacy::erase::erase_person))
        .routes(routes!(privacy::export::export_person))
        .routes(routes!(punches::list::list_punches, punches::create::create_punch))
        .routes(routes!(punches::create::create_punches))
        .routes(routes!(quarantine::list::list_quarantine))
        .routes(routes!(reports::travel::get_travel_report))
        .routes(routes!(requests::list::list_requests))
        .routes(routes!(runs::get::get_run))
        .routes(routes!(runs::list::list_runs))
        .routes(routes!(sessions::list::list_sessions))
        .routes(routes!(sessions::revoke::revoke_session))
        .routes(routes!(writes::list::list_writes))
        .routes(routes!(writes::get::get_write))
        .routes(routes!(writes::decide::approve_write))
        .routes(routes!(writes::decide::retry_write))
        .routes(routes!(writes::decide::withdraw_write))
        .merge(webhooks::routes())
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

    /// A page of a longer list; the last position where there is more behind it.
    fn cut(data: Vec<T>, caller: &Caller, list: &str, last: Option<impl Display>) -> Self {
        Self { data, next: last.map(|last| cursor::seal(caller, list, &last.to_string())) }
    }
}
