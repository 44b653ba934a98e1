"""Expectations of a definition as SQL that is true for a good row."""

# DuckDB's names of what a JSON value may be.
JSON_TYPES = {
    "text": ("VARCHAR",),
    "number": ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"),
    "integer": ("BIGINT", "UBIGINT", "HUGEINT"),
    "boolean": ("BOOLEAN",),
    "object": ("OBJECT",),
    "list": ("ARRAY",),
}


def condition(expectation):
    """What an expectation demands of a row. A null passes every check but `not_null`."""
    if "not_null" in expectation:
        return f"{expectation['not_null']} IS NOT NULL"
    [held] = [say(expectation[kind]) for kind, say in CHECKS.items() if kind in expectation]
    # The condition may end in a comment.
    return f"coalesce({held}\n, true)"


def in_range(check):
    bounds = [(">=", check.get("min")), ("<=", check.get("max"))]
    held = [f"{check['column']} {sign} {literal(bound)}" for sign, bound in bounds if bound is not None]
    return " AND ".join(held) or "true"


def accepted(check):
    return f"{check['column']} IN ({', '.join(literal(value) for value in check['values'])})"


def matches(check):
    return f"regexp_full_match({check['column']}, {literal(check['regex'])})"


def fits_schema(check):
    """The schema of the row's kind: all properties of it, of their types; others do not matter."""
    column = check["column"]
    kinds = "".join(
        f" WHEN {check['by']} = {literal(kind)} THEN {' AND '.join(['true', *properties(column, schema)])}"
        for kind, schema in check["schemas"].items()
    )
    # DuckDB looks into nothing but valid JSON.
    schemas = ", ".join(literal(kind) for kind in check["schemas"])
    return f"""CASE WHEN {column} IS NULL OR coalesce({check['by']} NOT IN ({schemas}), true) THEN true
        WHEN NOT json_valid({column}) THEN false
        WHEN json_type({column}) <> 'OBJECT' THEN false {kinds} END"""


def properties(column, schema):
    for name, kind in schema.items():
        path = literal(f'$."{name.removesuffix("?")}"')
        types = ", ".join(literal(each) for each in JSON_TYPES[kind])
        absent = "true" if name.endswith("?") else "false"
        yield f"coalesce(json_type({column}, {path}) IN ({types}), {absent})"


def literal(value):
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


CHECKS = {
    "sql": str,
    "range": in_range,
    "accepted_values": accepted,
    "pattern": matches,
    "json_schema": fits_schema,
}
