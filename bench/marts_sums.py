"""Prints the sizes and sums of four marts as JSON: of a smelt lake, or of a peer's folder.

    python marts_sums.py LAKE_OR_FOLDER
"""

import json
import sys
from pathlib import Path

import duckdb

MEASURES = {
    "daily_requests": ["requests", "closed", "median_resolution_hours"],
    "borough_daily": ["requests", "closed", "median_resolution_hours", "p90_resolution_hours"],
    "hourly_pattern": ["requests"],
    "agency_monthly": ["requests", "closed", "closed_within_24h", "median_resolution_hours"],
}


def parquet_of(folder, mart):
    latest = folder / "published" / "nyc311" / mart / "latest.json"
    if latest.exists():
        return folder / json.loads(latest.read_text())["path"]
    return folder / "gold" / f"{mart}.parquet"


def main():
    folder = Path(sys.argv[1])
    sums = {}
    for mart, measures in MEASURES.items():
        # Rows that break off lack a borough, and few others do: their medians say nothing.
        known = "" if mart == "agency_monthly" else " FILTER (borough <> 'UNSPECIFIED')"
        columns = ["count(*) AS rows"]
        for name in measures:
            columns.append(f"sum({name}){known if name.endswith('_hours') else ''} AS {name}")
        query = f"SELECT {', '.join(columns)} FROM '{parquet_of(folder, mart)}'"
        result = duckdb.sql(query)
        sums[mart] = dict(zip(result.columns, map(float, result.fetchone())))
    print(json.dumps(sums))


if __name__ == "__main__":
    main()
