//! A time that is put right by hand takes along what is computed from it, or nothing changes: rows lie in
//! partitions by it.

use super::{Home, assert_holds};

/// A row of a table, and what is put right about its time.
struct Case {
    dataset: &'static str,
    table: &'static str,
    csv: &'static str,
    key: &'static str,
    /// Columns that are refused one by one, with the rule that does.
    alone: &'static [(&'static str, &'static str)],
    /// The same and what goes with it, which are taken together.
    together: &'static [&'static str],
    /// A question to gold (or to silver, where no mart is alone of the table), which has the row in one
    /// place before and in another one afterwards.
    place: &'static str,
    before: &'static str,
    after: &'static str,
}

const PAYMENT: &str = "month_and_year_are_of_payment_date";
const CREATED: &str = "created_parts_are_of_created_at";
const RESOLVED: &str = "resolution_hours_are_of_both_times";

const CASES: [Case; 5] = [
    Case {
        dataset: "spending",
        table: "payments",
        csv: "Voucher,Voucher Line,Distribution Line,Entered,Monetary Amount\n\
              V1,1,1,7/1/2021,12.50\n",
        key: "V1-1-1",
        alone: &[
            ("payment_date=2023-02-03", PAYMENT),
            ("fiscal_year=2030", PAYMENT),
            ("month=2021-08", PAYMENT),
            ("month=", PAYMENT),
        ],
        together: &["payment_date=2023-02-03", "month=2023-02", "fiscal_year=2023"],
        place: "SELECT fiscal_year, month, payments FROM gold.spending_monthly_spending",
        before: "2022,2021-07,1",
        after: "2023,2023-02,1",
    },
    Case {
        dataset: "llm_usage",
        table: "transactions",
        csv: "transaction_id,user_id,model,prompt_tokens,completion_tokens,occurred_at\n\
              t1,u1,m,1,1,2024-01-05T10:00:00\n",
        key: "t1",
        alone: &[
            ("occurred_at=2024-02-01T11:00:00", "month_is_of_occurred_at"),
            ("month=2024-02", "month_is_of_occurred_at"),
        ],
        together: &["occurred_at=2024-02-01T11:00:00", "month=2024-02"],
        place: "SELECT date, region, requests FROM gold.llm_usage_daily_metrics",
        before: "2024-01-05,unknown,1",
        after: "2024-02-01,unknown,1",
    },
    Case {
        dataset: "restaurant",
        table: "orders",
        csv: "order_id,ordered_at,status,total_amount,updated_at\n\
              1,2024-01-05 10:00:00,SERVED,10,2024-01-05 10:00:00\n",
        key: "1",
        alone: &[
            ("ordered_at=2024-02-01T11:00:00", "ordered_month_is_of_ordered_at"),
            ("ordered_month=2024-02", "ordered_month_is_of_ordered_at"),
        ],
        together: &["ordered_at=2024-02-01T11:00:00", "ordered_month=2024-02"],
        place: "SELECT date, orders FROM gold.restaurant_daily_revenue",
        before: "2024-01-05,1",
        after: "2024-02-01,1",
    },
    Case {
        dataset: "restaurant",
        table: "order_items",
        csv: "order_item_id,order_id,item,category,quantity,unit_price,ordered_at,updated_at\n\
              7,1,Soup,Starters,2,5.50,2024-01-05 10:00:00,2024-01-05 10:00:00\n",
        key: "7",
        alone: &[
            ("ordered_at=2024-02-01T11:00:00", "ordered_month_is_of_ordered_at"),
            ("ordered_month=2024-02", "ordered_month_is_of_ordered_at"),
            ("ordered_month=", "ordered_month_is_of_ordered_at"),
        ],
        together: &["ordered_at=2024-02-01T11:00:00", "ordered_month=2024-02"],
        place: "SELECT ordered_month, item FROM silver.restaurant_order_items",
        before: "2024-01,Soup",
        after: "2024-02,Soup",
    },
    Case {
        dataset: "nyc311",
        table: "requests",
        csv: "unique_key,created_date,closed_date,borough\n\
              1,2026-02-14T12:00:00.000,2026-02-14T14:00:00.000,BRONX\n",
        key: "1",
        alone: &[
            // Saturday at noon becomes Sunday of another month.
            ("created_at=2026-03-01T10:00:00", CREATED),
            ("created_date=2026-02-15", CREATED),
            ("created_month=2026-03", CREATED),
            ("created_hour=", CREATED),
            ("day_of_week=1", CREATED),
            ("is_weekend=false", CREATED),
            ("closed_at=2026-02-14T15:00:00", RESOLVED),
            ("closed_at=", RESOLVED),
            ("resolution_hours=2.1", RESOLVED),
            ("resolution_hours=", RESOLVED),
        ],
        together: &[
            "created_at=2026-03-01T10:00:00",
            "created_date=2026-03-01",
            "created_month=2026-03",
            "created_hour=10",
            "day_of_week=7",
            "is_weekend=true",
            "closed_at=2026-03-01T10:20:00",
            "resolution_hours=0.333",
        ],
        place: "SELECT month, day_of_week, hour, requests FROM gold.nyc311_hourly_pattern",
        before: "2026-02,6,12,1",
        after: "2026-03,7,10,1",
    },
];

#[test]
fn a_time_takes_along_what_is_computed_from_it() {
    for case in &CASES {
        let home = Home::new();
        home.write("rows.csv", case.csv);
        home.fine(&["ingest", case.dataset, "--table", case.table, "--file", "rows.csv"]);
        home.fine(&["refresh", case.dataset]);
        assert_eq!(home.select(case.place), [case.before], "{}", case.dataset);
        let put = |values: &[&'static str]| {
            let row = ["record", "put", case.dataset, "--table", case.table, case.key];
            [&row[..], values].concat()
        };
        let bronze = format!("SELECT COUNT(*) FROM bronze.{}_{}", case.dataset, case.table);
        for (value, rule) in case.alone {
            let error = home.refused(1, &put(&[*value]));
            assert_holds(&error, &[&format!("by its rule `{rule}`"), "; correct "]);
            assert_eq!(home.select(&bronze), ["1"], "{value} came to bronze");
        }

        home.fine(&put(case.together));
        home.fine(&["refresh", case.dataset]);
        assert_eq!(home.select(case.place), [case.after], "{}", case.dataset);
        let silver = format!("SELECT COUNT(*) FROM silver.{}_{}", case.dataset, case.table);
        assert_eq!(home.select(&silver), ["1"], "{}", case.dataset);
        let refused = format!("SELECT COUNT(*) FROM quarantine.{}_{}", case.dataset, case.table);
        assert_eq!(home.select(&refused), ["0"], "{}", case.dataset);
    }
}
