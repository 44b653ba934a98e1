//! Rows on the edge of what the datasets take: which are taken, and as what.

use super::Home;

/// An event in each of these notations of a time, with its own id.
fn events(home: &Home, times: &[&str]) {
    let event = |(number, time): (usize, &&str)| {
        format!("{{\"event_id\":\"{number:02}\",\"event\":\"visit\",\"occurred_at\":\"{time}\"}}\n")
    };
    home.write("events.jsonl", times.iter().enumerate().map(event).collect::<String>());
    home.fine(&["ingest", "events", "--file", "events.jsonl"]);
    home.fine(&["refresh", "events"]);
}

#[test]
fn times_of_events_are_taken_to_utc_where_they_give_an_offset() {
    let home = Home::new();
    let taken = [
        ("2024-01-01T10:01:00+02:00", "2024-01-01T08:01:00,2024-01-01"),
        ("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00,2023-12-31"),
        ("2024-12-31 23:59:59.9-00:30", "2025-01-01T00:29:59.900,2025-01-01"),
        ("2024-01-01T10:01:00.1234567+05:45", "2024-01-01T04:16:00.123456,2024-01-01"),
        ("2024-01-01T10:01:00+00:00", "2024-01-01T10:01:00,2024-01-01"),
        ("2024-01-01T10:01:00Z", "2024-01-01T10:01:00,2024-01-01"),
        ("2024-01-01T10:01:00.5", "2024-01-01T10:01:00.500,2024-01-01"),
        ("2024-01-01 10:01:00", "2024-01-01T10:01:00,2024-01-01"),
        ("2024-01-01T10:02:00Z", "2024-01-01T10:02:00,2024-01-01"),
        ("2024-01-01T10:03:00Z", "2024-01-01T10:03:00,2024-01-01"),
        ("2024-01-01T10:04:00Z", "2024-01-01T10:04:00,2024-01-01"),
        ("2024-01-01T10:05:00Z", "2024-01-01T10:05:00,2024-01-01"),
    ];
    let refused = ["2024-01-01T10:01:00+24:00", "2024-01-01T10:01:00+0200", "1704096060"];
    let times: Vec<&str> = taken.iter().map(|(time, _)| *time).chain(refused).collect();
    events(&home, &times);
    let found =
        home.select("SELECT occurred_at, event_date FROM silver.events_events ORDER BY event_id");
    assert_eq!(found, taken.map(|(_, found)| found));
    let rules = home.select("SELECT rule FROM quarantine.events_events");
    assert_eq!(rules, ["occurred_at_is_readable"; 3]);
}

#[test]
fn times_of_arrival_are_taken_to_utc_as_well() {
    let home = Home::new();
    let event = |time: &str| {
        format!(
            "{{\"event_id\":\"{time}\",\"event\":\"visit\",\"occurred_at\":\"2024-01-01T10:00:00Z\",\
             \"received_at\":\"{time}\"}}\n"
        )
    };
    home.write(
        "events.jsonl",
        event("2024-01-01T00:30:00.5+01:00") + &event("2024-01-01 10:01:00Z"),
    );
    home.fine(&["ingest", "events", "--file", "events.jsonl"]);
    home.fine(&["refresh", "events"]);
    let found = home.select("SELECT received_at FROM silver.events_events ORDER BY 1");
    assert_eq!(found, ["2023-12-31T23:30:00.500", "2024-01-01T10:01:00"]);
}

