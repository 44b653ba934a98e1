//! Transactions and what they cost.

use chrono::NaiveDateTime;

use crate::random::Random;

/// A language model with its prices.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) name: &'static str,
    /// Millionths of a dollar for a thousand prompt tokens.
    prompt_price: i64,
    /// Millionths of a dollar for a thousand completion tokens.
    completion_price: i64,
}

/// The models, with how often they are used.
pub(super) static MODELS: [(Model, u32); 5] = [
    (Model { name: "swift-mini", prompt_price: 150, completion_price: 600 }, 45),
    (Model { name: "swift-pro", prompt_price: 2_500, completion_price: 10_000 }, 25),
    (Model { name: "sage-large", prompt_price: 3_000, completion_price: 15_000 }, 18),
    (Model { name: "sage-opus", prompt_price: 15_000, completion_price: 75_000 }, 4),
    (Model { name: "open-70b", prompt_price: 590, completion_price: 790 }, 8),
];

const STATUSES: [(&str, u32); 3] = [("success", 95), ("error", 3), ("timeout", 2)];

/// A request to a model.
#[derive(Debug, Clone)]
pub(super) struct Transaction {
    pub(super) number: u64,
    /// Index into the directory.
    pub(super) user: usize,
    pub(super) model: &'static Model,
    pub(super) prompt_tokens: i64,
    pub(super) completion_tokens: i64,
    pub(super) occurred_at: NaiveDateTime,
    pub(super) status: &'static str,
}

impl Transaction {
    /// A request of about `size` times the usual length; its number is given later.
    pub(super) fn draw(
        user: usize,
        occurred_at: NaiveDateTime,
        size: f64,
        random: &mut Random,
    ) -> Self {
        let status = *random.pick(&STATUSES);
        let completion_tokens = random.heavy_tailed(260.0 * size, 0.9) as i64 + 1;
        Self {
            number: 0,
            user,
            model: random.pick(&MODELS),
            prompt_tokens: random.heavy_tailed(700.0 * size, 1.1) as i64 + 1,
            completion_tokens: if status == "success" { completion_tokens } else { 0 },
            occurred_at,
            status,
        }
    }

    pub(super) fn tokens(&self) -> i64 {
        self.prompt_tokens + self.completion_tokens
    }

    /// In millionths of a dollar, rounded down.
    pub(super) fn cost(&self) -> i64 {
        let prompt = self.prompt_tokens * self.model.prompt_price;
        let completion = self.completion_tokens * self.model.completion_price;
        (prompt + completion) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_tokens_by_price() {
        let transaction = Transaction {
            number: 1,
            user: 0,
            model: &MODELS[0].0,
            prompt_tokens: 1_000,
            completion_tokens: 501,
            occurred_at: NaiveDateTime::default(),
            status: "success",
        };
        assert_eq!((transaction.tokens(), transaction.cost()), (1_501, 450));
    }
}
