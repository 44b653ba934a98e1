"""The bench's job in DuckDB for llm_usage: two folders of CSV files to silver and the marts.

    python llm_usage.py SOURCE OUT
"""

from shared import arguments, clean, connect, create_silver, csv, files, write_marts, write_silver

USERS = ("user_id", "username", "company", "region", "plan")
TRANSACTIONS = ("transaction_id", "user_id", "model", "prompt_tokens", "completion_tokens", "tokens")
TRANSACTIONS += ("cost", "occurred_at", "status")

# The simulated requests all tell a user or are refused, so that none is known by its content.
ACCEPTED = """
    transaction_id IS NOT NULL AND user_id IS NOT NULL AND occurred_at IS NOT NULL
    AND coalesce(prompt_tokens >= 0 AND completion_tokens >= 0 AND tokens >= 0, true)
    AND tokens IS NOT NULL AND cost IS NOT NULL
"""


def create_bronze(database, table, names, paths):
    fields = ", ".join(clean(name) for name in names)
    database.execute(f"""
        CREATE VIEW bronze.llm_usage_{table} AS
        SELECT {fields}, CAST(NULL AS VARCHAR) AS _content_key FROM {csv(paths)}
    """)


def main():
    source, out = arguments()
    database = connect()
    create_bronze(database, "users", USERS, files(source / "users", ".csv"))
    create_bronze(database, "transactions", TRANSACTIONS, files(source / "transactions", ".csv"))
    create_silver(database, "llm_usage", "users", "user_id IS NOT NULL", key="user_id")
    create_silver(database, "llm_usage", "transactions", ACCEPTED, key="transaction_id")
    write_silver(database, "llm_usage", "users", out)
    write_silver(database, "llm_usage", "transactions", out, partition="month")
    write_marts(database, "llm_usage", out)


if __name__ == "__main__":
    main()
