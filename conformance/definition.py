"""A dataset folder, as far as the comparisons need it."""

from pathlib import Path

import yaml

TYPES = {"TEXT": "VARCHAR", "INT": "INTEGER"}


class Dataset:
    """`tables` has each table's source columns as pairs of a name and its aliases; `marts` each mart's
    columns as pairs of a name and DuckDB's name of its type.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        definition = yaml.safe_load((folder / "dataset.yaml").read_text())
        self.name = definition["dataset"]
        self.tables = {
            name: [source_column(column) for column in table["source_columns"]]
            for name, table in definition["tables"].items()
        }
        self.marts = {
            name: [declared(*column) for column in mart["columns"].items()]
            for name, mart in definition["marts"].items()
        }

    def silver_sql(self, table):
        return (self.folder / "silver" / f"{table}.sql").read_text()

    def gold_sql(self, mart):
        return (self.folder / "gold" / f"{mart}.sql").read_text()


def source_column(column):
    if isinstance(column, str):
        return column, []
    return column["name"], column.get("aliases", [])


def declared(name, column):
    kind = column if isinstance(column, str) else column["type"]
    return name, TYPES.get(kind, kind)
