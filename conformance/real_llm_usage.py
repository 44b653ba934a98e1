"""Two logs of requests to language models, first without and then with a table of users."""

import duckdb

from expected import NEAR
from raw_llm_usage import check_raw, csv
from setting import check_lake, real_data


def check(checks, setting):
    data = real_data(checks, "llm_usage")
    if not data:
        return
    smelt = setting.smelt("llm-usage-lake")
    logs = data / "genai_llm_usage_SYNTHETIC.csv", data / "AzureLLMInferenceTrace_conv.csv"
    users = derive_users(logs[0], setting.folder("llm_usage") / "users.csv")
    smelt.ingest("llm_usage", *logs, table="transactions")
    compare(checks, smelt, "llm_usage: requests without users", *logs)
    # What the marts look up comes last: they have to be computed anew.
    smelt.ingest("llm_usage", users, table="users")
    compare(checks, smelt, "llm_usage: and then the users", *logs, users)


def compare(checks, smelt, title, *files):
    smelt.run("refresh", "llm_usage")
    checks.section(f"{title}, the definitions' SQL in DuckDB")
    database, balances = check_lake(checks, smelt, "llm_usage", NEAR)
    checks.section(f"{title}, computed from the raw files by DuckDB alone")
    check_raw(checks, database, smelt.lake, balances, *files)


def derive_users(genai, file):
    """The users that the log names but for each seventh, who stays unknown."""
    duckdb.execute(f"""
        COPY (
            SELECT user_id, 'user ' || user_id AS username, min(department) AS company,
                min(region) AS region, 'pro' AS plan
            FROM {csv(genai)} WHERE CAST(user_id AS BIGINT) % 7 <> 0 GROUP BY user_id ORDER BY user_id
        ) TO '{file}' (HEADER)
    """)
    return file
