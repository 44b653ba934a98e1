//! The marts over the accepted transactions, computed one by one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::transactions::Transaction;
use super::users::Directory;

/// Company and region of users that never arrive.
const UNKNOWN: &str = "unknown";

/// What a group of transactions amounts to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) requests: u64,
    pub(super) tokens: i64,
    /// In millionths of a dollar.
    pub(super) cost: i64,
    users: BTreeSet<usize>,
}

impl Usage {
    fn add(&mut self, transaction: &Transaction) {
        self.requests += 1;
        self.tokens += transaction.tokens();
        self.cost += transaction.cost();
        self.users.insert(transaction.user);
    }

    pub(super) fn active_users(&self) -> u64 {
        self.users.len() as u64
    }

    /// In dollars.
    pub(super) fn avg_cost_per_user(&self) -> f64 {
        self.cost as f64 / 1e6 / self.users.len() as f64
    }

    /// In dollars.
    pub(super) fn cost_per_1k_tokens(&self) -> f64 {
        self.cost as f64 / 1e6 * 1e3 / self.tokens as f64
    }
}

/// A month in one row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kpi {
    pub(super) usage: Usage,
    pub(super) top_company: String,
    pub(super) top_model: String,
    /// Relative to the month before; `None` without one.
    pub(super) cost_change: Option<f64>,
}

/// All marts.
#[derive(Debug)]
pub(super) struct Marts {
    pub(super) daily_metrics: BTreeMap<(NaiveDate, &'static str), Usage>,
    pub(super) daily_company_metrics: BTreeMap<(NaiveDate, &'static str), Usage>,
    pub(super) daily_model_metrics: BTreeMap<(NaiveDate, &'static str, &'static str), Usage>,
    pub(super) kpis: BTreeMap<String, Kpi>,
}

impl Marts {
    pub(super) fn of(transactions: &[Transaction], directory: &Directory) -> Self {
        let company = |transaction: &Transaction| {
            directory.users[transaction.user].known().map_or(UNKNOWN, |profile| profile.company)
        };
        let region = |transaction: &Transaction| {
            directory.users[transaction.user].known().map_or(UNKNOWN, |profile| profile.region)
        };
        let date = |transaction: &Transaction| transaction.occurred_at.date();
        let month = |transaction: &Transaction| date(transaction).format("%Y-%m").to_string();
        let by_month = usage_by(transactions, month);
        let by_company =
            usage_by(transactions, |transaction| (month(transaction), company(transaction)));
        let by_model =
            usage_by(transactions, |transaction| (month(transaction), transaction.model.name));
        Self {
            daily_metrics: usage_by(transactions, |transaction| {
                (date(transaction), region(transaction))
            }),
            daily_company_metrics: usage_by(transactions, |transaction| {
                (date(transaction), company(transaction))
            }),
            daily_model_metrics: usage_by(transactions, |transaction| {
                (date(transaction), region(transaction), transaction.model.name)
            }),
            kpis: kpis(by_month, &by_company, &by_model),
        }
    }
}

fn usage_by<K: Ord>(
    transactions: &[Transaction],
    key: impl Fn(&Transaction) -> K,
) -> BTreeMap<K, Usage> {
    let mut groups: BTreeMap<K, Usage> = BTreeMap::new();
    for transaction in transactions {
        groups.entry(key(transaction)).or_default().add(transaction);
    }
    groups
}

fn kpis(
    by_month: BTreeMap<String, Usage>,
    by_company: &BTreeMap<(String, &'static str), Usage>,
    by_model: &BTreeMap<(String, &'static str), Usage>,
) -> BTreeMap<String, Kpi> {
    let mut prior: Option<i64> = None;
    let mut kpis = BTreeMap::new();
    for (month, usage) in by_month {
        let cost_change = prior
            .filter(|prior| *prior != 0)
            .map(|prior| (usage.cost - prior) as f64 / prior as f64);
        prior = Some(usage.cost);
        let (top_company, top_model) = (top(by_company, &month), top(by_model, &month));
        kpis.insert(month, Kpi { usage, top_company, top_model, cost_change });
    }
    kpis
}

/// What cost most in a month, the first by name where several did.
fn top(by_name: &BTreeMap<(String, &'static str), Usage>, month: &str) -> String {
    let of_month = by_name.iter().filter(|((of, _), _)| of == month);
    let top = of_month.min_by_key(|((_, name), usage)| (-usage.cost, *name));
    top.map(|((_, name), _)| (*name).to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm_usage::LlmUsage;
    use crate::llm_usage::transactions::MODELS;
    use crate::llm_usage::users::Arrival;

    fn transaction(user: usize, model: usize, prompt_tokens: i64, at: &str) -> Transaction {
        Transaction {
            number: 0,
            user,
            model: &MODELS[model].0,
            prompt_tokens,
            completion_tokens: 0,
            occurred_at: at.parse().unwrap(),
            status: "error",
        }
    }

    #[test]
    fn months_are_compared_and_unknown_users_are_a_group() {
        let mut directory = Directory::new(&LlmUsage::default());
        for user in &mut directory.users {
            user.arrival = Arrival::First;
            user.profile.company = "b";
            user.profile.region = "r";
        }
        directory.users[1].profile.company = "a";
        directory.users[2].arrival = Arrival::Never;
        let transactions = [
            transaction(0, 1, 1_000, "2024-01-31T23:59:59"),
            transaction(1, 1, 1_000, "2024-01-31T12:00:00"),
            transaction(0, 0, 10_000, "2024-02-01T00:00:00"),
            transaction(2, 1, 1_000, "2024-02-01T00:00:00"),
            transaction(2, 1, 1_000, "2024-02-02T00:00:00"),
        ];
        let marts = Marts::of(&transactions, &directory);
        let january = &marts.kpis["2024-01"];
        assert_eq!((january.top_company.as_str(), january.cost_change), ("a", None));
        assert_eq!((january.usage.cost, january.usage.active_users()), (5_000, 2));
        assert!((january.usage.cost_per_1k_tokens() - 0.002_5).abs() < 1e-12);
        let february = &marts.kpis["2024-02"];
        assert_eq!(february.top_company, UNKNOWN);
        assert_eq!(february.top_model, "swift-pro");
        // 1,500 + 2 x 2,500 after 5,000
        assert_eq!(february.cost_change, Some(0.3));
        assert_eq!(marts.daily_metrics.len(), 4);
        assert_eq!(marts.daily_company_metrics.len(), 5);
        assert_eq!(marts.daily_model_metrics.len(), 4);
    }
}
