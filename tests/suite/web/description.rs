//! What is answered is what the description says, member by member.

use axum::http::{Method, StatusCode};
use chrono::DateTime;
use serde_json::{Map, Value, json};
use smelt_domain::View;
use smelt_stages::{Platform, Refit, refresh_dataset, sweep_landing};

use super::Served;
use crate::series::{World, day};

/// The platform of a world, with a view.
fn with_view(world: &World) -> Platform {
    let mut platform = world.platform(1);
    let mut datasets = platform.datasets.to_vec();
    datasets[0].views.push(View {
        name: "monthly".parse().unwrap(),
        description: "sales of each month and shop".to_owned(),
        table: "daily".parse().unwrap(),
        query: "group=date.month,shop&aggregate=sum(sold)&order=date_month,shop".to_owned(),
    });
    platform.datasets = datasets.into();
    platform
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_described() {
    let mut world = World::with_history().await;
    world.train(1, Refit::WhenDue).await;
    world.live(1, &[("harbour", 3.0)]).await;
    let platform = with_view(&world);
    let content = format!("day,shop,sold\n{},harbour,7\nnever,harbour,7\n", day(-200));
    let key = "landing/till/sales/a.csv";
    platform.lake.put_object(key, content.into_bytes()).await.unwrap();
    platform.lake.put_object("landing/till/slaes/a.csv", b"day\n".to_vec()).await.unwrap();
    let served = Served::on(platform);
    let morning = world.platform(2);
    let till = &morning.datasets[0];
    sweep_landing(&morning, till, &till.tables[0]).await.unwrap();
    refresh_dataset(&morning, till).await.unwrap();
    let row = format!("/v1/datasets/till/records/{},harbour", day(0));
    let put = served.with_json(Method::PUT, &row, &json!({"values": {"sold": 5}})).await;
    assert_eq!(put.status, StatusCode::ACCEPTED, "{}", put.text());
    let uploads = served.get("/v1/uploads").await.json();
    let upload = format!("/v1/uploads/{}", uploads["uploads"][0]["upload"].as_str().unwrap());

    let till = "/v1/datasets/till";
    let asked = [
        ("/health", "/health".to_owned()),
        ("/health/ready", "/health/ready".to_owned()),
        ("/v1/datasets", "/v1/datasets".to_owned()),
        ("/v1/datasets/{dataset}", till.to_owned()),
        ("/v1/datasets/{dataset}/quality", format!("{till}/quality")),
        ("/v1/datasets/{dataset}/lineage", format!("{till}/lineage")),
        ("/v1/datasets/{dataset}/quarantine", format!("{till}/quarantine")),
        ("/v1/datasets/{dataset}/marts/{mart}", format!("{till}/marts/daily?limit=3")),
        ("/v1/datasets/{dataset}/marts/{mart}", format!("{till}/marts/daily?aggregate=count")),
        ("/v1/datasets/{dataset}/views/{view}", format!("{till}/views/monthly")),
        ("/v1/datasets/{dataset}/forecast", format!("{till}/forecast")),
        ("/v1/datasets/{dataset}/forecast-accuracy", format!("{till}/forecast-accuracy")),
        ("/v1/datasets/{dataset}/anomalies", format!("{till}/anomalies")),
        ("/v1/runs", "/v1/runs".to_owned()),
        ("/v1/status", "/v1/status".to_owned()),
        ("/v1/models", "/v1/models".to_owned()),
        ("/v1/uploads", "/v1/uploads".to_owned()),
        ("/v1/uploads/{upload}", upload),
    ];
    let described = Described(served.get("/openapi.json").await.json());
    for (route, path) in &asked {
        let answer = served.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let schema = described.answer(route).unwrap_or_else(|| panic!("{route} is not described"));
        let said = answer.json();
        if let Err(misfit) = described.check(schema, &said, path) {
            panic!("{misfit}\n{said}");
        }
    }
    for (route, member) in [
        ("/v1/runs", "/0/steps/0"),
        ("/v1/models", "/models/0/card"),
        ("/v1/uploads", "/misplaced/0"),
    ] {
        assert!(served.get(route).await.json().pointer(member).is_some(), "{route} says little");
    }
    // It has no mart of that name; what it would answer is described as what other tables are.
    let not_asked = "/v1/datasets/{dataset}/outliers";
    for route in described.routes_with_answers() {
        let is_asked = asked.iter().any(|(known, _)| *known == route) || route == not_asked;
        assert!(is_asked, "{route} is described, and not asked here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_may_be_grouped_otherwise() {
    let world = World::with_history().await;
    let served = Served::on(with_view(&world));
    let view = "/v1/datasets/till/views/monthly";
    let months = served.get(view).await.json();
    assert_eq!(months["columns"][0]["name"], "date_month");
    let shops = served.get(&format!("{view}?group=shop")).await;
    assert_eq!(shops.status, StatusCode::OK, "{}", shops.text());
    let shops = shops.json();
    assert_eq!(shops["rows"].as_array().unwrap().len(), crate::series::SHOPS.len());
    assert_eq!(shops["rows"][0]["shop"], crate::series::SHOPS[0]);
    // What the caller says of the order stays the caller's.
    let wrong = served.get(&format!("{view}?group=shop&order=date_month")).await;
    wrong.assert_problem(StatusCode::BAD_REQUEST, "order");
}

/// The description of the API.
struct Described(Value);

impl Described {
    /// What a route answers in JSON where all is well.
    fn answer(&self, route: &str) -> Option<&Value> {
        let answers = &self.0["paths"][route]["get"]["responses"];
        answers["200"]["content"]["application/json"].get("schema")
    }

    fn routes_with_answers(&self) -> Vec<String> {
        let routes = self.0["paths"].as_object().unwrap().keys().cloned();
        routes.filter(|route| self.answer(route).is_some()).collect()
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str();
        let name = name.and_then(|name| name.strip_prefix("#/components/schemas/"));
        match name.map(|name| (name, &self.0["components"]["schemas"][name])) {
            Some((name, Value::Null)) => panic!("{name} is not described"),
            Some((_, found)) => self.resolved(found),
            None => schema,
        }
    }

    /// A schema, or those that it is put together from.
    fn parts<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolved(schema);
        match schema["allOf"].as_array() {
            Some(parts) => parts.iter().flat_map(|part| self.parts(part)).collect(),
            None => vec![schema],
        }
    }

    /// Whether a value is as described; a member that is not described is none that may come.
    fn check(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let schema = self.resolved(schema);
        if let Some(kinds) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let found = kinds.iter().map(|kind| self.check(kind, value, place));
            let misfits: Vec<String> = found.filter_map(Result::err).collect();
            let fits = misfits.len() < kinds.len();
            return if fits { Ok(()) } else { Err(misfits.join("; ")) };
        }
        let parts = self.parts(schema);
        for part in &parts {
            if !is_of_type(part, value) {
                return Err(format!("{place}: {value} is no {}", part["type"]));
            }
        }
        let is_time = schema["format"] == "date-time";
        if let Some(text) = value.as_str().filter(|_| is_time) {
            DateTime::parse_from_rfc3339(text).map_err(|error| format!("{place}: {error}"))?;
        }
        // Anything may come.
        if parts.iter().all(|part| part.get("type").is_none()) {
            return Ok(());
        }
        match value {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| {
                self.check(&schema["items"], item, &format!("{place}/{at}"))
            }),
            Value::Object(members) => self.check_members(&parts, members, place),
            _ => Ok(()),
        }
    }

    fn check_members(
        &self,
        parts: &[&Value],
        members: &Map<String, Value>,
        place: &str,
    ) -> Result<(), String> {
        for (name, member) in members {
            let place = format!("{place}/{name}");
            let described = parts.iter().find_map(|part| part["properties"].get(name));
            let any = parts.iter().find_map(|part| part.get("additionalProperties"));
            let schema = described.or(any).ok_or_else(|| format!("{place} is not described"))?;
            self.check(schema, member, &place)?;
        }
        let required = parts.iter().filter_map(|part| part["required"].as_array()).flatten();
        for name in required.filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return Err(format!("{place} has no {name}"));
            }
        }
        Ok(())
    }
}

fn is_of_type(schema: &Value, value: &Value) -> bool {
    let is_of = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is_of),
        kind => is_of(kind),
    }
}
