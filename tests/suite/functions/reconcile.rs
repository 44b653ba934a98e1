//! What a portal has deleted, found by the function `maintain`.

use serde_json::{Value, json};
use smelt_ingest::IngestContext;
use smelt_lake::Lake;
use smelt_maintain::MaintainContext;
use smelt_runtime::{Context, Invocation, build};
use smelt_silver::SilverContext;
use smelt_simulate::serve::{
    Column, ColumnKind, Row, SodaResource, SodaServer, SodaSettings, row_id,
};

use super::Home;
use crate::support::{nyc311, platform};

const RESOURCE: &str = "erm2-nwe9";

/// Ten requests, as the portal has them.
async fn portal() -> SodaServer {
    let columns = [("unique_key", ColumnKind::Text), ("created_date", ColumnKind::Time)];
    let row = |number: u64| -> Row {
        let row = json!({
            ":id": row_id(number),
            ":updated_at": "2026-03-01T00:00:00.000Z",
            "unique_key": number.to_string(),
            "created_date": "2026-02-14T12:00:00.000",
            "complaint_type": "Noise",
            "borough": "BRONX",
        });
        row.as_object().cloned().unwrap()
    };
    let resource = SodaResource {
        id: RESOURCE.to_owned(),
        columns: columns.map(|(name, kind)| Column::new(name, kind)).to_vec(),
        rows: (1..=10).map(row).collect(),
    };
    SodaServer::start([resource], SodaSettings::default()).await.unwrap()
}

/// Asks a function that reaches the portal.
async fn ask<C: Context>(home: &Home, portal: &SodaServer, event: Value) -> Value {
    let mut environment = home.environment();
    environment.push(("SMELT_NYC311_PORTAL_URL".to_owned(), portal.url().to_string()));
    let context: C = build(environment).await.unwrap();
    context.handle(event, Invocation::local("request-1")).await.unwrap()
}

async fn requests(home: &Home) -> u64 {
    let platform = platform(Lake::open_folder(home.lake()).unwrap(), 1);
    let id = nyc311(&platform).silver_id(&"requests".parse().unwrap());
    platform.lake.table(id).unwrap().require_snapshot().await.unwrap().rows()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_portal_has_deleted_goes_when_its_schedule_asks() {
    let (home, portal) = (Home::new(), portal().await);
    let source = json!({ "dataset": "nyc311", "source": "portal" });
    let silver = json!({ "dataset": "nyc311" });
    ask::<IngestContext>(&home, &portal, source.clone()).await;
    home.ask::<SilverContext>(silver.clone()).await.unwrap();
    assert_eq!(requests(&home).await, 10);

    portal.update(RESOURCE, |rows| rows.retain(|row| row["unique_key"] != "8"));
    ask::<IngestContext>(&home, &portal, source.clone()).await;
    home.ask::<SilverContext>(silver.clone()).await.unwrap();
    assert_eq!(requests(&home).await, 10, "a pull sees what is new, not what is gone");

    ask::<MaintainContext>(&home, &portal, source).await;
    home.ask::<SilverContext>(silver).await.unwrap();
    assert_eq!(requests(&home).await, 9);
    let unknown = json!({ "dataset": "nyc311", "source": "nowhere" });
    let refused = home.ask::<MaintainContext>(unknown).await;
    assert_eq!(refused.unwrap_err(), "Permanent.NotDefined");
    portal.stop().await;
}
