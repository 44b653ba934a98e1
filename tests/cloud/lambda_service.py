"""Stands in for Lambda: each function with its sandboxes, which are started when they are needed."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .logs import LogBook
from .runtime_api import RuntimeApi
from .sandbox import Result, Sandbox
from .terraform import Declared

ACCOUNT = "123456789012"
RETRIES = 2


@dataclass
class Bill:
    """What invocations of a function add up to."""

    counts: Counter[str] = field(default_factory=Counter)
    init_ms: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    def add(self, result: Result) -> None:
        self.counts["invocations"] += 1
        self.counts["billed_ms"] += result.milliseconds + int(-(-(result.init_ms or 0.0) // 1))
        self.counts["errors"] += result.error is not None
        if result.init_ms is not None:
            self.init_ms.append(result.init_ms)


@dataclass
class Function:
    """A function as it was deployed."""

    declared: Declared
    binary: Path
    environment: dict[str, str]
    api: RuntimeApi
    scratch: Path
    logs: LogBook
    timeout: float

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[Sandbox] = []
        self.all: list[Sandbox] = []
        self.bill = Bill()

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.environment['AWS_REGION']}:{ACCOUNT}:function:{self.name}:live"

    def invoke(self, event: Any, prepare: Callable[[Sandbox], None] = lambda _: None) -> Result:
        """Invokes it in a sandbox that is free, or a new one. `prepare` sees the sandbox before it starts to work."""
        sandbox, init_ms = self.acquire()
        prepare(sandbox)
        result = sandbox.invoke(event, self.timeout, self.arn)
        result.init_ms = init_ms
        self.release(sandbox, result)
        return result

    def invoke_and_forget(self, event: Any, prepare: Callable[[Sandbox], None] = lambda _: None) -> Result:
        """As the scheduler does: what fails is tried twice more. `prepare` sees the first sandbox only."""
        for attempt in range(RETRIES + 1):
            result = self.invoke(event) if attempt else self.invoke(event, prepare)
            if result.error is None:
                break
        return result

    def acquire(self) -> tuple[Sandbox, float | None]:
        with self.lock:
            while self.idle:
                sandbox = self.idle.pop()
                if sandbox.is_alive:
                    return sandbox, None
            sandbox = Sandbox(
                self.name, self.binary, self.environment, self.declared.memory, self.api, self.scratch, self.logs.take
            )
            self.all.append(sandbox)
        return sandbox, sandbox.start()

    def release(self, sandbox: Sandbox, result: Result) -> None:
        peak = sandbox.peak_memory_mb()
        with self.lock:
            self.bill.peak_mb = max(self.bill.peak_mb, peak)
            self.bill.add(result)
            if not result.is_dead:
                self.idle.append(sandbox)

    def end(self) -> None:
        for sandbox in self.all:
            sandbox.end()
