"""Runs the functions from end to end on this machine; see tests/cloud/README.md."""

import argparse
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import credentials, inputs, lake, purchases, report, rights, terraform
from .checks import Checks, Failed
from .cloud import Cloud
from .runtime_api import RuntimeApi
from .scenarios import access, alerts, corrections, models, quiet, reports, series, troubled, upkeep, uploads
from .scenarios import api as requests
from .server import Server
from .trouble import Trouble

SHOWN_LINES = 8
SHOWN_CHARACTERS = 400
LOGS = terraform.PROJECT / "target" / "e2e"
OWN_DATASETS = Path(__file__).parent / "datasets"
NAMES = ("quiet", "troubled", "alerts", "series", "office", "api", "upkeep")
# Those with a cloud and datasets of their own.
APART = {"alerts", "series", "office"}


def main() -> int:
    arguments = parse()
    # Ended from outside is ended in order: no process stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="smelt-e2e-") as scratch:
        binaries, datasets = functions(arguments, Path(scratch))
        run = Run(arguments, Path(scratch), binaries, datasets)
        try:
            run.everything()
            return 0
        except KeyboardInterrupt:
            return 130
        except (Failed, RuntimeError, TimeoutError) as failure:
            print(f"\ne2e: {failure}", file=sys.stderr)
            show_logs(run.clouds)
            return 1
        finally:
            run.end()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make e2e", description=__doc__)
    zips = terraform.PROJECT / "target" / "lambda"
    parser.add_argument("--functions", type=Path, help="folder with plain binaries, instead of the zips")
    parser.add_argument("--zips", type=Path, default=zips, help="folder with the zips")
    parser.add_argument("--seed", type=int, default=1, help="of what goes wrong in the troubled run")
    parser.add_argument("--scenario", choices=NAMES, action="append", help="only this one, and what it needs")
    parser.add_argument("--touched", type=Path, help="write what functions touched, instead of comparing it")
    return parser.parse_args()


