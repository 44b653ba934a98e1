"""S3, SQS, SNS, Scheduler and Secrets Manager on a free loopback port: moto, with a gate before it.

Each function has an access key of its own, `smelt-<function>`, and each sandbox a session token; so the gate knows
who asks, or who signed the address that somebody asks at. It notes what is asked for and lets trouble happen, per
bucket.
"""

import logging
import re
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import unquote

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tools.moto_writes import write_one_at_a_time

from .presigned import is_presigned, refused
from .tally import Request, Tally, folder
from .terraform import Declared
from .trouble import Fault, Trouble

REGION = "eu-central-1"
KEY_PREFIX = "smelt-"
DENIED = ("403 Forbidden", "AccessDenied")
STATUS = {Fault.BUSY: ("503 Slow Down", "SlowDown"), Fault.CONFLICT: ("409 Conflict", "ConditionalRequestConflict")}


class Gate:
    """What every request passes on its way to moto."""

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.tallies: dict[str, Tally] = {}
        self.troubles: dict[str, Trouble] = {}
        self.declared: dict[str, Declared] = {}

    def watch(self, bucket: str, tally: Tally, trouble: Trouble, declared: dict[str, Declared]) -> None:
        self.tallies[bucket], self.troubles[bucket], self.declared = tally, trouble, declared

    def __call__(self, environ: dict, start_response) -> Iterable[bytes]:
        function, service = asker(environ.get("HTTP_AUTHORIZATION") or unquote(environ.get("QUERY_STRING", "")))
        if not function.startswith(KEY_PREFIX):
            return self.moto(environ, start_response)
        cloud, _, function = function.removeprefix(KEY_PREFIX).partition("-")
        if service != "s3":
            for bucket, tally in self.tallies.items():
                if bucket == f"smelt-{cloud}":
                    tally.note_service(function, service)
            return self.moto(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if is_presigned(environ) and (code := refused(environ, datetime.now(UTC))):
            return refusal(start_response, DENIED[0], code)
        request = Request.of(environ, body)
        tally, trouble = self.tallies[request.bucket], self.troubles[request.bucket]
        tally.note(function, request)
        # What was asked for without a right is noted as well: the run fails by it at its end.
        if not all(self.declared[function].may(kind, folder(key)) for kind, key in request.touches()):
            return refusal(start_response, *DENIED)
        fault = trouble.fault(function, request)
        if fault in STATUS:
            return refusal(start_response, *STATUS[fault])
        if fault is Fault.SLOW:
            time.sleep(trouble.delay())
        answer = list(self.moto(environ, start_response))
        tally.note_answer(function, 0 if request.method == "HEAD" else sum(map(len, answer)))
        trouble.after(request)
        if fault is Fault.LOST:
            # The server sends nothing on a connection that is said to be broken.
            raise ConnectionAbortedError("the answer is lost")
        return answer


def asker(signed: str) -> tuple[str, str]:
    """Access key and service of a signed request, by its header or its query."""
    found = re.search(r"Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/", signed)
    return (found.group(1), found.group(2)) if found else ("", "")


def refusal(start_response, status: str, code: str) -> list[bytes]:
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


class Handler(WSGIRequestHandler):
    """Connections are kept, as AWS keeps them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def connection_dropped(self, error: BaseException, environ: dict | None = None) -> None:
        self.close_connection = True


class Server:
    """The server, as a thread of this process: it ends with it."""

    def __init__(self) -> None:
        write_one_at_a_time()
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self.gate = Gate()
        self.server = make_server("127.0.0.1", 0, self.gate, threaded=True, request_handler=Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), name="aws", daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
