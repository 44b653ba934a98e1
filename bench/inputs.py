"""The files that the bench reads: simulated once for each size, then kept."""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

FILES = 20
DAYS = 730
SEED = 7
DAY_ROWS = 10_000


@dataclass
class Input:
    """`folder` holds all files; `base` the same without the last rows, which are in `day`."""

    folder: Path
    base: Path
    day: Path
    truth: dict

    @property
    def csv(self):
        return sorted(self.folder.glob("*.csv"))

    @property
    def rows(self):
        return self.truth["rows_received"]

    @property
    def bytes(self):
        return sum(file.stat().st_size for file in self.csv)

    @property
    def malformed(self):
        """Rows that smelt refuses and that the peers leave out or take, each in its own way."""
        return sum(self.truth["dirt"].get(name, 0) for name in ("ragged", "invalid_utf8"))

    def warm(self):
        """Reads everything once, so that it is in the file cache."""
        for file in [*self.csv, *self.base.glob("*.csv"), self.day]:
            with open(file, "rb") as stream:
                while stream.read(1 << 20):
                    pass


def prepare(smelt, rows, cache):
    """The input of this size; simulated if it is not there yet."""
    folder = cache / f"seed{SEED}-{rows}"
    complete, simulator = folder / "complete", fingerprint_of_simulator()
    if not complete.exists() or complete.read_text() != simulator:
        shutil.rmtree(folder, ignore_errors=True)
        simulate(smelt, rows, folder)
        adapt(folder)
        hold_back_a_day(folder)
        complete.write_text(simulator)
    truth = json.loads((folder / "truth.json").read_text())
    return Input(folder / "all", folder / "base", folder / "day" / "requests_9999.csv", truth)


def fingerprint_of_simulator():
    """Changes when the simulator does, and its files and their truth with it."""
    sources = Path(__file__).parent.parent / "shared" / "simulate" / "src"
    digest = hashlib.sha256()
    for source in sorted(sources.rglob("*.rs")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def simulate(smelt, rows, folder):
    print(f"simulating {rows:,} rows (kept for the next time)", flush=True)
    per_day = -(-rows // DAYS)
    subprocess.run(
        [*smelt, "simulate", "nyc311", "--days", str(DAYS), "--rows-per-day", str(per_day)]
        + ["--seed", str(SEED), "--files", str(FILES), "--out", folder / "simulated"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (folder / "simulated" / "nyc311" / "requests").rename(folder / "all")
    (folder / "simulated" / "nyc311" / "truth.json").rename(folder / "truth.json")
    shutil.rmtree(folder / "simulated")


def adapt(folder):
    """Two kinds of dirt that smelt takes and the peers' CSV readers do not: they are removed here.

    A file that repeats another one's content, and line ends that are a lone CR. The names' order is
    the order of arrival, so it becomes the order of the files' times, too.
    """
    truth = json.loads((folder / "truth.json").read_text())
    for file in truth["files"]:
        if file["duplicate_of"]:
            (folder / "all" / file["name"]).unlink()
    for position, file in enumerate(sorted((folder / "all").glob("*.csv"))):
        content = file.read_bytes()
        if b"\n" not in content:
            file.write_bytes(content.replace(b"\r", b"\n"))
        os.utime(file, (1_700_000_000 + position, 1_700_000_000 + position))


def hold_back_a_day(folder):
    """Cuts the last rows off the last file: `base/` and `day/` together are `all/`."""
    *others, last = sorted((folder / "all").glob("*.csv"))
    (folder / "base").mkdir()
    (folder / "day").mkdir()
    for file in others:
        os.link(file, folder / "base" / file.name)
    header, *records = records_of(last.read_bytes())
    (folder / "base" / last.name).write_bytes(b"".join([header, *records[:-DAY_ROWS]]))
    (folder / "day" / "requests_9999.csv").write_bytes(b"".join([header, *records[-DAY_ROWS:]]))


def records_of(content):
    """Lines, where a quoted line end does not end one."""
    records, open_record = [], b""
    for line in content.splitlines(keepends=True):
        open_record += line
        if open_record.count(b'"') % 2 == 0:
            records.append(open_record)
            open_record = b""
    return records
