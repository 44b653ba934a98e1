"""A process that runs a function, as one of Lambda's sandboxes does."""

import os
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .runtime_api import Answer, Invocation, RuntimeApi

INIT_SECONDS = 60


@dataclass
class Result:
    """What came of an invocation, and what it would be billed for."""

    request_id: str
    answer: Answer
    milliseconds: int
    # None where the sandbox was there already.
    init_ms: float | None = None
    is_dead: bool = False

    @property
    def error(self) -> dict[str, Any] | None:
        return self.answer.error


@dataclass
class Sandbox:
    """One process, and the mailbox by which it is invoked."""

    function: str
    binary: Path
    environment: dict[str, str]
    memory: int
    api: RuntimeApi
    scratch: Path
    take_line: Callable[[str, bytes], None]
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    process: subprocess.Popen | None = None

    def start(self) -> float:
        """Starts the process; returns the milliseconds until it asks for its first event."""
        self.mailbox, address = self.api.open(self.id)
        temporary = self.scratch / f"{self.function}-{self.id}"
        temporary.mkdir(parents=True)
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [self.binary],
            env={
                **self.environment,
                "AWS_LAMBDA_RUNTIME_API": address,
                "AWS_LAMBDA_FUNCTION_NAME": self.function,
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
                "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.function}",
                "AWS_LAMBDA_LOG_STREAM_NAME": self.id,
                "AWS_SESSION_TOKEN": self.id,
                "TMPDIR": str(temporary),
                "PATH": os.environ["PATH"],
            },
            cwd=self.binary.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.reader = threading.Thread(target=self.read, name=f"log of {self.id}", daemon=True)
        self.reader.start()
        self.mailbox.asked.wait(INIT_SECONDS)
        return (time.perf_counter() - started) * 1000

    def read(self) -> None:
        """Passes on what the process says, and says when it ends."""
        with self.process.stdout as said:
            for line in said:
                self.take_line(self.function, line.rstrip(b"\n"))
        self.process.wait()
        self.mailbox.close()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None and not self.mailbox.is_closed

    def invoke(self, event: Any, timeout: float, arn: str) -> Result:
        """Hands an event over and waits; when the time is over the process is killed, as Lambda does."""
        request_id = str(uuid.uuid4())
        deadline = int((time.time() + timeout) * 1000)
        trace = f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=1"
        started = time.perf_counter()
        self.mailbox.put(Invocation(request_id, deadline, arn, trace, event))
        answer = self.mailbox.wait(timeout)
        milliseconds = -int(-(time.perf_counter() - started) * 1000 // 1)
        if answer is None:
            ended = self.process.poll() is not None
            error = {"errorType": "Runtime.ExitError" if ended else "Sandbox.Timedout"}
            self.kill()
            return Result(request_id, Answer(error=error), milliseconds, is_dead=True)
        return Result(request_id, answer, milliseconds)

    def peak_memory_mb(self) -> float:
        """The most memory that it had at once; 0 if it has gone."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0.0
        kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(kilobytes[0]) / 1024 if kilobytes else 0.0

    def kill(self) -> None:
        """As nobody expects it: kill -9."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        if self.process is None:
            return
        self.kill()
        self.mailbox.close()
        self.reader.join(10)
