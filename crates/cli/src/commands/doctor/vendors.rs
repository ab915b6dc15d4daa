//! A vendor as seen from here, step by step: name, connection, answer, clock, account, and what the account may use.

use std::{net::IpAddr, time::Duration};

use http::{Method, header};
use reqwest::Url;
use tokio::net::{TcpStream, lookup_host};
use tongshi_dialect::Message;
use tongshi_hub::{ConnectionView, Hub, Transports as _, Workspace, is_public};
use tongshi_model::parse_http_date;

use super::Finding;
use crate::{program::Program, transport::HttpTransports};

/// Vendors refuse a time that is further off than some minutes.
const CLOCK_SECONDS_MAX: i64 = 60;

/// Looks at one connection. The first step that fails is the finding; later ones would only repeat it.
pub(super) async fn look(
    program: &Program,
    hub: &Hub,
    workspace: &Workspace,
    connection: &ConnectionView,
    findings: &mut Vec<Finding>,
) {
    let name = &connection.name;
    let mut from = None;
    if program.config.settings.proxy_url.0.is_none() {
        match reach(program, connection).await {
            Ok(address) => from = address,
            Err(finding) => return findings.push(*finding),
        }
    }
    findings.extend(answer(program, connection).await);
    match hub.check(workspace, name).await {
        Ok(health) => {
            findings.push(Finding::good(format!("connection {name}"), health.text));
            for found in health.findings {
                let about = format!("{name}, {}", found.subject);
                let vendor_name = found.vendor_name;
                findings.push(Finding {
                    vendor_name,
                    ..Finding::new(about, found.state, found.text, found.mend)
                });
            }
        }
        Err(error) => findings.push(Finding::failed(format!("connection {name}"), error.into())),
    }
    findings.push(our_address(name, from));
}

/// Under which address the vendor sees us, for its list of permitted addresses.
fn our_address(connection: &str, from: Option<IpAddr>) -> Finding {
    let about = format!("{connection}, our address");
    let text = match from {
        Some(address) if address.is_loopback() || is_public(address) => {
            return Finding::good(about, format!("the vendor sees {address}"));
        }
        Some(address) => {
            format!("we go out from {address}, and the vendor sees what your network makes of it")
        }
        None => "the vendor sees the proxy's address".to_owned(),
    };
    Finding::judge(
        about,
        text,
        "if the vendor wants it for its list of permitted addresses: ask whoever runs your network for the address under \
         which this machine goes out, or the vendor for the one in its log",
    )
}

/// Whether the name is known and somebody listens; the address from which we went there.
async fn reach(program: &Program, connection: &ConnectionView) -> Result<Option<IpAddr>, Box<Finding>> {
    let about = format!("way to {}", connection.name);
    let bad = |text: String, mend: &str| Box::new(Finding::bad(about.clone(), text, mend));
    let url = Url::parse(&connection.base_url);
    let place = url.ok().and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
    let Some((host, port)) = place else {
        let mend = "give the address again with `tongshi connect … --base-url https://…`";
        return Err(bad(format!("{} is no address", connection.base_url), mend));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let limit = Duration::from_millis(program.config.settings.connect_timeout_ms);
    let found = tokio::time::timeout(limit, lookup_host((host.as_str(), port))).await;
    let addresses: Vec<_> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            return Err(bad(
                format!("the name {host} is not known: {error}"),
                "see the spelling and this machine's DNS",
            ));
        }
        Err(_) => return Err(bad(format!("nobody answers for the name {host}"), "see this machine's DNS")),
    };
    let mut why = "it has no address".to_owned();
    for address in addresses {
        match tokio::time::timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream.local_addr().ok().map(|address| address.ip())),
            Ok(Err(error)) => why = format!("{address}: {error}"),
            Err(_) => why = format!("{address} does not answer within {} s", limit.as_secs_f32()),
        }
    }
    Err(bad(
        format!("no connection to {host}:{port} ({why})"),
        "see whether the vendor is up, and whether a firewall or the missing setting proxy_url stands in between",
    ))
}

/// How long the vendor takes to answer anything at all, and how far its clock is from ours.
async fn answer(program: &Program, connection: &ConnectionView) -> Vec<Finding> {
    let about = format!("way to {}", connection.name);
    let transport = match HttpTransports::new(&program.config.settings).open(&connection.base_url) {
        Ok(transport) => transport,
        Err(error) => return vec![Finding::failed(about, error.into())],
    };
    let begun = program.clock.now();
    let reply = match transport.send(Message::new(Method::GET, "/")).await {
        Ok(reply) => reply,
        Err(error) => {
            let mend =
                "the text says which step failed; for a certificate, set ca_file to your company's own";
            return vec![Finding::bad(about, error.text, mend)];
        }
    };
    let now = program.clock.now();
    let taken = now.as_millisecond() - begun.as_millisecond();
    let mut findings = vec![Finding::good(about, format!("name, connection and answer in {taken} ms"))];
    let date = reply.headers.get(header::DATE).and_then(|date| parse_http_date(date.to_str().ok()?));
    if let Some(theirs) = date {
        let ahead = theirs.as_second() - now.as_second();
        let (about, text) = (format!("clock of {}", connection.name), format!("{ahead:+} s from ours"));
        let mend = "set the clock that is wrong, best by NTP: signatures carry the time";
        findings.push(match ahead.abs() > CLOCK_SECONDS_MAX {
            true => Finding::bad(about, text, mend),
            false => Finding::good(about, text),
        });
    }
    findings
}
