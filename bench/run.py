"""From CSV files to gold: smelt, Polars and DuckDB on the same files, in the same run.

    python bench/run.py --smelt PATH_OF_BINARY [ROWS ...] [--repeat 3] [--tools smelt polars] [--save]

Each job is a process of its own, pinned to the same cores; the files are read once before, so that
all find them in the file cache. Figures are those of the operating system (wait4): seconds on the
wall, CPU seconds of all threads, peak resident memory. The best run is shown, the median in brackets.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from inputs import Input, prepare
from measuring import Failed, measured, summary
from report import Report

HERE = Path(__file__).parent
TOOLS = ["smelt", "polars", "duckdb"]


class Bench:
    def __init__(self, options):
        self.smelt = [options.smelt.resolve(), "--datasets", HERE.parent / "datasets", "--quiet"]
        self.memory = options.memory
        self.repeat = options.repeat
        self.cores = sorted(os.sched_getaffinity(0))[: options.cores]
        self.work = options.cache / "work"
        self.out = self.work / "out"

    def lake(self, *arguments):
        return [*self.smelt, "--lake", self.out, "--memory", self.memory, *arguments]

    def command(self, tool, job, source):
        if tool == "smelt":
            return self.lake("run")
        return [sys.executable, HERE / f"{tool}_peer.py", job, source, self.out]

    def land(self, files):
        """Lays files into the lake's landing folder: links, so that nothing is copied."""
        landing = self.out / "landing" / "nyc311" / "requests"
        landing.mkdir(parents=True, exist_ok=True)
        for file in files:
            os.link(file, landing / file.name)

    def run(self, tool, job, source):
        return measured(self.command(tool, job, source), self.cores, self.work / "log.txt")

    def empty(self):
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def load(self, tool, files: Input):
        """All files onto nothing."""
        self.empty()
        if tool == "smelt":
            self.land(files.csv)
        return self.run(tool, "load", files.folder)

    def base(self, tool, files: Input):
        """What the day is added to; not measured."""
        self.empty()
        if tool == "smelt":
            measured(
                self.lake("ingest", "nyc311", "--file", files.base), self.cores, self.work / "log.txt"
            )
            measured(self.lake("refresh"), self.cores, self.work / "log.txt")
        else:
            self.run(tool, "load", files.base)
        kept = self.work / "base"
        self.out.rename(kept)
        return kept

    def day(self, tool, files: Input):
        """One more file onto the rows before it, once for each repetition."""
        base = self.base(tool, files)
        runs = []
        for _ in range(self.repeat):
            shutil.rmtree(self.out, ignore_errors=True)
            shutil.copytree(base, self.out)
            if tool == "smelt":
                self.land([files.day])
            runs.append(self.run(tool, "day", files.day))
        return runs

    def sums(self):
        """What is in the marts: computed in a process of its own, to keep this one small."""
        command = [sys.executable, HERE / "marts_sums.py", self.out]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def size(self, rows, tools, with_day, cache, report):
        files = prepare(self.smelt, rows, cache)
        files.warm()
        runs = {tool: [] for tool in tools}
        sums = {}
        for turn in range(self.repeat):
            for tool in tools:
                runs[tool].append(self.load(tool, files))
                if turn == 0:
                    sums[tool] = self.sums()
        figures = {tool: summary(runs[tool]) for tool in tools}
        report.load(files, figures, sums)
        if with_day:
            day_runs, day_sums = {}, {}
            for tool in tools:
                day_runs[tool] = self.day(tool, files)
                day_sums[tool] = self.sums()
            report.day(files, {tool: summary(day_runs[tool]) for tool in tools}, day_sums)
        shutil.rmtree(self.work, ignore_errors=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", type=int, default=[1_000_000, 5_000_000])
    parser.add_argument("--smelt", type=Path, required=True, help="the binary, a release build")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2, help="how many cores every job gets")
    parser.add_argument("--memory", default="512M", help="smelt's --memory")
    parser.add_argument("--no-day", action="store_true", help="leave out the day's refresh")
    parser.add_argument("--save", action="store_true", help="also write bench/results/<date>.md")
    cache = Path("~/.cache/smelt/bench").expanduser()
    parser.add_argument("--cache", type=Path, default=cache, help="folder for simulated files")
    return parser.parse_args()


def main():
    options = arguments()
    bench = Bench(options)
    report = Report(options.smelt, bench.cores, options.memory, options.repeat, options.tools)
    try:
        for position, rows in enumerate(options.rows):
            with_day = position == 0 and not options.no_day
            bench.size(rows, options.tools, with_day, options.cache, report)
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
    report.growth()
    if options.save:
        target = HERE / "results" / f"{datetime.date.today()}.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(report.markdown())
        print(f"\nwritten to {target.relative_to(HERE.parent)}")
    if report.problems:
        sys.exit(f"\nbench: the marts do not agree ({len(report.problems)} differences, see above)")


if __name__ == "__main__":
    main()
