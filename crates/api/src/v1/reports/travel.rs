//! `GET /v1/reports/travel`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, header};
use tongshi_hub::{Hub, TravelReport};
use tongshi_model::{Currency, Error, LocalDate};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::{
    authentication::Caller,
    parameters::{Query, Readable, parameters},
    problem::Problem,
    v1::schemas,
};

parameters! {
    /// Which days, and in what form.
    GetTravelReport {
        /// The first day.
        from: Option<LocalDate>,
        /// The last day.
        to: Option<LocalDate>,
        /// The form, where `Accept` does not say it.
        format: Option<Format>,
        /// The currency of a chart, where there are several.
        currency: Option<Code>,
    }
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    Svg,
}

impl Format {
    const ALL: [(&'static str, &'static str, Self); 3] = [
        ("json", "application/json", Self::Json),
        ("csv", "text/csv", Self::Csv),
        ("svg", "image/svg+xml", Self::Svg),
    ];

    /// The one that the caller likes most of those that there are (`Accept`, RFC 9110 §12.5.1); JSON where it likes all
    /// or none.
    fn liked(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (Self::Json, 0.0);
        for range in accept.split(',').take(RANGES_MAX) {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight: f32 = weight.map_or(1.0, |text| text.parse().unwrap_or(0.0));
            if let Some((.., format)) = Self::ALL.iter().find(|(_, known, _)| *known == media)
                && weight > best.1
            {
                best = (*format, weight);
            }
        }
        best.0
    }
}

/// Media types that one header may list.
const RANGES_MAX: usize = 32;

impl Readable for Format {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|(known, ..)| *known == text).map(|(.., format)| *format);
        found.ok_or_else(|| Error::invalid(name, format!("{name} is json, csv or svg")))
    }

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::ALL.map(|(name, ..)| name)))
    }
}

/// A currency's code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(Currency);

impl Readable for Code {
    fn read(name: &'static str, text: &str) -> Result<Self, Error> {
        let read = text.parse::<Currency>().map(Self);
        read.map_err(|_| Error::invalid(name, format!("{name} is a code of ISO 4217, such as CNY")))
    }

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Z]{3}$"))
    }
}

/// What travel cost, by month, department, sort and currency; how much of it goes beyond the policy; how long requests
/// waited. The same figures as `tongshi report travel`.
///
/// Bookings count in the month in which they begin; lines of claims that belong to a trip and pay for no booking count as
/// `claimed`. As CSV the rows alone, as SVG a chart of one currency.
#[utoipa::path(
    get, path = "/v1/reports/travel", operation_id = "get_travel_report", tag = "travel and spend",
    params(GetTravelReport),
    responses((status = 200, description = "The report.", content(
        (schemas::TravelReport = "application/json"), (String = "text/csv"), (String = "image/svg+xml"),
    )))
)]
pub(in crate::v1) async fn get_travel_report(
    State(hub): State<Hub>,
    caller: Caller,
    headers: HeaderMap,
    Query(wanted): Query<GetTravelReport>,
) -> Result<Response, Problem> {
    TravelReport::may_see(caller.scopes())?;
    let report = hub.travel_report(caller.workspace(), wanted.from, wanted.to).await?;
    let (media, text) = match wanted.format.unwrap_or_else(|| Format::liked(&headers)) {
        Format::Json => return Ok(Json(report).into_response()),
        Format::Csv => ("text/csv; charset=utf-8", report.csv()),
        Format::Svg => ("image/svg+xml", report.chart(wanted.currency.map(|Code(currency)| currency))?),
    };
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    // The chart is opened in browsers, where nothing in it may run.
    let guards = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        (header::VARY, "accept"),
    ];
    for (name, value) in guards {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