@dataclass
class Run:
    """One run of the suite."""

    arguments: argparse.Namespace
    scratch: Path
    binaries: dict[str, Path]
    datasets: Path | None
    checks: Checks = field(default_factory=Checks)
    clouds: list[Cloud] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server, self.api = Server(), RuntimeApi()
        database = self.scratch / "order_db.sqlite"
        inputs.order_database(database)
        self.secret = {"ORDER_DB_URL": f"sqlite://{database}", "SOCRATA_APP_TOKEN": "nobody-may-see-this-token"}

    def everything(self) -> None:
        started = time.monotonic()
        chosen = self.arguments.scenario or NAMES
        if not set(chosen) <= APART:
            calm = self.cloud("quiet", self.datasets)
            marts = quiet.run(self.checks, calm, self.scratch / "quiet")
            if "troubled" in chosen:
                self.trouble(marts)
            if "api" in chosen:
                requests.run(self.checks, calm)
            if "upkeep" in chosen:
                upkeep.run(self.checks, calm, self.scratch / "upkeep")
            calm.end()
        if "alerts" in chosen:
            shop = self.cloud("shop", OWN_DATASETS)
            alerts.run(self.checks, shop)
            shop.end()
        if "series" in chosen:
            till = self.cloud("till", OWN_DATASETS)
            series.run(self.checks, till, self.scratch / "series")
            till.end()
        if "office" in chosen:
            self.office()
        self.checks.section("What holds for all of it")
        self.every_cloud()
        self.compare_rights(chosen)
        report.explain(self.checks, self.clouds, time.monotonic() - started)

    def cloud(self, name: str, datasets: Path | None, seed: int = 0, **access: dict[str, str]) -> Cloud:
        cloud = Cloud(
            name, self.server, self.api, self.binaries, datasets, self.scratch / "tmp", self.secret, Trouble(seed),
            **access,
        )
        self.clouds.append(cloud)
        return cloud

    def office(self) -> None:
        """What an application does, from its first token to the report on its month; callers are checked."""
        cloud = self.cloud(
            "office", OWN_DATASETS, secrets_of_api=credentials.SECRETS, settings=credentials.SETTINGS
        )
        cloud.logs.secrets += (credentials.KEY,)
        cloud.start()
        bought = purchases.purchases()
        access.run(self.checks, cloud)
        uploads.run(self.checks, cloud, bought)
        bought = corrections.run(self.checks, cloud, self.scratch / "office", bought)
        models.run(self.checks, cloud, bought)
        reports.run(self.checks, cloud, bought)
        cloud.end()

    def trouble(self, marts: lake.Marts) -> None:
        cloud = self.cloud("troubled", self.datasets, self.arguments.seed)
        troubled.run(self.checks, cloud, self.scratch / "troubled", self.scratch / "quiet", marts)
        cloud.end()

    def every_cloud(self) -> None:
        self.all("batches are answered as SQS wants it", lambda cloud: [
            f"{name}: {problem}" for name, source in cloud.sources.items() for problem in source.problems
        ])
        lines = sum(cloud.logs.counts["lines"] + cloud.logs.counts["metrics"] for cloud in self.clouds)
        self.all(f"{lines:,} log lines are JSON, metrics are well formed, and no secret is in any", lambda cloud: (
            cloud.logs.problems
        ))
        self.all("no process had more memory than its function's size", lambda cloud: [
            f"{name}: {function.bill.peak_mb:.0f} of {function.declared.memory} MB"
            for name, function in cloud.functions.items() if function.bill.peak_mb > function.declared.memory
        ])

    def all(self, what: str, problems: Callable[[Cloud], list[str]]) -> None:
        self.checks.check(what, [f"{cloud.name}: {it}" for cloud in self.clouds for it in problems(cloud)])

    def compare_rights(self, chosen: tuple[str, ...] | list[str]) -> None:
        self.checks.check("nothing was touched without a right", rights.not_granted(self.clouds))
        if set(chosen) != set(NAMES):
            return
        found = rights.touched(self.clouds)
        self.checks.check("every right was used, or there is a reason why not", rights.not_used(found, rights.asked(self.clouds)))
        if self.arguments.touched:
            self.arguments.touched.write_text(rights.as_text(found))
            return
        self.checks.check(
            "what was touched is what infrastructure/touched.json says",
            [*(lines := rights.differences(found)), *([rights.HOW_TO_UPDATE] if lines else [])],
        )

    def end(self) -> None:
        for cloud in self.clouds:
            cloud.end()
        self.api.close()
        self.server.close()


def functions(arguments: argparse.Namespace, scratch: Path) -> tuple[dict[str, Path], Path | None]:
    """The binaries by their functions, and the datasets that they are to run with, if none lie beside them."""
    names = terraform.functions()
    if arguments.functions:
        found = {name: arguments.functions.resolve() / name for name in names}
        found = {name: path / "bootstrap" if path.is_dir() else path for name, path in found.items()}
        return found, terraform.PROJECT / "datasets"
    for name in names:
        with zipfile.ZipFile(arguments.zips / f"{name}.zip") as packed:
            packed.extractall(scratch / "functions" / name)
    found = {name: scratch / "functions" / name / "bootstrap" for name in names}
    for path in found.values():
        path.chmod(0o755)
    return found, None


def show_logs(clouds: list[Cloud]) -> None:
    """Warnings and errors of the functions; all that they said goes into files."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for line in rights.not_granted(clouds):
        print(f"refused for want of a right: {line}", file=sys.stderr)
    for cloud in clouds:
        for name, source in cloud.sources.items():
            for problem in source.problems:
                print(f"{cloud.name}, {name}: {problem}", file=sys.stderr)
        for name in cloud.functions:
            for line in cloud.logs.problems_of(name)[-SHOWN_LINES:]:
                print(f"{cloud.name}, {name}: {line[:SHOWN_CHARACTERS]}", file=sys.stderr)
            (LOGS / f"{cloud.name}-{name}.log").write_text("\n".join([*cloud.logs.lines[name], ""]))
    print(f"e2e: all that the functions said is in {LOGS.relative_to(terraform.PROJECT)}/", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
