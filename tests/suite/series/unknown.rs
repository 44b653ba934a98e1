//! `missing: unknown`: a step without a row is nothing that was measured, and never an anomaly.

use super::{SHOPS, World, YAML, day, usual};

fn measured() -> String {
    YAML.replace("every: day", "every: day\n      missing: unknown")
}

impl World {
    /// A day of which nothing is known of the harbour.
    async fn live_without_harbour(&mut self, later: i64) {
        let others = SHOPS.into_iter().filter(|shop| *shop != "harbour");
        let rows: Vec<_> = others.map(|shop| (day(later), shop, usual(day(later), shop))).collect();
        self.receive(&rows).await;
        self.receive(&[(day(later + 1), SHOPS[0], 1)]).await;
        self.look(later + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_an_outage_only_where_missing_is_zero() {
    let mut counted = World::with_history().await;
    counted.heard();
    counted.live_without_harbour(1).await;
    let heard = counted.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of harbour "), "{heard:?}");

    let mut unknown = World::with_history().await;
    unknown.yaml = measured();
    unknown.look(1).await;
    unknown.heard();
    for later in 1..=3 {
        unknown.live_without_harbour(later).await;
    }
    assert_eq!(unknown.heard(), [""; 0]);
    let told =
        "SELECT COUNT(*) FROM gold.till_anomalies WHERE series = 'harbour' AND status <> 'past'";
    assert_eq!(unknown.rows(told).await, ["0"]);
    // What comes after the gap is judged by what was before it.
    unknown.live(4, &[]).await;
    assert_eq!(unknown.heard(), [""; 0]);
    unknown.live(5, &[("harbour", 3.0)]).await;
    let heard = unknown.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of harbour "), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_neither_ends_an_incident_nor_begins_another() {
    let mut world = World::with_history().await;
    world.yaml = measured();
    world.look(1).await;
    world.heard();
    world.live(1, &[("harbour", 3.0)]).await;
    assert_eq!(world.heard().len(), 1);
    world.live_without_harbour(2).await;
    world.live(3, &[("harbour", 3.0)]).await;
    assert_eq!(world.heard(), [""; 0], "it goes on");
    let rows = "SELECT COUNT(*), COUNT(DISTINCT alert_id) FROM gold.till_anomalies \
                WHERE series = 'harbour' AND status = 'open'";
    assert_eq!(world.rows(rows).await, ["2 | 1"]);
    for later in 4..=6 {
        world.live(later, &[]).await;
    }
    assert_eq!(world.heard(), ["till: sales of harbour is as expected again (info)"]);
}
