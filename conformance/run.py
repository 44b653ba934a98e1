"""Lakes that smelt made, checked by an engine that shares no code with it.

    python conformance/run.py --smelt PATH_OF_BINARY

The simulated lake always; the real one where ../shared/data/nyc311 lies beside the project.
Ends with `N passed, N failed`, and with exit code 1 if anything failed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from definition import Dataset
from lake import Checks, Smelt, connect
from marts import check_marts
from raw import check_raw
from silver import check_silver

PROJECT = Path(__file__).resolve().parent.parent
REAL = PROJECT.parent / "shared" / "data" / "nyc311"
LATER = [
    "all_columns_2021-09-21.csv",
    "elevator_2024.parquet",
    "noise_residential_brooklyn_2023.csv.gz",
]


def check_lake(checks, smelt, dataset):
    """Silver and gold by the definitions' own SQL."""
    database = connect()
    balance = smelt.balance(dataset.name)
    check_silver(checks, database, smelt.lake, dataset, balance)
    check_marts(checks, database, smelt.lake, dataset)
    return database, balance


def simulated(checks, binary, dataset, scratch):
    smelt = Smelt(binary, PROJECT / "datasets", scratch / "simulated-lake")
    files = scratch / "simulated"
    smelt.run(
        *("simulate", "nyc311", "--days", 90, "--rows-per-day", 667, "--seed", 7, "--out", files)
    )
    smelt.run("ingest", "nyc311", "--file", files / "nyc311" / "requests")
    smelt.run("refresh")
    checks.section("Simulated: 90 days, 60,000 rows, the definitions' SQL in DuckDB")
    check_lake(checks, smelt, dataset)


def real(checks, binary, dataset, scratch):
    smelt = Smelt(binary, PROJECT / "datasets", scratch / "real-lake")
    files = sorted((REAL / "snapshots").glob("*.csv"))
    steps = [("Real: seven snapshots", [REAL / "snapshots"], files)]
    more = [REAL / name for name in LATER]
    steps.append(("Real: and three files of other shapes beside them", more, files + more))
    for title, new, all_files in steps:
        smelt.run("ingest", "nyc311", *(part for path in new for part in ("--file", path)))
        smelt.run("refresh")
        checks.section(f"{title}, the definitions' SQL in DuckDB")
        database, balance = check_lake(checks, smelt, dataset)
        checks.section(f"{title}, computed from the raw files by DuckDB alone")
        check_raw(checks, database, smelt.lake, balance, all_files)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smelt", type=Path, required=True, help="the binary")
    binary = parser.parse_args().smelt.resolve()
    dataset = Dataset(PROJECT / "datasets" / "nyc311")
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="smelt-conformance-") as scratch:
        simulated(checks, binary, dataset, Path(scratch))
        if REAL.exists():
            real(checks, binary, dataset, Path(scratch))
        else:
            checks.section("Real data: skipped, ../shared/data/nyc311 is absent")
    print(f"\n{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
