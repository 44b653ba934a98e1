//! Any question gets the answer that the plainest evaluation gives, in whatever pages it is read.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tokio::runtime::Runtime;

use support::naive::{Question, Shape};
use support::{COLUMNS, Cell, PLACES, publish, rows, texts};

fn values_of(column: usize) -> BoxedStrategy<Cell> {
    match COLUMNS[column].0 {
        "day" => (20_430_i128..20_530).prop_map(Cell::Exact).boxed(),
        "id" => (-2_i128..7_000).prop_map(Cell::Exact).boxed(),
        "place" => select(&PLACES).prop_map(|text| Cell::Text(text.to_owned())).boxed(),
        "n" => prop_oneof![-4_i128..5, Just(i128::from(i32::MAX))].prop_map(Cell::Exact).boxed(),
        "amount" => {
            prop_oneof![-510_i128..510, Just(999_999_999_999)].prop_map(Cell::Exact).boxed()
        }
        "share" => select(&[-0.0, 0.0, 0.5, -1.25, 1e300, 7.0]).prop_map(Cell::Double).boxed(),
        "at" => (-4_i128..101).prop_map(|it| Cell::Exact(it * 7_199_999_999)).boxed(),
        _ => (0_i128..2).prop_map(Cell::Exact).boxed(),
    }
}

fn filter() -> impl Strategy<Value = (usize, &'static str, Vec<Cell>)> {
    (0..COLUMNS.len()).prop_flat_map(|column| {
        let operators: &[&str] = match COLUMNS[column].1 {
            "BOOLEAN" => &["eq", "ne", "null"],
            "TEXT" => &["eq", "ne", "lt", "lte", "gt", "gte", "contains", "starts", "null"],
            _ => &["eq", "ne", "lt", "lte", "gt", "gte", "null"],
        };
        select(operators).prop_flat_map(move |operator| {
            let values = match operator {
                "null" => prop::collection::vec((0_i128..2).prop_map(Cell::Exact), 1..2).boxed(),
                "eq" | "ne" | "contains" | "starts" => {
                    prop::collection::vec(values_of(column), 1..4).boxed()
                }
                _ => prop::collection::vec(values_of(column), 1..2).boxed(),
            };
            values.prop_map(move |values| (column, operator, values))
        })
    })
}

fn filters() -> impl Strategy<Value = Vec<(usize, &'static str, Vec<Cell>)>> {
    prop::collection::vec(filter(), 0..4).prop_map(|mut filters| {
        filters.sort_by_key(|(column, operator, _)| (*column, *operator));
        filters.dedup_by_key(|(column, operator, _)| (*column, *operator));
        filters
    })
}

fn shuffled(places: usize, most: usize) -> impl Strategy<Value = Vec<usize>> {
    let all: Vec<usize> = (0..places).collect();
    subsequence(all, 1..=most.min(places)).prop_shuffle()
}

fn order(places: usize) -> impl Strategy<Value = Vec<(usize, bool)>> {
    let chosen = prop_oneof![Just(Vec::new()), shuffled(places, 3)];
    (chosen, prop::collection::vec(any::<bool>(), 3))
        .prop_map(|(places, descending)| places.into_iter().zip(descending).collect())
}

fn about_rows() -> impl Strategy<Value = Question> {
    (filters(), shuffled(COLUMNS.len(), COLUMNS.len()), order(COLUMNS.len())).prop_map(
        |(filters, select, order)| Question { filters, shape: Shape::Rows(select), order },
    )
}

fn about_groups() -> impl Strategy<Value = Question> {
    let keys: Vec<(usize, Option<&'static str>)> = vec![
        (0, None),
        (0, Some("week")),
        (0, Some("month")),
        (0, Some("year")),
        (2, None),
        (3, None),
        (4, None),
        (5, None),
        (6, Some("hour")),
        (6, Some("day")),
        (7, None),
    ];
    let mut aggregates: Vec<(&'static str, Option<usize>)> = vec![("count", None)];
    for function in ["count", "min", "max"] {
        aggregates.extend((0..COLUMNS.len()).map(|place| (function, Some(place))));
    }
    for function in ["sum", "avg"] {
        aggregates.extend([1, 3, 4, 5].map(|place| (function, Some(place))));
    }
    let shape = (subsequence(keys, 0..=3), subsequence(aggregates, 1..=6));
    (filters(), shape).prop_flat_map(|(filters, (keys, aggregates))| {
        let width = keys.len() + aggregates.len();
        order(width).prop_map(move |order| Question {
            filters: filters.clone(),
            shape: Shape::Groups(keys.clone(), aggregates.clone()),
            order,
        })
    })
}

/// All pages of an answer, one after the other.
async fn pages(
    table: &support::Published,
    question: &Question,
    limit: usize,
    most: usize,
) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut parameters = question.parameters();
        parameters.push(("limit".to_owned(), limit.to_string()));
        parameters.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
        let answer = table.answer(&parameters).await.unwrap();
        let page = texts(&answer);
        assert!(page.len() <= limit);
        all.extend(page);
        assert!(all.len() <= most, "rows come twice: {:?}", question.parameters());
        cursor = answer.next().map(str::to_owned);
        if cursor.is_none() {
            return all;
        }
        assert_eq!(answer.rows().num_rows(), limit, "a page before the last is full");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn rows_are_those_of_the_plainest_evaluation(
        question in about_rows(),
        seed in any::<u64>(),
        count in prop_oneof![0_usize..60, 2_000_usize..6_000],
        limit in prop_oneof![1_usize..30, Just(10_000)],
    ) {
        let rows = rows(seed, count);
        let expected = question.answer(&rows);
        // Few pages of large tables: each is compared with another way of reading as well.
        let limit = limit.max(expected.len() / 40);
        let answered = Runtime::new().unwrap().block_on(async {
            let table = publish(&rows).await;
            pages(&table, &question, limit, expected.len()).await
        });
        prop_assert_eq!(answered, expected, "{:?}", question.parameters());
    }

    #[test]
    fn groups_are_those_of_the_plainest_evaluation(
        question in about_groups(),
        seed in any::<u64>(),
        count in prop_oneof![0_usize..60, 2_000_usize..4_000],
        limit in prop_oneof![1_usize..30, Just(10_000)],
    ) {
        let rows = rows(seed, count);
        let expected = question.answer(&rows);
        let limit = limit.max(expected.len() / 40);
        let answered = Runtime::new().unwrap().block_on(async {
            let table = publish(&rows).await;
            pages(&table, &question, limit, expected.len()).await
        });
        prop_assert_eq!(answered, expected, "{:?}", question.parameters());
    }
}
