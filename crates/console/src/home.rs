//! The first page: what this is and where to go on. It shows nothing of any organisation, since nobody has logged in.

use std::fmt::Write as _;

use crate::{FaceLink, page::Text};

/// The body of the page.
pub(crate) fn body(faces: &[FaceLink]) -> String {
    let version = Text(env!("CARGO_PKG_VERSION"));
    let mut body = format!(
        "<header><h1>Tongshi <small>通事</small></h1>\n<p>One record of the organisation, spoken in every vendor's \
         API. Version {version}.</p></header>\n<main>\n<h2>Go on</h2>\n<ul>\n\
         <li><a href=\"/v1/docs\">The API</a>, and the same <a href=\"/v1/openapi.json\">as OpenAPI</a></li>\n\
         <li>Health: <a href=\"/healthz\">up</a>, <a href=\"/readyz\">ready</a>, <a href=\"/metrics\">metrics</a></li>\n\
         </ul>\n<h2>Faces</h2>\n"
    );
    if faces.is_empty() {
        body.push_str("<p>This hub has no faces.</p>\n");
    } else {
        body.push_str("<p>An app that speaks a vendor's API finds it here.</p>\n<table>\n<tr><th>Vendor</th><th>Base address</th></tr>\n");
        for face in faces {
            // Writing to a text does not fail.
            let _ = writeln!(
                body,
                "<tr><td>{}</td><td><code>/d/{}</code></td></tr>",
                Text(&face.title),
                Text(&face.id)
            );
        }
        body.push_str("</table>\n");
    }
    body.push_str("</main>\n");
    body
}
