//! What operators watch: metrics by Prometheus' rules, the audit trail and the log of requests over `/v1`.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use serde_json::json;
use tongshi_hub::{Scopes, meters::METRICS};
use tongshi_model::Sensitivity;

use crate::served::{key, over_company};

/// A metric as it was scraped.
#[derive(Debug, Default)]
struct Scraped {
    help: String,
    kind: String,
    labels: BTreeSet<String>,
    samples: u64,
}

/// Reads Prometheus' text format (version 0.0.4): every line must be one of its three.
fn parse(text: &str) -> BTreeMap<String, Scraped> {
    let mut found: BTreeMap<String, Scraped> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            found.entry(name.to_owned()).or_default().help = help.to_owned();
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            let metric = found.entry(name.to_owned()).or_default();
            assert!(metric.kind.is_empty(), "{name} has two types");
            metric.kind = kind.to_owned();
            continue;
        }
        assert!(!line.starts_with('#'), "{line}");
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
            None => (series, ""),
        };
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let base = base.filter(|base| found.contains_key(*base)).unwrap_or(name);
        let metric = found.get_mut(base).unwrap_or_else(|| panic!("{base} has no type: {line}"));
        // A histogram has so many buckets for each combination of labels.
        metric.samples += u64::from(!name.ends_with("_bucket"));
        for pair in labels.split("\",").filter(|pair| !pair.is_empty()) {
            let (label, _) = pair.split_once("=\"").unwrap();
            if label != "le" {
                metric.labels.insert(label.to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn metrics_are_named_typed_and_explained() {
    over_company(40, async |hub, served| {
        hub.sync(&["employee"]).await;
        for number in 0..20 {
            served.get(&format!("/v1/employees?name=canary-{number}")).await;
            served.get(&format!("/canary-{number}")).await;
        }
        let text = served.get("/metrics").await.text;
        assert!(!text.contains("canary"), "{text}");
        let scraped = parse(&text);
        for (name, metric) in &scraped {
            assert!(!metric.help.is_empty() && !metric.kind.is_empty(), "{name} is not explained");
            let plain =
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            assert!(plain, "{name}");
            let Some(listed) = METRICS.iter().find(|metric| metric.name == name) else {
                assert!(name.starts_with("process_"), "{name} is not in the list");
                continue;
            };
            assert_eq!(
                (metric.kind.as_str(), metric.help.as_str()),
                (listed.kind.name(), listed.help),
                "{name}"
            );
            let labels: BTreeSet<String> = listed.labels.iter().map(|label| (*label).to_owned()).collect();
            assert_eq!(metric.labels, labels, "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == "counter", "{name}");
            assert!(metric.samples < 600, "{name} has {} samples", metric.samples);
        }
        for needed in [
            "tongshi_vendor_calls_total",
            "tongshi_vendor_call_seconds",
            "tongshi_sync_runs_total",
            "tongshi_sync_rows_total",
            "tongshi_sync_last_complete_age_seconds",
            "tongshi_jobs_waiting",
            "tongshi_db_size_bytes",
            "tongshi_db_writer_wait_seconds",
            "tongshi_quarantine_rows",
            "tongshi_build_info",
            "process_open_fds",
            "process_resident_memory_bytes",
            "process_cpu_seconds_total",
        ] {
            assert!(scraped.get(needed).is_some_and(|metric| metric.samples > 0), "{needed}\n{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_trail_and_the_log_are_for_those_who_administrate() {
    over_company(40, async |hub, served| {
        assert_eq!(served.get("/v1/employees?limit=5").await.status, StatusCode::OK);
        assert_eq!(served.get("/v1/employees?limit=0").await.status, StatusCode::BAD_REQUEST);
        hub.hub.write_notes().await.unwrap();
        let reads = served.get("/v1/audit?action=record.read").await;
        assert_eq!(reads.data().len(), 1, "{}", reads.text);
        assert_eq!(
            (&reads.data()[0]["actor"], &reads.data()[0]["target"]),
            (&json!("app:api"), &json!("employee"))
        );
        assert_eq!(reads.data()[0]["detail"]["records"], 5);
        assert!(
            served.get("/v1/audit?action=credential.*&since=2026-01-01T00:00:00Z").await.data().len() == 1
        );
        assert_eq!(served.get("/v1/audit?since=yesterday").await.json["field"], "since");
        let calls = served.get("/v1/requests?face=v1").await;
        let refused = &calls.data()[calls.data().len() - 1];
        assert_eq!(
            (&refused["app"], &refused["status"], &refused["code"]),
            (&json!("api"), &json!(400), &json!("invalid"))
        );
        assert_eq!(refused["operation"], "GET /v1/employees");
        let reader = Scopes { sensitivity: Sensitivity::Restricted, ..Scopes::default() };
        let reader = served.with(key(hub, &hub.company, "reader", reader).await);
        for target in ["/v1/audit", "/v1/requests"] {
            assert_eq!(reader.get(target).await.problem(), "forbidden", "{target}");
        }
    })
    .await;
}
