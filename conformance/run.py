"""Lakes that smelt made, checked by an engine that shares no code with it; and the API over one.

    python conformance/run.py --smelt PATH_OF_BINARY [--only NAME]...

Simulated files always; the real ones where ../shared/data lies beside the project.
Ends with `N passed, N failed`, and with exit code 1 if anything failed.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from subprocess import SubprocessError

import duckdb

import by_hand
import real_events
import real_llm_usage
import real_nyc311
import real_restaurant
import real_spending
from api import part as api
from lake import Checks, SmeltFailed
from setting import Setting

# Datasets, and the API.
PARTS = {
    "nyc311": real_nyc311,
    "spending": real_spending,
    "llm_usage": real_llm_usage,
    "restaurant": real_restaurant,
    "events": real_events,
    "api": api,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smelt", type=Path, required=True, help="the binary")
    parser.add_argument(
        "--only", "--dataset", action="append", choices=PARTS, help="this part; may be repeated"
    )
    arguments = parser.parse_args()
    checks = Checks()
    by_hand.check(checks)
    with tempfile.TemporaryDirectory(prefix="smelt-conformance-") as scratch:
        setting = Setting(arguments.smelt.resolve(), Path(scratch))
        for name in arguments.only or PARTS:
            try:
                PARTS[name].check(checks, setting)
            except (SmeltFailed, OSError, SubprocessError, duckdb.Error) as error:
                checks.check(f"{name}: to its end", f"{type(error).__name__}: {error}".splitlines())
    print(f"\n{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
