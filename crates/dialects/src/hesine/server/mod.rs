//! Hesine's API answered from the records of the calling app's workspace. Errors become faults in `wire/fault.rs`, once.

mod sample;
mod tokens;

use std::sync::Arc;

use tongshi_dialect::{Caller, Desk, Face, Server};
use tongshi_model::Clock;

use super::wire::Hesine;

/// Makes the answering half.
pub(super) fn serve(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Arc<dyn Face> {
    let server = Server::<Hesine>::new(Arc::clone(&desk), Arc::clone(&clock))
        .on(tokens::access_token)
        .on(tokens::refresh)
        .on(tokens::refresh_for)
        .on(tokens::app_access_token)
        .on(tokens::third_access_token);
    sample::beside(Arc::new(server.ready()), &desk, &clock)
}

/// The company's id at the vendor: a setting of the app.
fn corporation(caller: &Caller) -> &str {
    caller.setting("corporation_id").unwrap_or("tongshi")
}
