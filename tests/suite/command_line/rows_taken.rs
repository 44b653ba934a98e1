//! Rows on the edge of what the datasets take: which are taken, and as what.

use super::Home;

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