#[test]
fn times_of_transactions_are_taken_to_utc_where_they_give_an_offset() {
    let home = Home::new();
    let taken = [
        ("2024-01-01T10:01:00+02:00", "2024-01-01T08:01:00,2024-01"),
        ("2024-01-01T00:30:00.1234567+01:00", "2023-12-31T23:30:00.123456,2023-12"),
        ("2023-12-31 23:59:59-00:30", "2024-01-01T00:29:59,2024-01"),
        ("2024-01-01 10:01:00+00:00", "2024-01-01T10:01:00,2024-01"),
        ("2024-01-01T10:01:00.5Z", "2024-01-01T10:01:00.500,2024-01"),
        ("2023-11-16 18:15:46.6805900", "2023-11-16T18:15:46.680590,2023-11"),
        ("2024-01-01T10:01:00", "2024-01-01T10:01:00,2024-01"),
        ("2024-01-02T10:01:00", "2024-01-02T10:01:00,2024-01"),
    ];
    let refused = ["2024-01-01T10:01:00Z+01:00", "2024-01-01T23:59:60"];
    let times = taken.iter().map(|(time, _)| *time).chain(refused).enumerate();
    let rows: String = times.map(|(number, time)| format!("{number:02},u,1,{time}\n")).collect();
    home.write("a.csv", format!("transaction_id,user_id,tokens,occurred_at\n{rows}"));
    home.fine(&["ingest", "llm_usage", "--table", "transactions", "--file", "a.csv"]);
    home.fine(&["refresh", "llm_usage"]);
    let found =
        "SELECT occurred_at, month FROM silver.llm_usage_transactions ORDER BY transaction_id";
    assert_eq!(home.select(found), taken.map(|(_, found)| found));
    let rules = home.select("SELECT rule FROM quarantine.llm_usage_transactions");
    assert_eq!(rules, ["occurred_at_is_readable"; 2]);
}

#[test]
fn times_of_orders_are_taken_to_utc_where_they_give_an_offset() {
    let home = Home::new();
    let orders = "order_id,ordered_at,status,total_amount,updated_at\n\
                  1,2024-01-01T00:30:00+01:00,SERVED,10,2024-01-01 09:00:00-02:00\n\
                  2,2024-01-01T10:01:00Z,SERVED,10,2024-01-01T10:01:00\n";
    home.write("a.csv", orders);
    home.fine(&["ingest", "restaurant", "--table", "orders", "--file", "a.csv"]);
    home.fine(&["refresh", "restaurant"]);
    let found =
        "SELECT ordered_at, ordered_month, updated_at FROM silver.restaurant_orders ORDER BY 1";
    let expected = [
        "2023-12-31T23:30:00,2023-12,2024-01-01T11:00:00",
        "2024-01-01T10:01:00,2024-01,2024-01-01T10:01:00",
    ];
    assert_eq!(home.select(found), expected);
}

#[test]
fn amounts_are_rounded_to_the_decimals_of_their_column_and_stay_as_they_came_in_bronze() {
    let home = Home::new();
    let payments = "Voucher,Voucher Line,Distribution Line,Entered,Monetary Amount\n\
                    V1,1,1,3/1/2024,1.239\n\
                    V2,1,1,3/1/2024,1.235\n\
                    V3,1,1,3/1/2024,(1.235)\n\
                    V4,1,1,3/1/2024,1.2\n";
    home.write("payments.csv", payments);
    home.fine(&["ingest", "spending", "--file", "payments.csv"]);
    home.write(
        "requests.csv",
        "transaction_id,user_id,tokens,cost,occurred_at\n\
         1,u,1,0.12345678,2024-01-01T10:00:00\n\
         2,u,1,5e-05,2024-01-01T10:00:00\n\
         3,u,1,1.5E-3,2024-01-01T10:00:00\n",
    );
    home.fine(&["ingest", "llm_usage", "--table", "transactions", "--file", "requests.csv"]);
    home.fine(&["refresh"]);
    let amounts = home.select("SELECT amount FROM silver.spending_payments ORDER BY payment_id");
    assert_eq!(amounts, ["1.24", "1.24", "-1.24", "1.20"]);
    let came = home.select("SELECT monetary_amount FROM bronze.spending_payments ORDER BY voucher");
    assert_eq!(came, ["1.239", "1.235", "(1.235)", "1.2"]);
    let costs =
        home.select("SELECT cost FROM silver.llm_usage_transactions ORDER BY transaction_id");
    assert_eq!(costs, ["0.123457", "0.000050", "0.001500"]);
}

