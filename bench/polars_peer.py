"""The bench's job in Polars: CSV files to silver (Parquet by month) and the four marts.

    python polars_peer.py load CSV_FOLDER OUT      everything, onto an empty folder
    python polars_peer.py day NEW.csv OUT          one more file, touched months only

It computes what datasets/nyc311 defines, for the columns and notations that the bench's files have.
It keeps no bronze, no quarantine, no log and no older version: it is the script that one writes by hand.
"""

import shutil
import sys
from pathlib import Path

import polars as pl

BOROUGHS = ["MANHATTAN", "BRONX", "BROOKLYN", "QUEENS", "STATEN ISLAND"]
TEXTS = ["agency", "complaint_type", "descriptor", "location_type", "city"]

def text(name):
    """Trimmed, and null when empty."""
    trimmed = pl.col(name).str.strip_chars(" \t\r\n")
    return pl.when(trimmed != "").then(trimmed)


def moment(name):
    """Wall clock. The fraction is .000 throughout; without it Polars parses four times as fast."""
    seconds = pl.col(name).str.slice(0, 19)
    return seconds.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)


def typed(files):
    """One typed row for each line, in the order of the files and of their lines."""
    raw = pl.scan_csv(
        files,
        infer_schema=False,
        encoding="utf8-lossy",  # a row that is not UTF-8 is kept; the strict reader refuses the file
        truncate_ragged_lines=True,
    )
    zip_code = text("incident_zip").str.strip_suffix(".0")
    borough = text("borough").str.to_uppercase()
    created, closed = pl.col("created_at"), pl.col("closed_at")
    return (
        raw.select(
            pl.col("unique_key").str.strip_chars(" \t\r\n").cast(pl.Int64, strict=False),
            moment("created_date").alias("created_at"),
            moment("closed_date").alias("closed_at"),
            *[text(name).alias(name) for name in TEXTS],
            pl.when(zip_code.str.contains(r"^\d{5}$")).then(zip_code).alias("incident_zip"),
            pl.when(borough.is_in(BOROUGHS))
            .then(borough)
            .otherwise(pl.lit("UNSPECIFIED"))
            .alias("borough"),
            pl.col("latitude").str.strip_chars(" \t\r\n").cast(pl.Float64, strict=False),
            pl.col("longitude").str.strip_chars(" \t\r\n").cast(pl.Float64, strict=False),
        )
        .filter(pl.col("unique_key").is_not_null(), created.is_not_null())
        .with_columns(
            created.dt.date().alias("created_date"),
            created.dt.hour().cast(pl.Int32).alias("created_hour"),
            created.dt.weekday().cast(pl.Int32).alias("day_of_week"),
            (created.dt.weekday() >= 6).alias("is_weekend"),
            pl.when(closed >= created)
            .then((closed - created).dt.total_microseconds() / 3.6e9)
            .alias("resolution_hours"),
            created.dt.strftime("%Y-%m").alias("created_month"),
        )
    )


def newest(rows):
    """The last version of every key."""
    return rows.filter(pl.col("unique_key").is_last_distinct())


def marts(silver):
    """The four marts, lazily."""
    requests = pl.len().cast(pl.Int64).alias("requests")
    closed = pl.col("closed_at").count().cast(pl.Int64).alias("closed")
    hours = pl.col("resolution_hours")
    median = hours.median().alias("median_resolution_hours")
    p90 = hours.quantile(0.9, "linear").alias("p90_resolution_hours")
    within = (hours <= 24).sum().cast(pl.Int64).alias("closed_within_24h")
    date, month = pl.col("created_date").alias("date"), pl.col("created_month").alias("month")
    hour = pl.col("created_hour").alias("hour")
    return {
        "daily_requests": silver.group_by(date, "borough", "complaint_type").agg(
            requests, closed, median
        ),
        "borough_daily": silver.group_by(date, "borough").agg(requests, closed, median, p90),
        "hourly_pattern": silver.group_by(month, "borough", "day_of_week", hour).agg(requests),
        "agency_monthly": silver.group_by(month, "agency").agg(requests, closed, within, median),
    }


def load(csv_folder, out):
    """Everything from the CSV files onto an empty folder."""
    silver = newest(typed(sorted(Path(csv_folder).glob("*.csv")))).collect(engine="streaming")
    write_by_month(silver, out / "silver")
    (out / "gold").mkdir()
    for name, mart in computed(silver).items():
        mart.write_parquet(out / "gold" / f"{name}.parquet")


def day(new_file, out):
    """One more file: only the months that its rows belong to are read and written again."""
    new = newest(typed([new_file])).collect(engine="streaming")
    months = new["created_month"].unique().to_list()
    old = pl.scan_parquet(out / "silver", hive_schema={"created_month": pl.String})
    touched = old.filter(pl.col("created_month").is_in(months)).select(new.columns)
    silver = newest(pl.concat([touched, new.lazy()])).collect(engine="streaming")
    write_by_month(silver, out / "touched")
    for folder in (out / "touched").iterdir():
        shutil.rmtree(out / "silver" / folder.name, ignore_errors=True)
        folder.rename(out / "silver" / folder.name)
    for name, mart in computed(silver).items():
        path = out / "gold" / f"{name}.parquet"
        month = pl.col("month") if "month" in mart.columns else pl.col("date").dt.strftime("%Y-%m")
        kept = pl.read_parquet(path).filter(~month.is_in(months))
        pl.concat([kept, mart]).write_parquet(path)


def computed(silver):
    lazy = marts(silver.lazy())
    return dict(zip(lazy, pl.collect_all(lazy.values(), engine="streaming")))


def write_by_month(silver, folder):
    target = pl.PartitionBy(folder, key="created_month", include_key=False)
    silver.lazy().sink_parquet(target, compression="zstd", mkdir=True)


if __name__ == "__main__":
    job, source, target = sys.argv[1:]
    {"load": load, "day": day}[job](source, Path(target))
