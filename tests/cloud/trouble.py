"""Trouble on request: what goes wrong on the way to S3, and when a sandbox is killed.

Decided by a seed, and counted. Threads take turns in an order of their own, so the same seed gives the same shares,
not the same requests.
"""

import enum
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .tally import Request


class Fault(enum.Enum):
    """What may happen to a request."""

    BUSY = "503 SlowDown"
    CONFLICT = "409 on a conditional put"
    SLOW = "answer delayed"
    LOST = "write landed, answer lost"


@dataclass
class Shares:
    """How often, as parts of the requests that it can happen to."""

    busy: float = 0.0
    conflict: float = 0.0
    slow: float = 0.0
    lost: float = 0.0


@dataclass
class Kill:
    """A sandbox that is to be killed when it has made so many requests."""

    after_requests: int
    kill: Callable[[], None]


@dataclass
class Trouble:
    """The trouble of one cloud."""

    seed: int = 0
    shares: Shares = field(default_factory=Shares)
    counts: Counter[Fault] = field(default_factory=Counter)
    kills: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.random = random.Random(self.seed)
        self.spared: Counter[str] = Counter()
        self.to_kill: dict[str, Kill] = {}

    def fault(self, function: str, request: Request) -> Fault | None:
        """What happens to this request, if anything."""
        with self.lock:
            if self.spared[function]:
                return None
            drawn = self.random.random()
            for fault, share, possible in (
                (Fault.BUSY, self.shares.busy, True),
                (Fault.SLOW, self.shares.slow, True),
                (Fault.CONFLICT, self.shares.conflict, request.is_conditional and request.method == "PUT"),
                (Fault.LOST, self.shares.lost, request.is_write),
            ):
                if not possible:
                    continue
                # The first time does not wait for chance: each has to have happened.
                if drawn < share or (share and not self.counts[fault]):
                    self.counts[fault] += 1
                    return fault
                drawn -= share
            return None

    def delay(self) -> float:
        """Seconds that a slow answer takes longer."""
        with self.lock:
            return self.random.uniform(0.05, 0.4)

    def spare(self, function: str, more: int) -> None:
        """From here on the function has no trouble, or again (-1): what comes for the third time is to go through."""
        with self.lock:
            self.spared[function] += more

    def kill_after(self, sandbox: str, requests: int, kill: Callable[[], None]) -> None:
        with self.lock:
            self.to_kill[sandbox] = Kill(requests, kill)

    def forget_kill(self, sandbox: str) -> bool:
        """Whether it was still to come."""
        with self.lock:
            return self.to_kill.pop(sandbox, None) is not None

    def after(self, request: Request) -> None:
        """A request was carried out, its answer not sent yet: the moment to die, if it has come."""
        sandbox = request.headers.get("x_amz_security_token", "")
        with self.lock:
            kill = self.to_kill.get(sandbox)
            if kill is None:
                return
            kill.after_requests -= 1
            if kill.after_requests > 0:
                return
            del self.to_kill[sandbox]
            self.kills += 1
        kill.kill()
