//! `POST /v1/punches` and `POST /v1/punches/bulk`

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use tongshi_hub::Hub;
use tongshi_model::{Direction, Error, Id, Instant, LocalDate, Punch, PunchSource};
use utoipa::ToSchema;

use crate::{
    authentication::Caller,
    idempotency::{Beginning, Idempotent, begin, finish},
    parameters::{Nothing, Query},
    problem::Problem,
    v1::{bulk::Answered, schemas},
};

/// A clock-in or clock-out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct NewPunch {
    /// Who, by the record's id.
    #[schema(value_type = String)]
    employee: Id,
    /// When, with the offset of the clock that showed it.
    #[schema(value_type = String, format = "date-time")]
    at: String,
    /// `in`, `out` or `unknown`; unknown where it is missing.
    #[serde(default)]
    direction: Option<String>,
    /// By what means, such as `machine` or `import`; import where it is missing.
    #[serde(default)]
    source: Option<String>,
    /// The working day that it counts for, where that is not the calendar's.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    day: Option<LocalDate>,
    /// Device, place or remark.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
}

/// Many clock-ins and clock-outs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct NewPunches {
    /// The punches, at most 1,000. Each that cannot be read is answered in its row.
    #[schema(value_type = Vec<NewPunch>)]
    items: Vec<Value>,
}

/// Stores a punch. One that is there already is answered with 200 and `"new": false`.
#[utoipa::path(
    post, path = "/v1/punches", operation_id = "create_punch", tag = "attendance",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gives the first answer again.")),
    request_body = NewPunch,
    responses(
        (status = 201, description = "The punch is stored.", body = schemas::PunchWritten),
        (status = 200, description = "The punch was there.", body = schemas::PunchWritten),
    )
)]
pub(in crate::v1) async fn create_punch(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
    Idempotent { body, key }: Idempotent<NewPunch>,
) -> Result<Response, Problem> {
    let mut once = match begin(&hub, &caller, key).await? {
        Beginning::New(once) => once,
        Beginning::Given(answer) => return Ok(answer),
    };
    let items = vec![punch(body)];
    let mut made = hub.add_punches(&mut once, &caller.principal, items, None).await?;
    let made = made.pop().ok_or_else(|| Error::internal("a punch has no answer"))??;
    let status = if made.new { StatusCode::CREATED } else { StatusCode::OK };
    finish(once, status, &made).await
}

/// Stores many punches: those that can be stored together, each of the others with its reason.
#[utoipa::path(
    post, path = "/v1/punches/bulk", operation_id = "create_punches", tag = "attendance",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gives the first answer again.")),
    request_body = NewPunches,
    responses((status = 200, description = "A row for each item.", body = schemas::PunchRows))
)]
pub(in crate::v1) async fn create_punches(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
    Idempotent { body, key }: Idempotent<NewPunches>,
) -> Result<Response, Problem> {
    let mut answered = Answered::for_items(&hub, body.items.len())?;
    let mut once = match begin(&hub, &caller, key).await? {
        Beginning::New(once) => once,
        Beginning::Given(answer) => return Ok(answer),
    };
    let items = body.items.into_iter().map(|item| {
        let read = serde_json::from_value(item).map_err(|error| crate::json::not_taken(&error));
        read.and_then(punch)
    });
    let bulk = Some(answered.bulk());
    for made in hub.add_punches(&mut once, &caller.principal, items.collect(), bulk).await? {
        match made {
            Ok(made) if made.new => answered.add(StatusCode::CREATED, made),
            Ok(made) => answered.add(StatusCode::OK, made),
            Err(error) => answered.refuse(error),
        }
    }
    finish(once, StatusCode::OK, &answered.done()).await
}

fn punch(sent: NewPunch) -> Result<Punch, Error> {
    let time = || Error::invalid("at", "at is a time with its offset, such as 2026-03-02T08:00:00+08:00");
    let clear = sent.at.ends_with('Z') || sent.at.rfind(['+', '-']).is_some_and(|sign| sign > 10);
    let at = Instant::parse(&sent.at, tongshi_model::shanghai()).ok().filter(|_| clear).ok_or_else(time)?;
    let direction = named("direction", sent.direction, Direction::ALL, Direction::name, Direction::Unknown)?;
    let source = named("source", sent.source, PunchSource::ALL, PunchSource::name, PunchSource::Import)?;
    Ok(Punch { employee: sent.employee, at, direction, source, day: sent.day, detail: sent.detail })
}

fn named<T: Copy>(
    field: &'static str,
    said: Option<String>,
    all: &[T],
    name: fn(T) -> &'static str,
    unsaid: T,
) -> Result<T, Error> {
    let Some(said) = said else { return Ok(unsaid) };
    let names = || all.iter().map(|value| name(*value)).collect::<Vec<_>>().join(", ");
    let found = all.iter().copied().find(|value| name(*value) == said);
    found.ok_or_else(|| Error::invalid(field, format!("{field} is one of: {}", names())))
}
