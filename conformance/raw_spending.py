"""Payments of cities computed from the raw files by DuckDB alone, against the lake.

Nothing here comes from datasets/spending: the SQL is written from the description of the dataset.

- A file whose content was there before, under whatever name, does not count.
- A row without a readable date is refused; so are the grand totals at the end of some files.
- Rows of one file that are wholly equal are as many payments: there is no invoice number. The n-th of
  them in one file and the n-th in another are the same payment, so files may overlap.
- A fiscal year runs from July to June and is named by its end.
"""

from expected import check_marts, check_silver_columns, count, text

FIELDS = {
    "payment_date": "Check/Payment Date",
    "department": "Dept. Descrptn",
    "vendor": "Vendor Name",
    "account": "Commitmt Item Name",
    "amount": "Invoice Net Amt",
}


def check_raw(checks, database, lake, balance, files, scratch):
    """`files` in any order, copies included."""
    compute(database, files, scratch)
    received, accepted = count(database, "FROM received"), count(database, "FROM accepted")
    kept = count(database, "FROM payments")
    checks.equal("bronze rows", balance["bronze"], received)
    checks.equal("refused rows", balance["quarantined"], received - accepted)
    checks.equal("payments that several files bring", balance["superseded"], accepted - kept)
    check_silver_columns(checks, database, lake, "spending", "payments", "SELECT * FROM payments")
    check_marts(checks, database, lake, "spending", MARTS, leave_out=("payment_id",))


def compute(database, files, scratch):
    """Tables `received`, `accepted`, and `payments` with its totals."""
    create_received(database)
    for number, content in enumerate({file.read_bytes() for file in files}):
        # DuckDB cannot read a quoted field before a lone CR. No field has a line end in it.
        copy = scratch / f"lines-{number}.csv"
        copy.write_bytes(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        fields = ", ".join(text(f'"{name}"') for name in FIELDS.values())
        database.execute(f"""
            INSERT INTO received SELECT 'Phoenix', {number}, {fields}
            FROM read_csv('{copy}', all_varchar = true, header = true, delim = ',', quote = '"')
        """)
    make_marts_tables(database)


def create_received(database):
    names = ", ".join(f"{name} VARCHAR" for name in FIELDS)
    database.execute(f"CREATE OR REPLACE TEMP TABLE received (city VARCHAR, file INT, {names})")


def make_marts_tables(database):
    """From `received` to what the marts are computed of."""
    for name, query in (("accepted", ACCEPTED), ("payments", PAYMENTS), ("totals", TOTALS)):
        database.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")


# (9.36) is -9.36; without commas, blanks and signs of currency the rest is a number.
AMOUNT = """TRY_CAST(
    CASE WHEN amount LIKE '(%)' THEN '-' ELSE '' END || regexp_replace(amount, '[(),$ ]', '', 'g')
    AS DECIMAL(18, 2))"""

ACCEPTED = f"""
    SELECT city, file, payment_date,
        CAST(year(payment_date) + CASE WHEN month(payment_date) >= 7 THEN 1 ELSE 0 END AS INTEGER)
            AS fiscal_year,
        strftime(payment_date, '%Y-%m') AS month,
        department, account, vendor, amount
    FROM (
        SELECT city, file, CAST(TRY_STRPTIME(payment_date, '%m/%d/%Y') AS DATE) AS payment_date,
            department, account, vendor, {AMOUNT} AS amount
        FROM received
    )
    WHERE payment_date IS NOT NULL AND amount IS NOT NULL
"""

PAYMENTS = """
    SELECT * EXCLUDE (nth) FROM (
        SELECT DISTINCT * EXCLUDE (file) FROM (
            SELECT *, row_number() OVER (
                PARTITION BY file, city, payment_date, department, account, vendor, amount
            ) AS nth
            FROM accepted
        )
    )
"""

# What each vendor got of each department, and of all of them; `place` is 1 for the one with the most.
TOTALS = """
    SELECT *, row_number() OVER (
        PARTITION BY city, fiscal_year, everything, department ORDER BY total DESC, vendor
    ) AS place
    FROM (
        SELECT city, fiscal_year, false AS everything, department, vendor, sum(amount) AS total
        FROM payments GROUP BY ALL
        UNION ALL
        SELECT city, fiscal_year, true, 'ALL', vendor, sum(amount) FROM payments GROUP BY ALL
    )
"""

MONTHLY_SPENDING = """
    SELECT city, fiscal_year, month, department, count(*) AS payments,
        CAST(sum(amount) AS DECIMAL(18, 2)) AS amount
    FROM payments GROUP BY ALL
"""

DEPARTMENT_INSIGHT = """
    WITH years AS (
        SELECT city, fiscal_year, department, count(*) AS payments, sum(amount) AS amount,
            count(DISTINCT vendor) AS vendors
        FROM payments GROUP BY ALL
    )
    SELECT years.city, years.fiscal_year, years.department, years.payments,
        CAST(years.amount AS DECIMAL(18, 2)) AS amount,
        CAST(years.amount AS DOUBLE)
            / nullif(sum(years.amount) OVER (PARTITION BY years.city, years.fiscal_year), 0) AS share,
        CAST(years.amount - prior.amount AS DOUBLE) / nullif(abs(prior.amount), 0) AS yoy_change,
        years.vendors,
        CAST(years.amount AS DOUBLE) / years.payments AS avg_payment,
        top.vendor AS top_vendor,
        CAST(top.total AS DOUBLE) / nullif(years.amount, 0) AS top_vendor_share
    FROM years
    LEFT JOIN years AS prior ON prior.city = years.city AND prior.fiscal_year = years.fiscal_year - 1
        AND prior.department IS NOT DISTINCT FROM years.department
    JOIN totals AS top ON top.city = years.city AND top.fiscal_year = years.fiscal_year
        AND top.department IS NOT DISTINCT FROM years.department AND NOT top.everything AND top.place = 1
"""

VENDOR_CONCENTRATION = """
    WITH shares AS (
        SELECT city, fiscal_year, everything, department, place,
            CAST(total AS DOUBLE)
                / sum(total) OVER (PARTITION BY city, fiscal_year, everything, department) AS share
        FROM totals WHERE total > 0
    )
    SELECT city, fiscal_year, department, count(*) AS vendors,
        sum(share * 100 * share * 100) AS hhi,
        sum(share) FILTER (WHERE place <= 1) AS top1_share,
        sum(share) FILTER (WHERE place <= 5) AS top5_share,
        sum(share) FILTER (WHERE place <= 10) AS top10_share
    FROM shares GROUP BY city, fiscal_year, everything, department
"""

# Iglewicz and Hoaglin's modified z-score of the logarithm; 0 as the median deviation gives none.
OUTLIERS = """
    SELECT city, payment_date, department, account, vendor, amount, score FROM (
        SELECT *, 0.6745 * (x - middle)
            / nullif(median(abs(x - middle)) OVER (PARTITION BY city, account), 0) AS score
        FROM (
            SELECT *, ln(CAST(amount AS DOUBLE)) AS x,
                median(ln(CAST(amount AS DOUBLE))) OVER (PARTITION BY city, account) AS middle,
                count(*) OVER (PARTITION BY city, account) AS positive
            FROM payments WHERE amount > 0
        )
        WHERE positive >= 30
    )
    WHERE abs(score) > 3.5
"""

MARTS = {
    "monthly_spending": MONTHLY_SPENDING,
    "department_insight": DEPARTMENT_INSIGHT,
    "vendor_concentration": VENDOR_CONCENTRATION,
    "outliers": OUTLIERS,
}
