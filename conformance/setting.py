"""What every comparison of a dataset needs: the binary, the folders, a lake of its own."""

from dataclasses import dataclass
from pathlib import Path

from definition import Dataset
from lake import Smelt, connect
from marts import check_marts
from silver import check_silver

PROJECT = Path(__file__).resolve().parent.parent
DATASETS = PROJECT / "datasets"
REAL = PROJECT.parent / "shared" / "data"


@dataclass
class Setting:
    """`scratch` is an empty folder that goes away at the end."""

    binary: Path
    scratch: Path

    def smelt(self, lake, **variables):
        """The binary on a new lake of that name."""
        return Smelt(self.binary, DATASETS, self.scratch / lake, **variables)

    def folder(self, name):
        """A new folder for files to be fed."""
        folder = self.scratch / name
        folder.mkdir(parents=True)
        return folder


def real_data(checks, path):
    """A folder of the real data beside the project, or None after a line that says so."""
    folder = REAL / path
    if folder.exists():
        return folder
    checks.section(f"Real data: skipped, ../shared/data/{path} is absent")
    return None


def check_lake(checks, smelt, name, within=None):
    """Silver and gold by the definitions' own SQL; returns the connection and the balances by table.

    `within` is the fraction by which doubles of marts may differ; none at all unless it is given.
    """
    dataset = Dataset(DATASETS / name)
    database = connect()
    balances = smelt.balances(name)
    check_silver(checks, database, smelt.lake, dataset, balances)
    check_marts(checks, database, smelt.lake, dataset, within)
    return database, balances