#[test]
fn an_id_that_is_sent_for_two_days_stays_on_the_first_that_arrived() {
    let home = Home::new();
    let sent = |file: &str, events: &[(&str, &str)]| {
        let event = |(id, day): &(&str, &str)| {
            format!(
                "{{\"event_id\":\"{id}\",\"event\":\"visit\",\"occurred_at\":\"{day}T10:00:00\"}}\n"
            )
        };
        home.write(file, events.iter().map(event).collect::<String>());
        home.fine(&["ingest", "events", "--file", file]);
        home.fine(&["refresh", "events"]);
    };
    sent("a.jsonl", &[("one by one", "2024-01-02")]);
    sent(
        "b.jsonl",
        &[("one by one", "2024-01-01"), ("at once", "2024-01-04"), ("at once", "2024-01-03")],
    );
    let found = home.select("SELECT event_id, event_date FROM silver.events_events ORDER BY 1, 2");
    assert_eq!(found, ["at once,2024-01-04", "one by one,2024-01-02"]);
}

#[test]
fn an_event_without_properties_passes_its_schema_and_one_with_none_in_them_does_not() {
    let home = Home::new();
    let purchase = |id: &str, properties: &str| {
        format!(
            "{{\"event_id\":\"{id}\",\"event\":\"purchase\",\"occurred_at\":\"2024-01-01T10:00:00\"\
             {properties}}}\n"
        )
    };
    let whole = r#","properties":{"order_id":"7","amount":12.5,"currency":"USD"}"#;
    let lines = [
        purchase("absent", ""),
        purchase("null", ",\"properties\":null"),
        purchase("blank", ",\"properties\":\" \""),
        purchase("whole", whole),
        purchase("empty", ",\"properties\":{}"),
    ];
    home.write("events.jsonl", lines.concat());
    home.write("events.csv", "event_id,event,occurred_at\ncsv,purchase,2024-01-01T10:00:00\n");
    home.fine(&["ingest", "events", "--file", "events.jsonl", "events.csv"]);
    home.fine(&["refresh", "events"]);
    let taken = home.select("SELECT event_id FROM silver.events_events ORDER BY event_id");
    assert_eq!(taken, ["absent", "blank", "csv", "null", "whole"]);
    let refused = home.select("SELECT rule, line FROM quarantine.events_events");
    assert_eq!(refused, ["properties_fit_schema,5"]);
}

#[test]
fn each_count_of_tokens_is_a_whole_number_or_is_not_given() {
    let home = Home::new();
    let header = "transaction_id,user_id,prompt_tokens,completion_tokens,tokens,occurred_at\n";
    let of = |(id, tokens): &(&str, &str)| format!("{id},u,{tokens},2024-01-01T10:00:00\n");
    let rows = [
        ("all", "10,5,15"),
        ("parts", "10,5,"),
        ("total", ",,15"),
        ("one part", "10,,15"),
        ("again", "10,5,15"),
        ("once more", "10,5,15"),
        ("seventh", "10,5,15"),
        ("eighth", "10,5,15"),
        ("half a token", "1.5,5,15"),
        ("a power", "10,1e1,20"),
    ];
    home.write("a.csv", header.to_owned() + &rows.iter().map(of).collect::<String>());
    home.fine(&["ingest", "llm_usage", "--table", "transactions", "--file", "a.csv"]);
    home.fine(&["refresh", "llm_usage"]);
    let taken = "SELECT COUNT(*), SUM(tokens) FROM silver.llm_usage_transactions";
    assert_eq!(home.select(taken), ["8,120"]);
    let refused = "SELECT rule, line FROM quarantine.llm_usage_transactions ORDER BY line";
    assert_eq!(home.select(refused), ["tokens_are_numbers,10", "tokens_are_numbers,11"]);
}
