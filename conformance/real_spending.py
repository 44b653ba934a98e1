"""Eight months of Phoenix' payments, and a file that overlaps with one of them."""

import random
import shutil

from expected import NEAR
from raw_spending import check_raw
from setting import check_lake, real_data

# A run of rows of one month, and how many of these come twice in the file that overlaps with it.
ROWS, DOUBLED = 1000, 500


def check(checks, setting):
    data = real_data(checks, "spending/phoenix")
    if not data:
        return
    smelt = setting.smelt("spending-lake")
    folder = setting.folder("spending")
    files = [*sorted(data.glob("*.csv")), overlap(data / "july-2018.csv", folder)]
    seed = random.randrange(1_000_000)
    for step in in_parts(random.Random(seed), twice(files, folder)):
        smelt.ingest("spending", *step)
        smelt.run("refresh", "spending")
    title = f"spending: {len(files)} files, each twice, in the order of seed {seed}"
    checks.section(f"{title}, the definitions' SQL in DuckDB")
    database, balances = check_lake(checks, smelt, "spending", NEAR)
    checks.section(f"{title}, computed from the raw files by DuckDB alone")
    check_raw(checks, database, smelt.lake, balances["payments"], files, folder)


def overlap(month, folder):
    """A later export that brings rows of a month again, some of them more often than the month did."""
    header, *rows = month.read_text().splitlines()
    file = folder / "overlap.csv"
    file.write_text("\n".join([header, *rows[:ROWS], *rows[:DOUBLED]]) + "\n")
    return file


def twice(files, folder):
    """Each file under two names that say nothing of what was first."""
    copies = []
    for number, file in enumerate([*files, *files]):
        copies.append(folder / f"payments-{number:02}.csv")
        shutil.copyfile(file, copies[-1])
    return copies


def in_parts(generator, files):
    """Shuffled, in three parts: silver has to look for each payment in what it has already."""
    generator.shuffle(files)
    return [files[part::3] for part in range(3)]
