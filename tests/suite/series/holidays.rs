//! Holidays of a series: forecasts expect them, and what is usual on them is no anomaly.

use smelt_stages::Refit;

use super::{SHOPS, World, YAML, day, usual};

/// Days on which all shops sold three times as much as usual.
const FEASTS: [i64; 3] = [-90, -60, -30];
/// The next one.
const NEXT: i64 = 2;

async fn with_feasts(yaml: String) -> World {
    let mut world = World::with_history().await;
    let feasts = FEASTS.into_iter().flat_map(|later| SHOPS.map(|shop| (day(later), shop)));
    let rows: Vec<_> = feasts.map(|(day, shop)| (day, shop, 3 * usual(day, shop))).collect();
    world.yaml = yaml;
    world.receive(&rows).await;
    world.look(1).await;
    world.live(1, &[]).await;
    world.heard();
    world
}

fn with_holidays() -> String {
    let days: Vec<String> =
        FEASTS.into_iter().chain([NEXT]).map(|later| day(later).to_string()).collect();
    YAML.replace(
        "horizon: 7",
        &format!("horizon: 7\n      holidays: {{feast: [{}]}}", days.join(", ")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holiday_is_expected_and_an_outage_on_it_is_told() {
    let mut world = with_feasts(with_holidays()).await;
    world.train(1, Refit::WhenDue).await;
    // More than twice as much as usual on the holiday, and as usual on the days beside it.
    let share = |later: i64| {
        let shops = SHOPS.map(|shop| usual(day(later), shop)).iter().sum::<i64>();
        format!(
            "SELECT SUM(mean) / {shops} > 2, SUM(mean) / {shops} BETWEEN 0.8 AND 1.2 \
             FROM gold.till_forecast WHERE target_time = TIMESTAMP '{}'",
            day(later)
        )
    };
    assert_eq!(world.rows(&share(NEXT)).await, ["true | false"]);
    assert_eq!(world.rows(&share(NEXT + 1)).await, ["false | true"]);
    // All shops sell much, but for one that is as good as closed.
    let factors = SHOPS.map(|shop| (shop, if shop == "harbour" { 0.1 } else { 3.0 }));
    world.live(NEXT, &factors).await;
    let heard = world.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of harbour "), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_being_told_a_holiday_is_an_anomaly() {
    let mut told = with_feasts(with_holidays()).await;
    let mut not_told = with_feasts(YAML.to_owned()).await;
    for world in [&mut told, &mut not_told] {
        world.live(NEXT, &SHOPS.map(|shop| (shop, 3.0))).await;
    }
    assert_eq!(told.heard(), [""; 0]);
    let heard = not_told.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of 5 shops "), "{heard:?}");
}
