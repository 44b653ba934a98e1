"""A pizza place's orders computed from the raw files by DuckDB alone, against the lake.

Nothing here comes from datasets/restaurant: the SQL is written from the description of the dataset.

- Only orders that were SERVED count.
- Every hour from the first to the last day with such an order is there, with zeros.
- "Today" is the day of the newest of them; the last 7 and 30 days end with it.
"""

from decimal import Decimal

from expected import check_marts, check_silver_columns, count

REVENUE = Decimal("817860.05")

# Two orders that were not served complete the real ones: on a day without others, and after the last.
NOT_SERVED = """
    SELECT * FROM (VALUES
        (90001, TIMESTAMP '2015-09-24 12:30:00', 'CANCELLED', 9, 1000000),
        (90002, TIMESTAMP '2016-01-01 11:30:00', 'OPEN', 2, 1000001)
    ) AS orders (order_id, ordered_at, status, quantity, order_item_id)
"""


def check_raw(checks, database, lake, balances):
    """After `compute`: what the databases held, against the lake."""
    for name in ("orders", "order_items"):
        rows = count(database, f"FROM {name}")
        checks.equal(f"{name}: rows in silver", balances[name]["silver"], rows)
        checks.equal(f"{name}: refused rows", balances[name]["quarantined"], 0)
        check_silver_columns(checks, database, lake, "restaurant", name, f"SELECT * FROM {name}")
    [revenue] = database.execute("SELECT sum(total_amount) FROM served").fetchone()
    checks.equal(f"revenue of the files: {REVENUE:,}", revenue, REVENUE)
    hours = database.execute(f"SELECT count(*), min(date), max(date) FROM ({HOURLY_ORDERS})").fetchone()
    checks.equal("hours of the year", (hours[0], *map(str, hours[1:])), (8760, "2015-01-01", "2015-12-31"))
    check_marts(checks, database, lake, "restaurant", MARTS)


def compute(database, folder, scratch):
    """Tables `orders`, `order_items` and `served`, from the place's files."""
    for name in ("orders", "order_details", "pizzas", "pizza_types"):
        # Windows wrote them: there is a quotation mark that DuckDB takes for no text in any encoding.
        copy = scratch / f"{name}.csv"
        copy.write_text((folder / copy.name).read_text(encoding="cp1252"), encoding="utf-8")
        database.execute(f"""
            CREATE OR REPLACE TEMP TABLE file_{name} AS SELECT * FROM
            read_csv('{copy}', all_varchar = true, header = true, delim = ',', quote = '"')
        """)
    database.execute(f"CREATE OR REPLACE TEMP TABLE order_items AS {ORDER_ITEMS}")
    database.execute(f"CREATE OR REPLACE TEMP TABLE orders AS {ORDERS}")
    create_served(database)


def create_served(database):
    database.execute("""
        CREATE OR REPLACE TEMP TABLE served AS
        SELECT *, CAST(ordered_at AS DATE) AS date FROM orders WHERE status = 'SERVED'
    """)


ORDER_ITEMS = f"""
    SELECT CAST(OrderDetailsID AS BIGINT) AS order_item_id, CAST(OrderID AS BIGINT) AS order_id,
        Name AS item, Category AS category, CAST(Quantity AS BIGINT) AS quantity,
        CAST(Price AS DECIMAL(18, 2)) AS unit_price
    FROM file_order_details AS details
    JOIN file_pizzas AS pizzas USING (PizzaID)
    JOIN file_pizza_types AS types USING (PizzaTypeID)
    UNION ALL
    SELECT order_item_id, order_id, 'The Hawaiian Pizza', 'Classic', quantity, 10.5 FROM ({NOT_SERVED})
"""

ORDERS = f"""
    WITH placed AS (
        SELECT CAST(OrderID AS BIGINT) AS order_id,
            strptime(Date || ' ' || Time, '%d-%m-%Y %H:%M:%S') AS ordered_at, 'SERVED' AS status
        FROM file_orders
        UNION ALL SELECT order_id, ordered_at, status FROM ({NOT_SERVED})
    )
    SELECT order_id, ordered_at, status,
        CAST(sum(quantity * unit_price) AS DECIMAL(18, 2)) AS total_amount, ordered_at AS updated_at
    FROM placed JOIN order_items USING (order_id) GROUP BY ALL
"""

DAILY_REVENUE = """
    SELECT date, count(*) AS orders, CAST(sum(total_amount) AS DECIMAL(18, 2)) AS revenue,
        CAST(sum(total_amount) AS DOUBLE) / count(*) AS avg_order_value
    FROM served GROUP BY date
"""

HOURLY_ORDERS = """
    SELECT CAST(start AS DATE) AS date, CAST(hour(start) AS INTEGER) AS hour,
        count(order_id) AS orders, CAST(coalesce(sum(total_amount), 0) AS DECIMAL(18, 2)) AS revenue
    FROM (
        SELECT unnest(generate_series(
            CAST(min(date) AS TIMESTAMP), max(date) + INTERVAL 23 HOUR, INTERVAL 1 HOUR)) AS start
        FROM served
    )
    LEFT JOIN served ON date_trunc('hour', ordered_at) = start
    GROUP BY start
"""

TOP_ITEMS = """
    SELECT *, row_number() OVER (PARTITION BY month ORDER BY quantity DESC, item) AS rank
    FROM (
        SELECT strftime(ordered_at, '%Y-%m') AS month, item, CAST(sum(quantity) AS BIGINT) AS quantity,
            CAST(sum(quantity * unit_price) AS DECIMAL(18, 2)) AS revenue
        FROM served JOIN order_items USING (order_id) GROUP BY ALL
    )
"""

# Days before `as_of`: the first and the last of each window.
WINDOWS = {"today": (0, 0), "yesterday": (1, 1), "last_7_days": (6, 0), "last_30_days": (29, 0)}
SUMMARY = "SELECT as_of" + "".join(
    f""",
    count(*) FILTER (WHERE date BETWEEN as_of - {first} AND as_of - {last}) AS {name}_orders,
    CAST(coalesce(sum(total_amount) FILTER (WHERE date BETWEEN as_of - {first} AND as_of - {last}), 0)
        AS DECIMAL(18, 2)) AS {name}_revenue"""
    for name, (first, last) in WINDOWS.items()
)
SUMMARY += " FROM served, (SELECT max(date) AS as_of FROM served) GROUP BY as_of"

MARTS = {
    "daily_revenue": DAILY_REVENUE,
    "hourly_orders": HOURLY_ORDERS,
    "top_items": TOP_ITEMS,
    "summary": SUMMARY,
}
