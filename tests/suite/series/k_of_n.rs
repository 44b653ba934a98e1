//! `k_of_n`: a single value is no incident where several have to come together.

use super::{World, YAML};

#[tokio::test(flavor = "multi_thread")]
async fn one_day_is_nothing_and_the_second_of_three_is_told() {
    let mut world = World::with_history().await;
    world.yaml = YAML.replace("smallest_effect: 30", "smallest_effect: 30, k_of_n: 2 of 3");
    world.look(1).await;
    world.heard();
    // By itself, this would be told: see the other tests.
    world.live(1, &[("harbour", 3.0)]).await;
    assert_eq!(world.heard(), [""; 0]);
    let news = "SELECT COUNT(*) FROM gold.till_anomalies WHERE status <> 'past'";
    assert_eq!(world.rows(news).await, ["0"]);
    world.live(2, &[("harbour", 3.0)]).await;
    let heard = world.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("till: sales of harbour "), "{heard:?}");
    let sure =
        "SELECT score >= 0.5, reason <> 'goes on' FROM gold.till_anomalies WHERE status = 'open'";
    assert_eq!(world.rows(sure).await, ["true | true"]);
    world.live(3, &[("harbour", 3.0)]).await;
    assert_eq!(world.heard(), [""; 0], "it goes on");
    for later in 4..=6 {
        world.live(later, &[]).await;
    }
    assert_eq!(world.heard(), ["till: sales of harbour is as expected again (info)"]);
    world.live(7, &[("market", 4.0)]).await;
    world.live(8, &[]).await;
    assert_eq!(world.heard(), [""; 0], "a single day once more");
}
