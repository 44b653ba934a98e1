"""The sources of the other datasets: simulated once for each size, then kept."""

import csv
import io
import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

from inputs import SEED, fingerprint_of_simulator
from measuring import Failed

ORDER_DB = "order_db.sqlite"


@dataclass
class Shape:
    """How much to ask of the simulator: `asked` rows for each row that the bench reads."""

    days: int
    asked: float
    tables: tuple


SHAPES = {
    # Three fiscal years, the fewest there are; the other rows are Boston's, which come by its portal.
    "spending": Shape(days=1095, asked=2.5, tables=("payments",)),
    "llm_usage": Shape(days=100, asked=0.91, tables=("users", "transactions")),
    # An order has about three lines.
    "restaurant": Shape(days=365, asked=0.25, tables=()),
    "events": Shape(days=50, asked=0.99, tables=("events",)),
}


@dataclass
class Source:
    """`folder` holds a folder of files for each table, or the order database."""

    dataset: str
    folder: Path
    rows: int

    @property
    def tables(self):
        return SHAPES[self.dataset].tables

    @property
    def files(self):
        return files_of(self.folder)

    @property
    def bytes(self):
        return sum(file.stat().st_size for file in self.files)

    @property
    def database(self):
        return self.folder / ORDER_DB

    def warm(self):
        """Reads everything once, so that it is in the file cache."""
        for file in self.files:
            with open(file, "rb") as stream:
                while stream.read(1 << 20):
                    pass


def files_of(folder):
    return sorted(file for file in folder.rglob("*") if file.is_file())


def prepare(smelt, dataset, rows, cache):
    """The source of about so many rows; simulated if it is not there yet."""
    kept = cache / f"{dataset}-seed{SEED}-{rows}"
    complete, state = kept / "complete", f"{SHAPES[dataset]}\n{fingerprint_of_simulator()}\n"
    if not complete.exists() or not complete.read_text().startswith(state):
        shutil.rmtree(kept, ignore_errors=True)
        simulate(smelt, dataset, rows, kept)
        adapt(kept / "source")
        count = sum(rows_of(file) for file in files_of(kept / "source"))
        complete.write_text(f"{state}{count}")
    return Source(dataset, kept / "source", int(complete.read_text().removeprefix(state)))


def simulate(smelt, dataset, rows, kept):
    print(f"simulating {dataset}, {rows:,} rows (kept for the next time)", flush=True)
    shape, out = SHAPES[dataset], kept / "simulated"
    per_day = round(rows * shape.asked / shape.days)
    done = subprocess.run(
        [*smelt, "simulate", dataset, "--days", str(shape.days), "--rows-per-day", str(per_day)]
        + ["--seed", str(SEED), "--out", out, *([] if shape.tables else ["--serve"])],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise Failed(f"cannot simulate {dataset}: {done.stderr}")
    (kept / "source").mkdir()
    for part in shape.tables:
        (out / dataset / part).rename(kept / "source" / part)
    if not shape.tables:
        (out / ORDER_DB).rename(kept / "source" / ORDER_DB)
    shutil.rmtree(out)


def adapt(folder):
    """Removes what smelt takes and the peer's CSV reader does not: copies, and line ends other than LF.

    The names' order is the order of arrival, so it becomes the order of the files' times, too.
    """
    seen = set()
    for position, file in enumerate(files_of(folder)):
        if file.suffix == ".csv":
            content = file.read_bytes()
            if content in seen:
                file.unlink()
                continue
            seen.add(content)
            file.write_bytes(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        os.utime(file, (1_700_000_000 + position, 1_700_000_000 + position))


def rows_of(file):
    if file.suffix == ".sqlite":
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            tables = ("orders", "order_items")
            return sum(database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    with open(file, "rb") as stream:
        if file.suffix == ".csv":
            return sum(1 for _ in csv.reader(io.TextIOWrapper(stream, errors="replace", newline=""))) - 1
        return sum(1 for _ in stream)
