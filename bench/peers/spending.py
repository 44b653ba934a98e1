"""The bench's job in DuckDB for spending: Phoenix' CSV files to silver and the marts.

    python spending.py SOURCE OUT
"""

from shared import arguments, clean, connect, create_silver, csv, files, write_marts, write_silver

FIELDS = {
    "check_payment_date": "Check/Payment Date",
    "dept_descrptn": "Dept. Descrptn",
    "vendor_name": "Vendor Name",
    "commitmt_item_name": "Commitmt Item Name",
    "invoice_net_amt": "Invoice Net Amt",
}
# Only Boston's rows have these.
ABSENT = ("voucher", "voucher_line", "distribution_line", "entered", "monetary_amount")
ABSENT += ("dept_name", "account_descr")


def create_bronze(database, paths):
    """Rows that are equal within a file are as many payments: the key is the content and which it is."""
    fields = ", ".join(clean(field, name) for name, field in FIELDS.items())
    absent = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in ABSENT)
    names = ", ".join(FIELDS)
    texts = ", ".join(f"coalesce({name}, '')" for name in FIELDS)
    database.execute(f"""
        CREATE VIEW bronze.spending_payments AS
        SELECT *, md5(concat_ws(chr(31), {texts})) || '-' ||
            row_number() OVER (PARTITION BY filename, {names}) AS _content_key
        FROM (SELECT filename, {fields}, {absent} FROM {csv(paths)})
    """)


def main():
    source, out = arguments()
    database = connect()
    create_bronze(database, files(source / "payments", ".csv"))
    accepted = "payment_id IS NOT NULL AND payment_date IS NOT NULL AND amount IS NOT NULL"
    create_silver(database, "spending", "payments", accepted, key="payment_id")
    write_silver(database, "spending", "payments", out, partition="fiscal_year")
    write_marts(database, "spending", out)


if __name__ == "__main__":
    main()
