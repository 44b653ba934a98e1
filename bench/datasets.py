"""The other datasets from their sources to gold: smelt and DuckDB on the same, in the same run.

    python bench/datasets.py --smelt PATH_OF_BINARY [JOB ...] [--repeat 3] [--save]

A JOB is DATASET:ROWS, such as events:5000000. spending reads Phoenix' files only, as Boston's payments
come by a portal; restaurant reads an SQLite database. smelt's job is several processes, `ingest` for
each table and `refresh`: their seconds are added up. Otherwise all is measured as in run.py.
"""

import argparse
import datetime
import json
import shutil
import subprocess
import sys
from os import sched_getaffinity
from pathlib import Path

from dataset_inputs import SHAPES, Source, prepare
from datasets_report import DatasetsReport
from measuring import Failed, in_turn, measured, summary

HERE = Path(__file__).parent
TOOLS = ["smelt", "duckdb"]
# Five million rows show whether memory grows with the data.
JOBS = [*[(dataset, 100_000) for dataset in SHAPES], ("events", 5_000_000)]


class Bench:
    def __init__(self, options):
        self.smelt = [options.smelt.resolve(), "--datasets", HERE.parent / "datasets", "--quiet"]
        self.memory = options.memory
        self.repeat = options.repeat
        self.cores = sorted(sched_getaffinity(0))[: options.cores]
        self.cache = options.cache
        self.work = options.cache / "work-datasets"
        self.out = self.work / "out"

    def steps(self, source: Source):
        """smelt's commands by what they are called in the report."""
        dataset = source.dataset
        if source.tables:
            for table in source.tables:
                files = ["--table", table, "--file", source.folder / table]
                yield f"ingest of {table}", ["ingest", dataset, *files]
        else:
            yield "ingest", ["ingest", dataset]
        yield "refresh", ["refresh", dataset]

    def by_smelt(self, source: Source):
        steps = []
        for name, arguments in self.steps(source):
            command = [*self.smelt, "--lake", self.out, "--memory", self.memory, *arguments]
            step = self.run(command, ORDER_DB_URL=f"sqlite://{source.database.resolve()}")
            steps.append({"name": name, **step})
        return {**in_turn(steps), "steps": steps}

    def by_duckdb(self, source: Source):
        script = HERE / "peers" / f"{source.dataset}.py"
        return self.run([sys.executable, script, source.folder, self.out])

    def run(self, command, **variables):
        return measured(command, self.cores, self.work / "log.txt", **variables)

    def load(self, tool, source: Source):
        """Everything onto nothing."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        return {"smelt": self.by_smelt, "duckdb": self.by_duckdb}[tool](source)

    def sums(self, dataset):
        """What is in the marts: computed in a process of its own, to keep this one small."""
        command = [sys.executable, HERE / "datasets_sums.py", dataset, self.out]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def job(self, dataset, rows, tools, report):
        source = prepare(self.smelt, dataset, rows, self.cache)
        source.warm()
        runs = {tool: [] for tool in tools}
        sums = {}
        for turn in range(self.repeat):
            for tool in tools:
                runs[tool].append(self.load(tool, source))
                if turn == 0:
                    sums[tool] = self.sums(dataset)
        report.dataset(source, {tool: summary(runs[tool]) for tool in tools}, sums)
        shutil.rmtree(self.work, ignore_errors=True)


def job(text):
    dataset, _, rows = text.partition(":")
    if dataset not in SHAPES or not rows.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not DATASET:ROWS, with one of {', '.join(SHAPES)}")
    return dataset, int(rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", nargs="*", type=job, default=JOBS, metavar="DATASET:ROWS")
    parser.add_argument("--smelt", type=Path, required=True, help="the binary, a release build")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2, help="how many cores every job gets")
    parser.add_argument("--memory", default="512M", help="smelt's --memory")
    parser.add_argument("--save", action="store_true", help="also write bench/results/<date>-datasets.md")
    cache = Path("~/.cache/smelt/bench").expanduser()
    parser.add_argument("--cache", type=Path, default=cache, help="folder for simulated sources")
    return parser.parse_args()


def main():
    options = arguments()
    bench = Bench(options)
    report = DatasetsReport(options.smelt, bench.cores, options.memory, options.repeat, options.tools)
    try:
        for dataset, rows in options.jobs:
            bench.job(dataset, rows, options.tools, report)
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
    report.conclusion()
    if options.save:
        target = HERE / "results" / f"{datetime.date.today()}-datasets.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(report.markdown())
        print(f"\nwritten to {target.relative_to(HERE.parent)}")
    if report.problems:
        sys.exit(f"\nbench: the marts do not agree ({len(report.problems)} differences, see above)")


if __name__ == "__main__":
    main()
