"""What the bench says: tables for people, and the same as Markdown."""

import os
import platform
import subprocess
from importlib.metadata import version

NAMES = {"smelt": "smelt", "polars": "Polars", "duckdb": "DuckDB"}
MEGA = 1_000_000
COUNTS = ("rows", "requests", "closed", "closed_within_24h")


class Report:
    made_by = "make bench"

    def __init__(self, smelt, cores, memory, repeat, tools):
        self.problems = []
        self.lines = []
        self.peaks = {}
        self.repeat = repeat
        memory_of_machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        versions = [f"{version_of_smelt(smelt)} (--memory {memory})"]
        versions += [f"{NAMES[tool]} {version(tool)}" for tool in tools if tool != "smelt"]
        self.say(f"{len(cores)} cores of {cpu_model()}, {memory_of_machine / 2**30:.0f} GiB")
        if os.getloadavg()[0] > len(cores) / 2:
            self.say(f"THE MACHINE IS BUSY (load {os.getloadavg()[0]:.1f}): wall seconds say little")
        self.say(", ".join(versions))
        self.say("best of %d runs, wall seconds of the median in brackets; peak = largest" % repeat)

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def load(self, files, figures, sums):
        self.say()
        title = f"{files.rows:,} rows, {len(files.csv)} CSV files, {files.bytes / MEGA:,.0f} MB: "
        self.say(title + "files to gold")
        self.table(figures, files.rows, files.bytes)
        self.compare(files, sums)
        if "smelt" in figures:
            self.peaks[files.rows] = figures["smelt"]["peak"]

    def day(self, files, figures, sums):
        self.say()
        with open(files.day, "rb") as stream:
            size = len(stream.read())
        self.say(f"the last 10,000 of these {files.rows:,} rows onto the others: to gold, touched months")
        self.table(figures, 10_000, size)
        self.compare(files, sums)

    def growth(self):
        """Whether more rows take more memory."""
        if len(self.peaks) > 1:
            (small, before), *_, (large, after) = sorted(self.peaks.items())
            percent = (after / before - 1) * 100
            self.say()
            self.say(f"smelt's peak memory from {small:,} to {large:,} rows: {percent:+.0f} %")

    def table(self, figures, rows, size, reference="polars"):
        head = ["", "wall s", "(median)", "CPU s", "peak MB", "rows/s", "MB/s", f"wall : {NAMES[reference]}"]
        reference = figures.get(reference, {}).get("wall")
        body = []
        for tool, run in figures.items():
            wall = run["wall"]
            body.append([
                NAMES[tool],
                f"{wall:.2f}",
                f"({run['median']:.2f})",
                f"{run['cpu']:.2f}",
                f"{run['peak'] / MEGA:,.0f}",
                f"{rows / wall:,.0f}",
                f"{size / MEGA / wall:,.0f}",
                f"{wall / reference:.2f}" if reference else "",
            ])
        self.say()
        for line in markdown_table(head, body):
            self.say(line)
        self.say()

    def compare(self, files, sums):
        """smelt has to equal the simulation's truth; the peers may differ in malformed rows."""
        for tool, marts in sums.items():
            allowed = 0 if tool == "smelt" else files.malformed
            wrong, largest = [], 0
            for mart, expected in files.truth["marts"].items():
                for name in COUNTS:
                    if name in expected:
                        difference = marts[mart][name] - expected[name]
                        largest = max(largest, difference, key=abs)
                        if abs(difference) > allowed:
                            wrong.append(f"{mart}.{name} {difference:+,.0f}")
            reference = sums.get("smelt", marts)
            for mart, columns in marts.items():
                for name in set(columns) - set(COUNTS):
                    expected = reference[mart][name]
                    if abs(columns[name] - expected) > 0.01 * expected:
                        wrong.append(f"{mart}: sum of {name} is {columns[name]}, not {expected}")
            self.problems += wrong
            self.say(f"{NAMES[tool]}: " + verdict(tool, wrong, largest, files.malformed))

    def markdown(self):
        title = f"# File to gold, measured\n\n`{self.made_by}` wrote this.\n\n"
        return title + "\n".join(self.lines) + "\n"


def verdict(tool, wrong, largest, malformed):
    if wrong:
        return "WRONG MARTS: " + "; ".join(wrong)
    if tool == "smelt":
        return "all counts of the four marts equal the simulation's truth; bronze, quarantine and log kept"
    return f"counts of the marts within {largest:+,.0f} ({malformed:,} malformed rows); no bronze, quarantine or log"


def markdown_table(head, body):
    widths = [max(len(row[column]) for row in [head, *body]) for column in range(len(head))]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]

    def line(row):
        first, *others = row
        cells = [first.ljust(widths[0])] + [c.rjust(w) for c, w in zip(others, widths[1:])]
        return "| " + " | ".join(cells) + " |"

    return [line(head), line(rule), *[line(row) for row in body]]


def version_of_smelt(binary):
    return subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()


def cpu_model():
    try:
        with open("/proc/cpuinfo") as info:
            names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or platform.machine()
