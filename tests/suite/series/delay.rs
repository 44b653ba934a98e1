//! `delay`: the newest steps are not judged yet, as their rows still come or change.

use smelt_stages::Refit;

use super::{SHOPS, World, YAML, day};

impl World {
    async fn with_delay(days: u32) -> Self {
        let mut world = Self::with_history().await;
        let delay = format!("smallest_effect: 30, delay: {days}");
        world.yaml = YAML.replace("smallest_effect: 30", &delay);
        world.look(1).await;
        world.heard();
        world
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_judged_once_values_or_the_clock_say_that_it_is_over() {
    for has_values in [true, false] {
        let mut world = World::with_delay(1).await;
        world.receive(&SHOPS.map(|shop| (day(1), shop, 3))).await;
        // What a mart fills up does not say that another day has begun.
        world.receive(&SHOPS.map(|shop| (day(2), shop, 0))).await;
        world.look(2).await;
        assert_eq!(world.heard(), [""; 0]);
        if has_values {
            world.receive(&[(day(2), SHOPS[0], 1)]).await;
            world.look(2).await;
        } else {
            world.look(3).await;
        }
        let heard = world.heard();
        assert_eq!(heard.len(), 1, "that was all there is: {heard:?}");
        assert!(heard[0].starts_with("till: sales of 5 shops "), "{heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_days_as_it_says_are_forecast_from_but_not_judged() {
    let mut world = World::with_delay(2).await;
    // There is a row of day 1, so that day 0 is over.
    world.train(1, Refit::WhenDue).await;
    let first = "SELECT MIN(target_time) FROM gold.till_forecast";
    assert_eq!(world.rows(first).await, [format!("{}T00:00:00", day(1))]);
    world.live(1, &[("harbour", 3.0)]).await;
    assert_eq!(world.heard(), [""; 0], "it may change");
    world.live(2, &[]).await;
    let heard = world.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of harbour "), "{heard:?}");
}
