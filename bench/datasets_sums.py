"""Prints the sizes and sums of a dataset's marts as JSON: of a smelt lake, or of a peer's folder.

    python datasets_sums.py DATASET LAKE_OR_FOLDER

Numbers are added up; of other columns the hashes are, so that they have to be equal, but in any order.
"""

import json
import sys
from pathlib import Path

import duckdb

DATASETS = Path(__file__).parent.parent / "datasets"
# Hashes of content, which every tool makes in its own way.
HASHES = {"payment_id"}


def parquet_of(folder, dataset, mart):
    latest = folder / "published" / dataset / mart / "latest.json"
    if latest.exists():
        return folder / json.loads(latest.read_text())["path"]
    return folder / "gold" / f"{mart}.parquet"


def sums_of(database, file):
    columns = ["count(*) AS rows"]
    for name, kind, *_ in database.execute(f"DESCRIBE SELECT * FROM '{file}'").fetchall():
        if kind.endswith(("INT", "INTEGER", "DOUBLE")) or kind.startswith("DECIMAL"):
            columns.append(f'CAST(sum("{name}") AS DOUBLE) AS "{name}"')
            columns.append(f'count("{name}") AS "{name}: not null"')
        elif name not in HASHES:
            columns.append(f'CAST(sum(hash(CAST("{name}" AS VARCHAR))) AS VARCHAR) AS "{name}"')
    result = database.execute(f"SELECT {', '.join(columns)} FROM '{file}'")
    names = [column[0] for column in result.description]
    return dict(zip(names, result.fetchone()))


def main():
    dataset, folder = sys.argv[1:]
    database = duckdb.connect()
    marts = sorted(file.stem for file in (DATASETS / dataset / "gold").glob("*.sql"))
    sums = {mart: sums_of(database, parquet_of(Path(folder), dataset, mart)) for mart in marts}
    print(json.dumps(sums))


if __name__ == "__main__":
    main()
