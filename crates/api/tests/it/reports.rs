//! Reports: the same figures in each form, and for nobody who may not see what they are made from.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;
use tongshi_hub::Scopes;
use tongshi_model::{Kind, Sensitivity};
use tongshi_testkit::{Setup, on_each_database};

use crate::served::{Served, ask, key, over_company};

const PATH: &str = "/v1/reports/travel";

#[tokio::test]
async fn a_report_comes_as_json_csv_and_chart_with_the_same_figures() {
    over_company(120, async |hub, served| {
        let report = served.get(PATH).await;
        let own = hub.hub.travel_report(&hub.company, None, None).await.unwrap();
        assert!(own.spend.len() > 5, "the company travels");
        assert_eq!(report.json, json!(own));
        let csv = served.get(&format!("{PATH}?format=csv")).await;
        assert_eq!(
            (csv.status, &csv.headers[header::CONTENT_TYPE]),
            (StatusCode::OK, &"text/csv; charset=utf-8".parse().unwrap())
        );
        assert_eq!(csv.text.lines().count(), own.spend.len() + 1);
        let svg = served.get(&format!("{PATH}?format=svg&currency=CNY")).await;
        assert_eq!(svg.headers[header::CONTENT_TYPE], "image/svg+xml");
        assert!(svg.text.contains("</svg>") && svg.text.contains(&own.spend[0].month), "{}", svg.text);
        for (accept, media) in [
            ("text/csv", "text/csv; charset=utf-8"),
            ("image/svg+xml, application/json;q=0.5", "image/svg+xml"),
            ("text/csv;q=0.2, application/json", "application/json"),
            ("text/html, */*", "application/json"),
        ] {
            let request = Request::get(PATH)
                .header(header::HOST, "127.0.0.1:7070")
                .header(header::AUTHORIZATION, format!("Bearer {}", served.key.expose()))
                .header(header::ACCEPT, accept);
            let answer = ask(&served.app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.headers[header::CONTENT_TYPE], media, "{accept}");
        }
        let month = own.spend[0].month.clone();
        let cut = served.get(&format!("{PATH}?from={month}-01&to={month}-28")).await.json;
        assert!(cut["spend"].as_array().unwrap().iter().all(|spend| spend["month"] == month.as_str()));
        for wrong in ["format=pdf", "from=soon", "from=2026-02-01&to=2026-01-01", "currency=YUAN"] {
            let answer = served.get(&format!("{PATH}?{wrong}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {}", answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_not_see_trips_or_claims_gets_no_report() {
    on_each_database(Setup { employees: 30, ..Setup::default() }, async |hub| {
        let all = [Kind::TravelRequest, Kind::Booking, Kind::ExpenseClaim, Kind::OrgUnit];
        let scopes =
            |kinds: Vec<Kind>, sensitivity| Scopes { kinds: Some(kinds), sensitivity, ..Scopes::default() };
        let may = Served::new(hub, &hub.company, scopes(all.to_vec(), Sensitivity::Personal)).await;
        assert_eq!(may.get(PATH).await.status, StatusCode::OK);
        let mut refused = vec![scopes(all.to_vec(), Sensitivity::Contact)];
        refused.extend(all.iter().map(|lacking| {
            scopes(all.iter().copied().filter(|kind| kind != lacking).collect(), Sensitivity::Restricted)
        }));
        for (place, scopes) in refused.into_iter().enumerate() {
            let served = may.with(key(hub, &hub.company, &format!("narrow-{place}"), scopes.clone()).await);
            for format in ["json", "csv", "svg"] {
                let answer = served.get(&format!("{PATH}?format={format}")).await;
                assert_eq!(
                    (answer.status, answer.problem()),
                    (StatusCode::FORBIDDEN, "forbidden"),
                    "{scopes:?}"
                );
            }
        }
    })
    .await;
}
