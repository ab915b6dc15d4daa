//! The sample contract answered from the records: beside the documented one, at paths of its own, by signature or token.

mod bookings;
mod by_token;
mod decide;
mod expenses;
mod fields;
mod oauth;
mod people;
mod trips;
mod vouchers;

use std::sync::Arc;

use async_trait::async_trait;
use tongshi_dialect::{Desk, Face, Message, Reply, Server};
use tongshi_model::Clock;

use self::by_token::ByToken;
use super::banks;
use crate::hesine::{auth::sample::comes_with_token, wire::sample::Sample};

/// Where the sample contract's paths begin; every other path is the documented contract's.
const PLACES: [&str; 6] =
    ["/api/travel/", "/api/booking/", "/api/expense/", "/api/approval/", "/api/accounting/", "/api/oauth/"];

/// Both contracts behind one address, and files.
struct Both {
    documented: Arc<dyn Face>,
    files: banks::Download,
    signed: Server<Sample>,
    by_token: Server<Sample>,
}

#[async_trait]
impl Face for Both {
    async fn answer(&self, message: Message) -> Reply {
        if message.path == banks::PATH {
            self.files.answer(message).await
        } else if !PLACES.iter().any(|place| message.path.starts_with(place)) {
            self.documented.answer(message).await
        } else if comes_with_token(&message) {
            self.by_token.answer(message).await
        } else {
            self.signed.answer(message).await
        }
    }
}

/// Adds each operation to both servers.
macro_rules! servers {
    ($desk:ident, $clock:ident; $($handler:path),* $(,)?) => {(
        Server::<Sample>::new(Arc::clone(&$desk), Arc::clone(&$clock))$(.on($handler))*,
        Server::<Sample>::new($desk, $clock)
            $(.on(|caller, ByToken(ask)| $handler(caller, ask)))*,
    )};
}

/// Puts the sample contract beside the documented one.
pub(super) fn beside(documented: Arc<dyn Face>, desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Arc<dyn Face> {
    let files = banks::Download { desk: Arc::clone(&desk), clock: Arc::clone(&clock) };
    let (signed, by_token) = servers!(desk, clock;
        trips::create,
        trips::query,
        decide::approve,
        decide::reject,
        decide::result,
        bookings::push,
        bookings::query,
        expenses::create,
        expenses::query,
        expenses::pay,
        vouchers::push,
    );
    let signed = signed.on(oauth::token);
    Arc::new(Both { documented, files, signed: signed.ready(), by_token: by_token.ready() })
}
