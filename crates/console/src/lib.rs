//! Pages for people, rendered on the server: what this hub is, and the description of its API. No scripts, nothing from
//! elsewhere, so they work offline and under the strictest policy.

mod docs;
mod home;
mod page;

use axum::{Router, routing::get};
use bytes::Bytes;
use http::header;
use serde_json::Value;
use tongshi_hub::Hub;

use page::Page;

/// Where the stylesheet is.
const STYLE_PATH: &str = "/style.css";

const STYLE: &str = include_str!("style.css");

/// A face as the first page lists it.
pub struct FaceLink {
    /// The short name, also its path.
    pub id: String,
    /// The name for people.
    pub title: String,
}

/// The pages of a hub whose API this OpenAPI document describes: `/`, `/v1/docs` and their stylesheet.
pub fn router(hub: &Hub, openapi: &Value) -> Router {
    let faces = hub.dialects().iter();
    let faces = faces.map(|dialect| FaceLink { id: dialect.id.to_owned(), title: dialect.title.to_owned() });
    pages(&faces.collect::<Vec<_>>(), openapi)
}

/// The same pages, from what they show.
pub fn pages(faces: &[FaceLink], openapi: &Value) -> Router {
    // Nothing on them changes while the program runs, so each is rendered once.
    let home = Page::new("Tongshi", &home::body(faces));
    let docs = Page::new("Tongshi API", &docs::body(openapi));
    let style = ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], Bytes::from_static(STYLE.as_bytes()));
    Router::new()
        .route("/", get(move || std::future::ready(home)))
        .route("/v1/docs", get(move || std::future::ready(docs)))
        .route(STYLE_PATH, get(move || std::future::ready(style)))
}

#[cfg(test)]
mod tests;
