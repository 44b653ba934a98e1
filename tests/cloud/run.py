"""Runs the functions from end to end on this machine; see tests/cloud/README.md."""

import argparse
import signal
import sys
import tempfile
import zipfile
from pathlib import Path

from . import inputs, rights, terraform
from .checks import Checks, Failed
from .cloud import Cloud
from .runtime_api import RuntimeApi
from .scenarios import alerts, quiet, troubled, upkeep
from .scenarios import api as api_scenario
from .server import Server
from .trouble import Trouble

SHOWN_LINES = 30


def main() -> int:
    arguments = parse()
    # Ended from outside is ended in order: no process stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="smelt-e2e-") as scratch:
        return run(arguments, Path(scratch))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make e2e", description=__doc__)
    parser.add_argument("--functions", type=Path, help="folder with plain binaries, instead of the zips")
    parser.add_argument("--zips", type=Path, default=terraform.PROJECT / "target" / "lambda", help="folder with the zips")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def run(arguments: argparse.Namespace, scratch: Path) -> int:
    checks = Checks()
    binaries, datasets = functions(arguments, scratch)
    server, api = Server(), RuntimeApi()
    clouds: list[Cloud] = []
    try:
        database = scratch / "order_db.sqlite"
        inputs.order_database(database)
        secret = {"ORDER_DB_URL": f"sqlite://{database}", "SOCRATA_APP_TOKEN": "token-that-nobody-may-see"}
        cloud = Cloud("quiet", server, api, binaries, datasets, scratch / "tmp", secret)
        clouds.append(cloud)
        marts = quiet.run(checks, cloud, scratch / "quiet")
        secret2 = dict(secret)
        t = Cloud("troubled", server, api, binaries, datasets, scratch / "tmp", secret2, Trouble(arguments.seed))
        clouds.append(t)
        troubled.run(checks, t, scratch / "troubled", marts)
        api_scenario.run(checks, cloud)
        upkeep.run(checks, cloud, scratch / "upkeep")
        shop = Cloud("shop", server, api, binaries, terraform.PROJECT / "tests" / "cloud" / "datasets", scratch / "tmp")
        clouds.append(shop)
        alerts.run(checks, shop)
        print(rights.as_text(rights.touched(clouds)))
        print(rights.not_granted(clouds))
        print(rights.not_used(rights.touched(clouds)))
        print(rights.differences(rights.touched(clouds)))
        print([cloud.logs.problems for cloud in clouds])
        return 0
    except (Failed, RuntimeError, TimeoutError) as failure:
        print(f"\ne2e: {failure}", file=sys.stderr)
        for cloud in clouds:
            show_logs(cloud)
        return 1
    finally:
        for cloud in clouds:
            cloud.end()
        api.close()
        server.close()


def functions(arguments: argparse.Namespace, scratch: Path) -> tuple[dict[str, Path], Path]:
    """The binaries by their functions, and the datasets that they are to run with."""
    names = terraform.functions()
    if arguments.functions:
        found = {name: arguments.functions / name for name in names}
        found = {name: path / "bootstrap" if path.is_dir() else path for name, path in found.items()}
        return found, terraform.PROJECT / "datasets"
    for name in names:
        with zipfile.ZipFile(arguments.zips / f"{name}.zip") as packed:
            packed.extractall(scratch / "functions" / name)
    found = {name: scratch / "functions" / name / "bootstrap" for name in names}
    for path in found.values():
        path.chmod(0o755)
    return found, scratch / "functions" / "ingest" / "datasets"


def show_logs(cloud: Cloud) -> None:
    for name, source in cloud.sources.items():
        for problem in source.problems:
            print(f"{cloud.name}, {name}: {problem}", file=sys.stderr)
    for name in cloud.functions:
        for line in cloud.logs.last(name, SHOWN_LINES):
            print(f"{cloud.name}, {name}: {line[:600]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
