"""What was found right and wrong, printed as it is found."""

import time
from collections.abc import Iterable


class Failed(Exception):
    """A check failed; the run ends."""


class Checks:
    """The table of checks. The first one that fails ends the run."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.passed = 0

    def section(self, title: str) -> None:
        print(f"\n{title}  ({time.monotonic() - self.started:.0f} s)", flush=True)

    def say(self, text: str) -> None:
        print(f"        {text}", flush=True)

    def check(self, what: str, problems: Iterable[str]) -> None:
        """`problems` are lines of text; none means that it passed."""
        problems = list(problems)
        print(f"  {'FAIL' if problems else 'ok  '}  {what}", flush=True)
        for line in problems[:20]:
            print(f"        {line}", flush=True)
        if problems:
            raise Failed(what)
        self.passed += 1

    def equal(self, what: str, found: object, expected: object) -> None:
        self.check(what, [] if found == expected else [f"found    {found}", f"expected {expected}"])
