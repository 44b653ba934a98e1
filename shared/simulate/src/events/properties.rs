//! What events say beside who and when, and how they fail to say it.

use serde_json::{Map, Value, json};

use super::event::EventKind;
use crate::random::Random;

const PAGES: [(&str, u32); 6] = [
    ("/", 40),
    ("/deals", 20),
    ("/category/garden", 14),
    ("/category/kitchen", 14),
    ("/account", 8),
    ("/help/returns?from=mail&lang=en", 4),
];
const QUERIES: [(&str, u32); 6] = [
    ("garden chair", 24),
    ("espresso machine", 22),
    ("cast iron pan", 20),
    ("\"left-handed\" scissors", 12),
    ("crème brûlée torch", 12),
    ("hammock", 10),
];
const CURRENCIES: [(&str, u32); 3] = [("EUR", 50), ("USD", 40), ("CHF", 10)];
const PLANS: [(&str, u32); 3] = [("free", 70), ("plus", 22), ("family", 8)];
const CODES: [(u32, u32); 4] = [(404, 50), (500, 25), (503, 20), (429, 5)];

/// Properties that fit the event's schema.
pub(super) fn properties(kind: EventKind, random: &mut Random) -> Map<String, Value> {
    let properties = match kind {
        EventKind::PageView => json!({"url": random.pick(&PAGES)}),
        EventKind::ProductView => {
            let product = random.below(400);
            json!({"product": sku(product), "price": price(product)})
        }
        EventKind::Search => json!({"query": random.pick(&QUERIES)}),
        EventKind::AddToCart => {
            json!({"product": sku(random.below(400)), "quantity": 1 + random.below(3)})
        }
        EventKind::Checkout => json!({"items": 1 + random.below(6)}),
        EventKind::Purchase => json!({
            "order_id": format!("o-{:08}", random.below(100_000_000)),
            "amount": (random.heavy_tailed(6_200.0, 0.8) as u32) as f64 / 100.0,
            "currency": random.pick(&CURRENCIES),
        }),
        EventKind::Signup => json!({"plan": random.pick(&PLANS)}),
        EventKind::Error => {
            let code = random.pick(&CODES);
            match random.below(2) {
                0 => json!({"code": code}),
                _ => json!({"code": code, "message": "the page could not be shown"}),
            }
        }
    };
    match properties {
        Value::Object(properties) => properties,
        _ => Map::new(),
    }
}

/// Takes a required property away, or gives it a value of another type.
pub(super) fn spoil(properties: &mut Map<String, Value>, random: &mut Random) {
    let required: Vec<&String> = properties.keys().filter(|name| *name != "message").collect();
    let Some(name) = required.get(random.below(required.len() as u32) as usize) else { return };
    let name = (*name).clone();
    if random.below(2) == 0 {
        properties.remove(&name);
        return;
    }
    let wrong =
        if properties.get(&name).is_some_and(Value::is_string) { json!(17) } else { json!("n/a") };
    properties.insert(name, wrong);
}

fn sku(product: u32) -> String {
    format!("sku-{product:04}")
}

/// The same product always has the same price.
fn price(product: u32) -> f64 {
    f64::from(299 + product * 7_919 % 20_000) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spoilt_properties_never_fit() {
        let mut random = Random::new(1, 1);
        for _ in 0..200 {
            let mut purchase = properties(EventKind::Purchase, &mut random);
            let fits = |purchase: &Map<String, Value>| {
                purchase.get("order_id").is_some_and(Value::is_string)
                    && purchase.get("amount").is_some_and(Value::is_f64)
                    && purchase.get("currency").is_some_and(Value::is_string)
            };
            assert!(fits(&purchase));
            spoil(&mut purchase, &mut random);
            assert!(!fits(&purchase), "{purchase:?}");
        }
    }
}
