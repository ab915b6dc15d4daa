//! Answers to many items at once: a row for each, in their order, with the status that it would have had alone.

use http::StatusCode;
use serde::Serialize;
use tongshi_hub::Hub;
use tongshi_model::{Error, Id};

use crate::problem::Problem;

/// More items are not one request.
const ITEMS_MAX: usize = 1000;

/// The answer.
#[derive(Serialize)]
pub(in crate::v1) struct Rows<T> {
    /// Names the request: its writes carry it.
    bulk: Id,
    /// How many items were taken.
    accepted: usize,
    /// How many were not.
    refused: usize,
    data: Vec<Row<T>>,
}

/// What became of one item.
#[derive(Serialize)]
struct Row<T> {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Refusal>,
}

#[derive(Serialize)]
struct Refusal {
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

/// Rows that are being collected.
pub(in crate::v1) struct Answered<T>(Rows<T>);

impl<T> Answered<T> {
    /// For so many items.
    pub(in crate::v1) fn for_items(hub: &Hub, items: usize) -> Result<Self, Error> {
        if items == 0 || items > ITEMS_MAX {
            return Err(Error::invalid("items", format!("items has 1 to {ITEMS_MAX} rows")));
        }
        let bulk = hub.name_request();
        Ok(Self(Rows { bulk, accepted: 0, refused: 0, data: Vec::with_capacity(items) }))
    }

    /// The request's name.
    pub(in crate::v1) fn bulk(&self) -> Id {
        self.0.bulk
    }

    /// An item that was taken.
    pub(in crate::v1) fn add(&mut self, status: StatusCode, result: T) {
        self.0.accepted += 1;
        self.0.data.push(Row { status: status.as_u16(), result: Some(result), problem: None });
    }

    /// An item that was not.
    pub(in crate::v1) fn refuse(&mut self, error: Error) {
        let (status, detail, field) = Problem::from(error).in_a_row();
        self.0.refused += 1;
        let problem = Some(Refusal { detail, field });
        self.0.data.push(Row { status, result: None, problem });
    }

    /// The answer.
    pub(in crate::v1) fn done(self) -> Rows<T> {
        self.0
    }
}
