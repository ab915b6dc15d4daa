//! `GET /v1/changes/stream`

use std::{collections::VecDeque, convert::Infallible};

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use http::HeaderMap;
use tongshi_hub::{ChangePage, ChangeView, FeedQuery, Hub};
use tongshi_model::Error;

use super::feed::Feed;
use crate::{
    authentication::Caller,
    config::Limits,
    parameters::{Kinds, Query, parameters, whole_number},
    problem::Problem,
    serve::Stopping,
};

/// Changes that are read ahead of a reader: all that is ever kept for one who does not read on.
const READ_AHEAD: u32 = 200;

/// Where a browser says from where it goes on.
const LAST_EVENT_ID: &str = "last-event-id";

parameters! {
    /// Which changes.
    StreamChanges {
        /// Only those after this sequence number, 0 for the beginning. A header `Last-Event-ID` counts instead.
        after: Option<i64>,
        /// Only those of these kinds, separated by commas.
        kind: Option<Kinds>,
    }
}

/// What happens to records, told as it happens (server-sent events).
///
/// `id` is the sequence number, `data` the change as in the list, `event` is `change`. An `id` without data says that
/// changes were passed over which the key may not see. `event: end` tells why a stream ends that the hub must end,
/// such as when the key is withdrawn; go on with `Last-Event-ID` where it ends otherwise.
#[utoipa::path(
    get, path = "/v1/changes/stream", operation_id = "stream_changes", tag = "changes",
    params(
        StreamChanges,
        ("Last-Event-ID" = Option<i64>, Header, description = "The `id` that came last.", minimum = 0),
    ),
    responses((
        status = 200, description = "Changes, for as long as anybody listens.",
        body = String, content_type = "text/event-stream"
    ))
)]
pub(in crate::v1) async fn stream_changes(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<StreamChanges>,
    headers: HeaderMap,
    Extension(limits): Extension<Limits>,
    stopping: Option<Extension<Stopping>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let after = last_event_id(&headers)?.or(wanted.after).unwrap_or(0);
    let query = FeedQuery { after, kinds: wanted.kind.unwrap_or_default().0, limit: READ_AHEAD };
    let mut feed = Feed::new(hub, caller, query, Stopping::token(stopping))?;
    // The first look comes before the answer, so that what is wrong with the question is an answer of its own.
    let first = feed.look().await?;
    let mut telling = Telling { feed, changes: VecDeque::new(), passed: None, ended: false };
    telling.take(first, after);
    let events = stream::unfold(telling, async |mut telling| {
        let event = telling.event().await?;
        Some((Ok(event), telling))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(limits.heartbeat)))
}

/// What a stream still has to tell.
struct Telling {
    feed: Feed,
    changes: VecDeque<ChangeView>,
    passed: Option<i64>,
    ended: bool,
}

impl Telling {
    fn take(&mut self, page: ChangePage, after: i64) {
        let told = page.data.last().map_or(after, |change| change.seq);
        self.passed = (page.next > told).then_some(page.next);
        self.changes = page.data.into();
    }

    async fn event(&mut self) -> Option<Event> {
        loop {
            if self.ended {
                return None;
            }
            if let Some(change) = self.changes.pop_front() {
                return Some(self.told(&change));
            }
            if let Some(passed) = self.passed.take() {
                return Some(Event::default().id(passed.to_string()));
            }
            let after = self.feed.nothing().next;
            match self.feed.next().await {
                Ok(page) => self.take(page?, after),
                Err(problem) => return Some(self.end(&problem)),
            }
        }
    }

    fn told(&mut self, change: &ChangeView) -> Event {
        let event = Event::default().id(change.seq.to_string()).event("change");
        event.json_data(change).unwrap_or_else(|error| {
            let error = Error::internal("a change does not serialise").caused_by(error);
            self.end(&Problem::from(error))
        })
    }

    fn end(&mut self, problem: &Problem) -> Event {
        self.ended = true;
        Event::default().event("end").data(problem.told())
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    whole_number(LAST_EVENT_ID, value.to_str().unwrap_or_default()).map(Some)
}
