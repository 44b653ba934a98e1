"""`smelt serve` on a lake, and requests to it exactly as they are written."""

import hashlib
import http.client
import json
import re
import subprocess
from dataclasses import dataclass
from urllib.parse import urlsplit

from lake import SmeltFailed

TIMEOUT_S = 60
UPLOAD_MB = 1
UPLOAD_LIMIT = UPLOAD_MB * 1024 * 1024
ROLES = ["reader", "uploader", "operator", "admin"]
ISSUER = "https://issuer.example"
AUDIENCE = "smelt"
SECRET = "a secret of the conformance tests only"
PROBLEM = "application/problem+json"


@dataclass
class Answer:
    """An answer over HTTP."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def kind(self):
        return self.headers.get_content_type()


def key_of(role):
    """The API key of a caller with that role."""
    return f"the key of a {role}"


def as_role(role):
    """The headers of a caller with that role."""
    return {"X-Api-Key": key_of(role)}


class Server:
    """`smelt serve` on a lake, which only callers with a key or a token may ask; ends with the block."""

    def __init__(self, smelt, scratch):
        settings = scratch / f"settings of {smelt.lake.name}"
        settings.mkdir()
        keys = [
            {"name": role, "role": role, "sha256": hashlib.sha256(key_of(role).encode()).hexdigest()}
            for role in ROLES
        ]
        (settings / "keys.json").write_text(json.dumps(keys))
        (settings / "secret").write_text(SECRET)
        # Any page will do; published files are served beside one only.
        dashboard = settings / "dashboard"
        dashboard.mkdir()
        (dashboard / "index.html").write_text("<!doctype html><title>page</title>")
        arguments = ["serve", "--port", "0", "--dashboard", dashboard]
        arguments += ["--upload-mb", UPLOAD_MB, "--api-keys", settings / "keys.json"]
        arguments += ["--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE]
        arguments += ["--jwt-secret", settings / "secret"]
        self.command = [str(part) for part in [*smelt.command, *arguments]]
        self.environment = smelt.environment
        self.log = settings / "log"

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment
            )
        for line in self.process.stdout:
            if found := re.match(r"API\s+(http://\S+)/docs", line):
                self.address = found[1]
                return self
        self.__exit__()
        raise SmeltFailed(f"smelt serve did not start:\n{self.log.read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, method, target, body=None, headers=()):
        """Sends a request with this target, dots and all."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=TIMEOUT_S)
        try:
            try:
                connection.request(method, target, body, dict(headers))
            except (BrokenPipeError, ConnectionResetError):
                pass  # Who sends too much is answered before the end.
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, target, **headers):
        """Asks as a reader."""
        return self.ask("GET", target, headers={**as_role("reader"), **headers})

    def description(self):
        """What the server says of itself (OpenAPI)."""
        return self.ask("GET", "/openapi.json").json()

    def faults(self):
        """Lines of the log that tell of something that must not happen."""
        return [line for line in self.log.read_text().splitlines() if "panicked" in line]


def operations(description):
    """Each operation: its method, its path as described, and what is said of it."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def problem(answer, status, word):
    """Lines of text unless an answer is a problem with that status whose detail has the word."""
    said = f"{answer.status} {answer.kind} {answer.body[:300].decode(errors='replace')}"
    if answer.status != status or answer.kind != PROBLEM:
        return [f"not a problem with {status}: {said}"]
    told = answer.json()
    missing = {"title", "status", "detail", "request_id"} - told.keys()
    if missing or told["status"] != status or word not in told["detail"]:
        return [f"not {status} with `{word}`: {said}"]
    return []
