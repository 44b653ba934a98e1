"""Requests to language models computed from the raw files by DuckDB alone, against the lake.

Nothing here comes from datasets/llm_usage: the SQL is written from the description of the dataset.

- Every status counts: a failed request was paid for as well.
- A request without a known user belongs to the company and the region 'unknown'.
- Azure's trace tells neither user, model nor cost; its times have seven digits of a second, of which
  six are kept.
"""

from expected import check_marts, check_silver_columns, count, text


def check_raw(checks, database, lake, balances, genai, azure, users=None):
    """`users` is the file of them, or None as long as none was ingested."""
    compute(database, genai, azure, users)
    tables = ("transactions", "users") if users else ("transactions",)
    for name in tables:
        rows = count(database, f"FROM {name}")
        balance = {kind: balances[name][kind] for kind in ("bronze", "silver", "superseded", "quarantined")}
        expected = {"bronze": rows, "silver": rows, "superseded": 0, "quarantined": 0}
        checks.equal(f"{name}: balance of {rows:,} rows", balance, expected)
        query = f"SELECT * FROM {name}"
        check_silver_columns(checks, database, lake, "llm_usage", name, query)
    check_marts(checks, database, lake, "llm_usage", MARTS)


def compute(database, genai, azure, users=None):
    """Tables `transactions`, `users`, and `requests`: each transaction with what is known of its user."""
    database.execute(f"""
        CREATE OR REPLACE TEMP TABLE transactions AS {GENAI.format(csv(genai))}
        UNION ALL {AZURE.format(csv(azure))}
    """)
    names = "user_id", "username", "company", "region", "plan"
    fields = [f"{text(name) if users else 'CAST(NULL AS VARCHAR)'} AS {name}" for name in names]
    source = csv(users) if users else "(SELECT 1) WHERE false"
    database.execute(f"CREATE OR REPLACE TEMP TABLE users AS SELECT {', '.join(fields)} FROM {source}")
    create_requests(database)


def create_requests(database):
    database.execute("""
        CREATE OR REPLACE TEMP TABLE requests AS
        SELECT transactions.*, CAST(occurred_at AS DATE) AS date,
            date_trunc('month', occurred_at) AS start,
            coalesce(users.company, 'unknown') AS company, coalesce(users.region, 'unknown') AS region
        FROM transactions LEFT JOIN users USING (user_id)
    """)


def csv(file):
    return f"read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '\"')"


GENAI = f"""
    SELECT {text('user_id')} AS user_id, {text('model_name')} AS model,
        CAST(tokens_input AS BIGINT) AS prompt_tokens,
        CAST(tokens_output AS BIGINT) AS completion_tokens,
        CAST(total_tokens AS BIGINT) AS tokens,
        CAST(cost_usd AS DECIMAL(18, 6)) AS cost,
        CAST(timestamp AS TIMESTAMP) AS occurred_at, {text('status')} AS status
    FROM {{}}
"""

AZURE = """
    SELECT NULL, 'unknown', CAST(ContextTokens AS BIGINT), CAST(GeneratedTokens AS BIGINT),
        CAST(ContextTokens AS BIGINT) + CAST(GeneratedTokens AS BIGINT), 0,
        CAST(substr(TIMESTAMP, 1, length('2023-11-16 18:15:46.680590')) AS TIMESTAMP), NULL
    FROM {}
"""

# Sums as they are declared.
COST = "CAST(sum(cost) AS DECIMAL(18, 6))"
TOKENS = "CAST(sum(tokens) AS BIGINT)"

DAILY_METRICS = f"""
    SELECT date, region, count(DISTINCT user_id) AS active_users, count(*) AS requests,
        {TOKENS} AS tokens, {COST} AS total_cost,
        CAST({COST} AS DOUBLE) / nullif(count(DISTINCT user_id), 0) AS avg_cost_per_user
    FROM requests GROUP BY date, region
"""

DAILY_COMPANY_METRICS = f"""
    SELECT date, company, count(*) AS requests, {COST} AS total_cost FROM requests GROUP BY date, company
"""

DAILY_MODEL_METRICS = f"""
    SELECT date, region, model, count(*) AS requests, {TOKENS} AS tokens, {COST} AS total_cost
    FROM requests GROUP BY date, region, model
"""

# The first by cost; among equals by name. A calendar month without requests is no prior one.
KPIS = f"""
    WITH months AS (
        SELECT start, count(*) AS requests, count(DISTINCT user_id) AS active_users,
            {COST} AS total_cost, sum(tokens) AS tokens
        FROM requests GROUP BY start
    ), companies AS (
        SELECT start, company,
            row_number() OVER (PARTITION BY start ORDER BY sum(cost) DESC, company) AS place
        FROM requests GROUP BY start, company
    ), models AS (
        SELECT start, model,
            row_number() OVER (PARTITION BY start ORDER BY sum(cost) DESC, model) AS place
        FROM requests GROUP BY start, model
    )
    SELECT strftime(months.start, '%Y-%m') AS month, months.requests, months.active_users,
        months.total_cost,
        CAST(months.total_cost AS DOUBLE) / nullif(months.tokens, 0) * 1000 AS cost_per_1k_tokens,
        company AS top_company, model AS top_model,
        CAST(months.total_cost - prior.total_cost AS DOUBLE) / nullif(prior.total_cost, 0) AS cost_change
    FROM months
    LEFT JOIN months AS prior ON prior.start = months.start - INTERVAL 1 MONTH
    JOIN companies ON companies.start = months.start AND companies.place = 1
    JOIN models ON models.start = months.start AND models.place = 1
"""

MARTS = {
    "daily_metrics": DAILY_METRICS,
    "daily_company_metrics": DAILY_COMPANY_METRICS,
    "daily_model_metrics": DAILY_MODEL_METRICS,
    "kpis": KPIS,
}
