"""New York's 311 requests: a simulated lake always, the real one where its files are there."""

from raw_nyc311 import check_raw
from setting import check_lake, real_data

LATER = [
    "all_columns_2021-09-21.csv",
    "elevator_2024.parquet",
    "noise_residential_brooklyn_2023.csv.gz",
]


def check(checks, setting):
    simulated(checks, setting)
    data = real_data(checks, "nyc311")
    if data:
        real(checks, setting, data)


def simulated(checks, setting):
    smelt = setting.smelt("simulated-nyc311-lake")
    files = setting.folder("simulated")
    smelt.run(
        *("simulate", "nyc311", "--days", 90, "--rows-per-day", 667, "--seed", 7, "--out", files)
    )
    smelt.ingest("nyc311", files / "nyc311" / "requests")
    smelt.run("refresh", "nyc311")
    checks.section("Simulated: 90 days, 60,000 rows, the definitions' SQL in DuckDB")
    check_lake(checks, smelt, "nyc311")


def real(checks, setting, data):
    smelt = setting.smelt("real-nyc311-lake")
    files = sorted((data / "snapshots").glob("*.csv"))
    steps = [("Real: seven snapshots", [data / "snapshots"], files)]
    more = [data / name for name in LATER]
    steps.append(("Real: and three files of other shapes beside them", more, files + more))
    for title, new, all_files in steps:
        smelt.ingest("nyc311", *new)
        smelt.run("refresh", "nyc311")
        checks.section(f"{title}, the definitions' SQL in DuckDB")
        database, balances = check_lake(checks, smelt, "nyc311")
        checks.section(f"{title}, computed from the raw files by DuckDB alone")
        check_raw(checks, database, smelt.lake, balances["requests"], all_files)
