"""The bench's job in DuckDB for events: JSON lines to silver and the marts.

    python events.py SOURCE OUT
"""

from shared import arguments, clean, connect, create_silver, files, write_marts, write_silver

FIELDS = ("event_id", "event", "user_id", "session_id", "occurred_at", "received_at", "platform")
FIELDS += ("country",)
TEXT, NUMBER = "('VARCHAR')", "('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')"
INTEGER = "('BIGINT', 'UBIGINT', 'HUGEINT')"
SCHEMAS = {
    "page_view": {"url": TEXT},
    "product_view": {"product": TEXT, "price": NUMBER},
    "search": {"query": TEXT},
    "add_to_cart": {"product": TEXT, "quantity": INTEGER},
    "checkout": {"items": INTEGER},
    "purchase": {"order_id": TEXT, "amount": NUMBER, "currency": TEXT},
    "signup": {"plan": TEXT},
    "error": {"code": INTEGER, "message": f"{TEXT[:-1]}, '')"},
}


def create_bronze(database, paths):
    """Broken lines are left out. Every simulated event has an id, so none is known by its content."""
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in FIELDS)
    fields = ", ".join(clean(name) for name in FIELDS)
    database.execute(f"""
        CREATE VIEW bronze.events_events AS
        SELECT {fields}, CAST(properties AS VARCHAR) AS properties, CAST(NULL AS VARCHAR) AS _content_key
        FROM read_json({paths}, format = 'newline_delimited', ignore_errors = true,
            columns = {{{columns}, properties: 'JSON'}})
    """)


def fits_schema():
    """Whether each property of the event's kind is there and of its type; only a message may be absent."""
    kinds = ""
    for event, schema in SCHEMAS.items():
        held = " AND ".join(
            f"coalesce(json_type(properties, '$.{name}'), '') IN {types}" for name, types in schema.items()
        )
        kinds += f" WHEN '{event}' THEN {held}"
    return f"(properties IS NULL OR CASE event{kinds} ELSE true END)"


def main():
    source, out = arguments()
    database = connect()
    create_bronze(database, files(source / "events", ".jsonl"))
    accepted = "event_id IS NOT NULL AND occurred_at IS NOT NULL AND event IS NOT NULL"
    create_silver(
        database, "events", "events", f"{accepted} AND {fits_schema()}", key="event_id", keep="min"
    )
    write_silver(database, "events", "events", out, partition="event_date")
    write_marts(database, "events", out)


if __name__ == "__main__":
    main()
