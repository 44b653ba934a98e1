"""What the bench of the other datasets says."""

from report import MEGA, NAMES, Report

LIMIT = 512 * MEGA
# Sums of doubles come out nearly alike in two engines.
NEAR = 1e-9


class DatasetsReport(Report):
    made_by = "make bench-datasets"

    def __init__(self, *setting):
        super().__init__(*setting)
        self.over = []

    def dataset(self, source, figures, sums):
        self.say()
        kind = f"{len(source.files)} files" if source.tables else "an SQLite database"
        size = f"{source.rows:,} rows, {kind}, {source.bytes / MEGA:,.0f} MB"
        self.say(f"{source.dataset}: {size}: source to gold")
        self.table(figures, source.rows, source.bytes, reference="duckdb")
        self.steps(figures)
        self.peak(source, figures)
        self.compare_marts(sums)

    def steps(self, figures):
        """Where smelt's seconds and memory go."""
        if "smelt" in figures:
            told = [
                f"{step['name']} {step['wall']:.2f} s, {step['peak'] / MEGA:,.0f} MB"
                for step in figures["smelt"]["steps"]
            ]
            self.say("smelt's processes in the best run: " + "; ".join(told))

    def peak(self, source, figures):
        for tool, run in figures.items():
            if run["peak"] > LIMIT:
                over = f"{NAMES[tool]}'s peak of {run['peak'] / MEGA:,.0f} MB is over {LIMIT / MEGA:,.0f} MB"
                self.say(over.upper() if tool == "smelt" else over)
                if tool == "smelt":
                    self.over.append(f"{source.dataset}, {source.rows:,} rows: {over}")

    def compare_marts(self, sums):
        """Two engines from the same source: every count, sum and text has to be the same."""
        if len(sums) < 2:
            return
        ours, theirs = sums["smelt"], sums["duckdb"]
        wrong = []
        for mart, columns in ours.items():
            for name, value in columns.items():
                if differ(value, theirs[mart][name]):
                    wrong.append(f"{mart}.{name} is {value} in smelt, {theirs[mart][name]} in DuckDB")
        self.problems += wrong
        rows = sum(columns["rows"] for columns in ours.values())
        agreed = f"all {len(ours)} marts, {rows:,} rows, have the same counts, sums and texts in both"
        if wrong:
            self.say("MARTS DIFFER: " + "; ".join(wrong))
        else:
            self.say(f"{agreed}; the peer keeps no bronze, quarantine or log")

    def conclusion(self):
        self.say()
        for line in self.over:
            self.say(f"OVER THE LIMIT: {line}")
        if not self.over:
            self.say(f"smelt stayed below {LIMIT / MEGA:,.0f} MB throughout")


def differ(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) > NEAR * max(abs(one), 1)
    return one != other
