"""A dataset folder, as far as the comparisons need it."""

from pathlib import Path

import yaml

from rules import condition

TYPES = {"TEXT": "VARCHAR", "INT": "INTEGER"}


class Dataset:
    """`tables` by name, and `marts`: each mart's columns as pairs of a name and DuckDB's name of its
    type.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        definition = yaml.safe_load((folder / "dataset.yaml").read_text())
        self.name = definition["dataset"]
        self.tables = {name: Table(table) for name, table in definition["tables"].items()}
        self.marts = {
            name: declared_columns(mart["columns"]) for name, mart in definition["marts"].items()
        }

    def silver_sql(self, table):
        return (self.folder / "silver" / f"{table}.sql").read_text()

    def gold_sql(self, mart):
        sql = (self.folder / "gold" / f"{mart}.sql").read_text()
        # DuckDB has these aggregates under other names.
        return sql.replace("FIRST_VALUE(", "FIRST(").replace("LAST_VALUE(", "LAST(")


class Table:
    """A silver table: `source_columns` as pairs of a name and its aliases, `columns` as of a mart, `key`
    as names, and `accepts`: SQL conditions that a row of silver fulfils. In these, columns are silver's,
    and `bronze` is a struct of the fields as received.
    """

    def __init__(self, definition):
        self.source_columns = [source_column(column) for column in definition["source_columns"]]
        self.columns = declared_columns(definition["columns"])
        self.key = definition["key"]
        self.accepts = [f"{column} IS NOT NULL" for column in self.key] + [
            condition(expectation)
            for expectation in definition.get("expectations", [])
            if expectation["on_violation"] == "reject"
        ]


def source_column(column):
    if isinstance(column, str):
        return column, []
    return column["name"], column.get("aliases", [])


def declared_columns(columns):
    kinds = {
        name: column if isinstance(column, str) else column["type"] for name, column in columns.items()
    }
    return [(name, TYPES.get(kind, kind.replace(" ", ""))) for name, kind in kinds.items()]
