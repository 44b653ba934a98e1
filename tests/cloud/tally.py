"""Who asked for what: every request of a function to S3 and to other services, counted and by top-level folder."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

KINDS = ("reads", "writes", "deletes", "lists")


@dataclass(frozen=True)
class Request:
    """A request to S3, path-style."""

    method: str
    bucket: str
    key: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, environ: dict, body: bytes) -> "Request":
        # What the server hands over is decoded once already, as Latin-1.
        path = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
        bucket, _, key = unquote(path.partition("?")[0]).lstrip("/").partition("/")
        headers = {name[5:].lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        return cls(environ["REQUEST_METHOD"], bucket, key, query, headers, body)

    @property
    def is_conditional(self) -> bool:
        return "if_none_match" in self.headers or "if_match" in self.headers

    @property
    def is_write(self) -> bool:
        return any(kind == "writes" for kind, _ in self.touches())

    def touches(self) -> list[tuple[str, str]]:
        """What it does to which key, as rights are given: reads, writes, deletes, lists."""
        if not self.key and self.method == "POST" and "delete" in self.query:
            return [("deletes", key) for key in keys_of_deletion(self.body)]
        if not self.key:
            return [("lists", self.query.get("prefix", [""])[0])]
        # Giving up an upload in parts needs the right to write.
        if self.method in ("PUT", "POST") or (self.method == "DELETE" and "uploadId" in self.query):
            return [("writes", self.key)]
        return [("deletes" if self.method == "DELETE" else "reads", self.key)]

    @property
    def price_class(self) -> str:
        """A costs more than B; deleting costs nothing."""
        kind = self.touches()[0][0] if self.touches() else "deletes"
        return {"reads": "b", "writes": "a", "lists": "a", "deletes": "free"}[kind]


def keys_of_deletion(body: bytes) -> list[str]:
    keys = [element.text or "" for element in ElementTree.fromstring(body).iter() if element.tag.endswith("Key")]
    return keys or [""]


def folder(key: str) -> str:
    return key.partition("/")[0]


class Tally:
    """What functions asked for, by function. Of one cloud, from any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.touched: dict[str, dict[str, set[str]]] = defaultdict(lambda: {kind: set() for kind in KINDS})
        # Where a right was used first, for whoever has to find out why.
        self.examples: dict[tuple[str, str, str], str] = {}
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.services: dict[str, Counter[str]] = defaultdict(Counter)

    def note(self, function: str, request: Request) -> None:
        with self.lock:
            self.counts[function][f"s3_{request.price_class}"] += 1
            self.counts[function]["s3_bytes_in"] += len(request.body)
            for kind, key in request.touches():
                self.touched[function][kind].add(folder(key))
                self.examples.setdefault((function, kind, folder(key)), f"{request.method} {key or '/'}")

    def note_answer(self, function: str, size: int) -> None:
        with self.lock:
            self.counts[function]["s3_bytes_out"] += size

    def note_service(self, function: str, service: str) -> None:
        with self.lock:
            self.services[function][service] += 1
