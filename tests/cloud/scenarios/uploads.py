"""Files come as an application sends them: announced, sent to an address that is signed for them, and watched."""

import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .. import told
from ..caller import Caller
from ..checks import Checks
from ..cloud import PATIENCE_SECONDS, Cloud
from ..credentials import KEY, bearer
from ..purchases import RAGGED_LINES, UNREADABLE_AMOUNTS, Purchases, as_file
from ..state import dead

# In a name that URLs write otherwise.
FILE_NAME = "Einkäufe (1).csv"
STAGES = ["awaited", "waiting", "reading", "bronze", "silver", "gold", "published"]
SIGNED = "content-length;content-type;host;if-none-match"
LOOK_EVERY_SECONDS = 0.1


def run(checks: Checks, cloud: Cloud, bought: Purchases) -> None:
    checks.section("Uploads: announced, sent to a signed address, watched until they are published")
    caller = Caller(cloud, bearer("uploader"))
    content = as_file(bought)
    announced = announce(checks, caller, FILE_NAME, content)
    send(checks, cloud, announced, content)
    follow(checks, caller, announced, content, len(bought))
    cloud.settle()
    checks.equal("messages are left in no queue of dead letters", dead(cloud), {})
    checks.equal("nobody is told of an upload that went well", told.summary(told.messages(cloud)), [])
    refuse(checks, cloud, Caller(cloud, {"x-api-key": KEY}))


def announce(checks: Checks, caller: Caller, name: str, content: bytes) -> dict[str, Any]:
    answer = caller.ask("POST", "/v1/datasets/office/uploads", {"file_name": name, "bytes": len(content)})
    checks.equal(f"{name} is announced", (answer.status, answer.headers.get("location")), (201, answer.json["watch"]))
    announced = answer.json
    query = parse_qs(urlsplit(announced["url"]).query)
    what = "its address is signed for one size and one type, where nothing lies yet"
    checks.equal(what, query["X-Amz-SignedHeaders"], [SIGNED])
    checks.equal("until then it is awaited", look(caller, announced)["stage"], "awaited")
    checks.equal("as its events say", event(caller, announced), ("progress", look(caller, announced)))
    return announced


def send(checks: Checks, cloud: Cloud, announced: dict[str, Any], content: bytes) -> None:
    """First what the address is not for, then the file, and then the file once more."""
    url, headers = announced["url"], announced["headers"]
    other_type = {**headers, "content-type": "text/plain"}
    unconditional = {name: value for name, value in headers.items() if name != "if-none-match"}
    elsewhere = url.replace("/landing/", "/bronze/")
    refused = {
        "another size": put(url, headers, content + b"\n"),
        "another type": put(url, other_type, content),
        "in place of whatever lies there": put(url, unconditional, content),
        "another place": put(elsewhere, headers, content),
    }
    checks.equal("it takes nothing else", refused, dict.fromkeys(refused, 403))
    checks.equal("of which nothing lands", sorted(cloud.objects("landing/") | cloud.objects("bronze/")), [])
    checks.equal("it takes the file", request(announced["method"], url, headers, content), 200)
    checks.equal("once", put(url, headers, content), 412)
    [key] = cloud.objects("landing/office/purchases/")
    checks.equal("which lands whole, under a name of its own", (cloud.read(key), key.endswith(f"-{FILE_NAME}")),
                 (content, True))


def put(url: str, headers: dict[str, str], content: bytes) -> int:
    return request("PUT", url, headers, content)


def request(method: str, url: str, headers: dict[str, str], content: bytes) -> int:
    """The status of a plain request: no client of AWS, no credentials."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, content, headers, method=method)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def follow(checks: Checks, caller: Caller, announced: dict[str, Any], content: bytes, kept: int) -> None:
    """Watches the upload until it is done."""
    stages = watch(caller, announced)
    done = look(caller, announced)
    order = [STAGES.index(stage) for stage in stages]
    checks.check(f"it goes from {stages[0]} to published and never back",
                 [] if order == sorted(order) and stages[-1] == "published" else [f"{stages}: {done}"])
    counts = {name: done[name] for name in ("bytes", "bytes_done", "rows", "rows_malformed", "rows_refused", "problem")}
    refused = UNREADABLE_AMOUNTS + RAGGED_LINES
    checks.equal("with all its rows, and those that were refused", counts, {
        "bytes": len(content), "bytes_done": len(content), "rows": kept + refused, "rows_malformed": RAGGED_LINES,
        "rows_refused": refused, "problem": None,
    })
    checks.equal("its last event says the same", event(caller, announced), ("done", done))
    rows = caller.get("/v1/datasets/office/quarantine")["rows"]
    checks.equal("as does quarantine", len(rows), refused)
    listed = {it["upload"]: it for it in caller.get("/v1/uploads?dataset=office")["uploads"]}
    checks.equal("as does the list of uploads", listed, {done["upload"]: done})


def watch(caller: Caller, announced: dict[str, Any]) -> list[str]:
    """The stages that are seen until nothing more happens to the upload."""
    until, stages = time.monotonic() + PATIENCE_SECONDS, []
    while time.monotonic() < until:
        now = look(caller, announced)
        if now["stage"] not in stages[-1:]:
            stages.append(now["stage"])
        if now["is_done"]:
            return stages
        time.sleep(LOOK_EVERY_SECONDS)
    raise TimeoutError(f"an upload is not done: {stages}")


def look(caller: Caller, announced: dict[str, Any]) -> dict[str, Any]:
    return caller.get(announced["watch"])


def event(caller: Caller, announced: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The one server-sent event that `api` answers: its name, and what it says."""
    answer = caller.ask("GET", announced["events"])
    if (answer.status, answer.headers.get("content-type")) != (200, "text/event-stream"):
        raise RuntimeError(f"api answers {answer.status} to {announced['events']}: {answer.text}")
    fields = dict(line.split(": ", 1) for line in answer.text.strip().splitlines())
    return fields["event"], json.loads(fields["data"])


def refuse(checks: Checks, cloud: Cloud, caller: Caller) -> None:
    """A file of something else, sent by a machine with a key."""
    content = b"colour,shape\nred,round\n"
    answer = caller.ask("POST", "/v1/datasets/office/uploads", {"file_name": "stock.csv", "bytes": len(content)})
    announced = answer.json
    checks.equal("a file of something else is taken as well", put(announced["url"], announced["headers"], content), 200)
    watch(caller, announced)
    done = look(caller, announced)
    checks.equal("and refused as a whole", (done["stage"], done["rows_refused"]), ("refused", None))
    checks.check("with what is wrong with it", [] if "colour" in (done["problem"] or "") else [f"{done}"])
    cloud.settle()
    checks.equal("which is told", told.summary(told.messages(cloud)), [("refused", "office")])
