"""The API by which Lambda's runtime asks for events and answers, for all sandboxes: each has a path of its own."""

import json
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = "2018-06-01"


@dataclass
class Invocation:
    """What a sandbox is handed."""

    request_id: str
    deadline_ms: int
    function_arn: str
    trace: str
    event: Any


@dataclass
class Answer:
    """What came of an invocation: `error` is what the function said, or how its sandbox ended."""

    payload: Any = None
    error: dict[str, Any] | None = None


class Mailbox:
    """Between one sandbox and whoever invokes it. One invocation at a time."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.waiting: Invocation | None = None
        self.handed_out: str | None = None
        self.answer: Answer | None = None
        self.asked = threading.Event()
        self.is_closed = False

    def next(self) -> Invocation | None:
        """The next invocation; `None` when the sandbox has gone."""
        self.asked.set()
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.is_closed)
            invocation, self.waiting = self.waiting, None
            self.handed_out = invocation.request_id if invocation else None
            return invocation

    def put(self, invocation: Invocation) -> None:
        with self.changed:
            if self.waiting or self.handed_out:
                raise RuntimeError("a sandbox works on one invocation at a time")
            self.waiting, self.answer = invocation, None
            self.changed.notify_all()

    def take(self, request_id: str, answer: Answer) -> bool:
        """Takes an answer; one to something else than what was handed out is none."""
        with self.changed:
            if self.handed_out != request_id:
                return False
            self.handed_out, self.answer = None, answer
            self.changed.notify_all()
            return True

    def wait(self, seconds: float) -> Answer | None:
        """The answer; `None` when the time is over or the sandbox has gone."""
        with self.changed:
            self.changed.wait_for(lambda: self.answer or self.is_closed, seconds)
            return self.answer

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.asked.set()
            self.changed.notify_all()


class RuntimeApi:
    """The server."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        api = self

        class Handler(RuntimeHandler):
            mailboxes = api.mailboxes

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), name="runtime api", daemon=True).start()

    def open(self, sandbox: str) -> tuple[Mailbox, str]:
        """A mailbox, and what AWS_LAMBDA_RUNTIME_API is for its sandbox."""
        mailbox = self.mailboxes[sandbox] = Mailbox()
        # A path is only understood behind a scheme.
        return mailbox, f"http://127.0.0.1:{self.server.server_port}/{sandbox}"

    def close(self) -> None:
        for mailbox in self.mailboxes.values():
            mailbox.close()
        self.server.shutdown()
        self.server.server_close()


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sandbox that was killed breaks its connection off; anything else is an error here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class RuntimeHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mailboxes: dict[str, Mailbox]

    def do_GET(self) -> None:
        match self.parts():
            case (Mailbox() as mailbox, "invocation", "next"):
                invocation = mailbox.next()
                if invocation is None:
                    self.close_connection = True
                    return
                self.reply(200, invocation.event, {
                    "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                    "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                    "Lambda-Runtime-Trace-Id": invocation.trace,
                })
            case _:
                self.reply(404, {"errorMessage": "no such path"})

    def do_POST(self) -> None:
        body = self.body()
        content = json.loads(body) if body else None
        match self.parts():
            case (Mailbox() as mailbox, "invocation", request_id, "response"):
                self.accepted(mailbox.take(request_id, Answer(payload=content)))
            case (Mailbox() as mailbox, "invocation", request_id, "error"):
                self.accepted(mailbox.take(request_id, Answer(error=content or {})))
            case (Mailbox(), "init", "error"):
                # Whoever cannot start says why in its log, and exits.
                self.accepted(True)
            case _:
                self.reply(404, {"errorMessage": "no such path"})

    def parts(self) -> tuple[Any, ...]:
        sandbox, version, runtime, *rest = [*self.path.strip("/").split("/"), "", "", ""]
        mailbox = self.mailboxes.get(sandbox)
        if mailbox is None or (version, runtime) != (VERSION, "runtime"):
            return ()
        return (mailbox, *[part for part in rest if part])

    def body(self) -> bytes:
        """With its length, or in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def accepted(self, is_accepted: bool) -> None:
        if is_accepted:
            self.reply(202, {"status": "OK"})
        else:
            self.reply(400, {"errorType": "InvalidRequestID", "errorMessage": "no such invocation"})

    def reply(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            # Killed in between: whoever waits is told by the end of its process.
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
