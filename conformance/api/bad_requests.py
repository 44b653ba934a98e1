"""Bad requests of every kind: each gets an answer that says what is wrong, and changes nothing."""

import hashlib
import json
import socket
import time
from urllib.parse import quote, urlsplit

from api.server import TIMEOUT_S, UPLOAD_LIMIT, as_role, problem
from api.tokens import HOUR, token, with_role
from lake import connect, table

DAILY = "/v1/datasets/restaurant/marts/daily_revenue"
ITEMS = "/v1/datasets/restaurant/marts/top_items"
RECORDS = "/v1/datasets/restaurant/records/{}?table=orders"
UPLOADS = "/v1/datasets/restaurant/uploads"
REFRESH = "/v1/datasets/restaurant/refresh"
DELTA_LOG = "silver/restaurant/orders/_delta_log/00000000000000000000.json"
ANNOUNCED = "uploads/announced/"
SQL = "x' OR 1=1; DROP TABLE gold.restaurant_daily_revenue; --"
# More than a server reads of a request's head: it answers before there is a request to speak of.
LONGEST_HEAD = 10_000_000

# What is asked for, the status and a word of the answer.
QUESTIONS = [
    ("an unknown dataset", "/v1/datasets/nowhere", 404, "nowhere"),
    ("an unknown mart", "/v1/datasets/restaurant/marts/nothing", 404, "daily_revenue"),
    ("an unknown view", "/v1/datasets/restaurant/views/nothing", 404, "nothing"),
    ("an unknown column", f"{DAILY}?colour=red", 400, "colour"),
    ("an unknown column to select", f"{DAILY}?select=colour", 400, "colour"),
    ("an unknown column to order by", f"{DAILY}?order=colour", 400, "colour"),
    ("an unknown column to group by", f"{DAILY}?group=colour&aggregate=count", 400, "colour"),
    ("an unknown operator", f"{DAILY}?revenue.near=2", 400, "near"),
    ("an operator of texts for a number", f"{DAILY}?orders.contains=2", 400, "contains"),
    ("an unknown aggregate", f"{DAILY}?aggregate=median(revenue)", 400, "median"),
    ("an unknown part of time", f"{DAILY}?group=date.decade&aggregate=count", 400, "decade"),
    ("a text for a number", f"{DAILY}?orders.gte=many", 400, "whole number"),
    ("a text for a day", f"{DAILY}?date=yesterday", 400, "date"),
    ("a number that no column holds", f"{DAILY}?orders={'9' * 30}", 400, "orders"),
    ("SQL for a number", f"{DAILY}?orders={quote(SQL)}", 400, "whole number"),
    ("SQL for a day", f"{DAILY}?date.gte={quote(SQL)}", 400, "date"),
    ("SQL for a column", f"{DAILY}?{quote(SQL)}=1", 400, "no column"),
    ("SQL to select", f"{DAILY}?select={quote('orders FROM gold.x; --')}", 400, "no column"),
    ("SQL to order by", f"{DAILY}?order={quote('1; DROP TABLE x')}", 400, "no column"),
    ("SQL for an aggregate", f"{DAILY}?aggregate={quote('sum(1);--')}", 400, "aggregate"),
    ("no rows", f"{DAILY}?limit=0", 400, "limit"),
    ("too many rows", f"{DAILY}?limit=10001", 400, "limit"),
    ("a cursor that is none", f"{DAILY}?cursor=forged", 400, "cursor"),
    ("an unknown format", f"{DAILY}?format=xml", 400, "format"),
    ("a value of 2 kB", f"{ITEMS}?item={'a' * 2000}", 400, "bytes"),
    ("parameters of 40 kB", f"{ITEMS}?item={'a' * 40_000}", 413, "bytes"),
    ("a path that is no text", "/v1/datasets/%FF", 400, "UTF-8"),
    ("an unknown path", "/v2/datasets", 404, "/docs"),
    ("an unknown upload", "/v1/uploads/0000000000000000", 404, "announced"),
    ("an upload by a path", "/v1/uploads/..%2f..%2fpublished%2fcatalog", 404, "announced"),
    ("too many runs", "/v1/runs?limit=100000", 400, "limit"),
    ("half a run", "/v1/runs?limit=half", 400, "limit"),
]

PATHS = [
    f"/published/../{DELTA_LOG}",
    f"/published/..%2f{DELTA_LOG}",
    f"/published/%2e%2e/{DELTA_LOG}",
    f"/published/%252e%252e/{DELTA_LOG}",
    f"/published/restaurant/../../{DELTA_LOG}",
    f"/published/..%5c{DELTA_LOG}",
    "/published//etc/passwd",
    "/published/%2fetc%2fpasswd",
    "/published/catalog.json%00",
    "/published/restaurant",
    "/../keys.json",
    "/..%2fkeys.json",
    "/%2e%2e/keys.json",
    "/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
]

NAMES = [
    "../a.csv",
    "a/../../b.csv",
    "/etc/a.csv",
    "..\\a.csv",
    "a%2fb.csv",
    "a\0.csv",
    ".csv",
    "a.exe",
    "a" * 200 + ".csv",
    "",
]


def check_bad_requests(checks, server, lake):
    checks.section("API: bad requests")
    before = listing(lake)
    for what, target, status, word in QUESTIONS:
        answer = server.ask("GET", target, headers=as_role("admin"))
        checks.check(f"{what}: {status}", problem(answer, status, word))
    check_sql_as_text(checks, server)
    check_long_head(checks, server)
    check_methods(checks, server)
    check_paths(checks, server)
    check_tokens(checks, server)
    check_bodies(checks, server, lake)
    announced = check_uploads(checks, server)
    checks.check("nothing of the lake has changed, but for what was announced", changes(before, lake, announced))
    checks.check("the server's log tells of no panic", server.faults())


def check_sql_as_text(checks, server):
    """For a text, SQL is a text like any other, which no row has."""
    answer = server.get(f"{ITEMS}?item={quote(SQL)}")
    rows = answer.json().get("rows")
    fine = answer.status == 200 and rows == []
    checks.check("SQL for a text: no rows", [] if fine else [f"{answer.status} {answer.body[:300]}"])


def check_long_head(checks, server):
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        try:
            connection.sendall(f"GET {ITEMS}?item=".encode() + b"a" * LONGEST_HEAD)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It need not be read to its end.
        answer = b"".join(iter(lambda: received(connection), b""))
    status = answer.split()[1:2]
    fine = status in ([b"414"], [b"431"]) and b"application/problem+json" in answer and b"send less" in answer
    checks.check("parameters of 10 MB: 414 or 431", [] if fine else [answer[:300].decode(errors="replace")])
    checks.equal("the server answers still", server.ask("GET", "/health").status, 200)


def received(connection):
    """What comes next; nothing at the end, also where it was not read to its end."""
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def check_methods(checks, server):
    for method, target in [
        ("DELETE", "/v1/datasets"),
        ("POST", DAILY),
        ("PATCH", RECORDS.format(1)),
        ("PUT", "/published/catalog.json"),
        ("DELETE", "/published/restaurant/daily_revenue/latest.json"),
    ]:
        answer = server.ask(method, target, headers=as_role("admin"))
        checks.check(f"{method} {target}: 405", problem(answer, 405, "methods"))


def check_paths(checks, server):
    answer = server.ask("POST", "/nothing", headers=as_role("admin"))
    checks.check("POST /nothing: 404", problem(answer, 404, "/nothing"))
    for target in PATHS:
        answer = server.ask("GET", target, headers=as_role("admin"))
        checks.check(f"{target}: 404", problem(answer, 404, ""))


def check_tokens(checks, server):
    """The good ones first: the others are refused for what is said, and for nothing else."""
    good = token()
    answer = server.ask("GET", "/v1/datasets", headers=bearer(good))
    checks.equal("a good token", answer.status, 200)
    for what, wrong, word in [
        ("an expired token", token(exp=int(time.time()) - HOUR), "expired"),
        ("a token without an end", token(exp=None), "expires"),
        ("a token of tomorrow", token(nbf=int(time.time()) + 24 * HOUR), "not valid yet"),
        ("a token with another secret", token(secret="another secret, and just as long"), "signature"),
        ("a token with another role than was signed", with_role(good, "admin"), "signature"),
        ("a token without a signature", token(algorithm="none"), "token"),
        ("a token of another issuer", token(iss="https://elsewhere.example"), "issuer"),
        ("a token for another audience", token(aud="elsewhere"), "audience"),
        ("a token without a role", token(roles=[]), "role"),
        ("a token that is none", "forged", "token"),
    ]:
        answer = server.ask("GET", "/v1/datasets", headers=bearer(wrong))
        checks.check(f"{what}: 401", problem(answer, 401, word))
    both = {**bearer(good), **as_role("reader")}
    answer = server.ask("GET", "/v1/datasets", headers=both)
    checks.check("a token and a key: 401", problem(answer, 401, "one of them"))
    basic = {"Authorization": "Basic YTpi"}
    checks.check("a password: 401", problem(server.ask("GET", "/v1/datasets", headers=basic), 401, "Bearer"))
    for role, method, target in [
        ("reader", "POST", UPLOADS),
        ("uploader", "POST", REFRESH),
        ("uploader", "DELETE", RECORDS.format(1)),
    ]:
        answer = server.ask(method, target, headers=bearer(token(role)))
        checks.check(f"a token with the role {role}, {method} {target}: 403", problem(answer, 403, role))


def check_bodies(checks, server, lake):
    orders = table(lake, "silver", "restaurant", "orders")
    [key] = connect().execute(f"SELECT min(order_id) FROM {orders}").fetchone()
    record = RECORDS.format(key)
    for what, method, target, body, status, word in [
        ("no JSON", "POST", REFRESH, "mode=full", 400, "JSON"),
        ("an unknown mode", "POST", REFRESH, '{"mode": "all"}', 400, "mode"),
        ("an unknown field", "POST", REFRESH, '{"force": true}', 400, "force"),
        ("a body of 2 MB", "PUT", record, json.dumps({"values": {"status": "a" * 2_000_000}}), 413, ""),
        ("a body that nests", "PUT", record, '{"values": ' + "[" * 100_000, 400, ""),
        ("no values", "PUT", record, '{"values": {}}', 400, "values"),
        ("a value that is an object", "PUT", record, '{"values": {"status": {}}}', 400, "status"),
        ("a column that there is not", "PUT", record, '{"values": {"colour": "red"}}', 400, "colour"),
        ("SQL for a column", "PUT", record, json.dumps({"values": {SQL: "1"}}), 400, ""),
        ("an unknown model", "POST", "/v1/models/nothing/predict", '{"rows": []}', 404, "nothing"),
        (
            "too many rows for a model",
            "POST",
            "/v1/models/high_payments/predict",
            json.dumps({"rows": [{"vendor": "a"}] * 1001}),
            413,
            "1000",
        ),
    ]:
        headers = {**as_role("admin"), "Content-Type": "application/json"}
        answer = server.ask(method, target, body, headers)
        checks.check(f"{method} {target}, {what}: {status}", problem(answer, status, word))
    answer = server.ask("POST", REFRESH, "{}", {**as_role("admin"), "Content-Type": "text/plain"})
    checks.check(f"POST {REFRESH}, another type: 415", problem(answer, 415, "application/json"))
    for method, body in [("PUT", '{"values": {"status": "SERVED"}}'), ("DELETE", None)]:
        headers = {**as_role("admin"), "Content-Type": "application/json"}
        target = RECORDS.format(999_999_999)
        answer = server.ask(method, target, body, headers)
        checks.check(f"{method} {target}, a row that there is not: 404", problem(answer, 404, ""))


def check_uploads(checks, server):
    """Returns the ids of what was announced."""
    for name in NAMES:
        answer = announce(server, name, 10)
        shown = name if len(name) < 30 else f"{name[:20]}…"
        checks.check(f"the file name {shown!r}: 400", problem(answer, 400, "file_name"))
    answer = announce(server, "a.csv", UPLOAD_LIMIT + 1)
    checks.check("an upload larger than allowed: 413", problem(answer, 413, str(UPLOAD_LIMIT)))
    for size in (0, -1):
        answer = announce(server, "a.csv", size)
        checks.check(f"an upload of {size} bytes: 400", problem(answer, 400, "bytes"))
    answer = announce(server, "a.csv", 10, table="nothing")
    checks.check("an upload to an unknown table: 404", problem(answer, 404, "order_items"))
    announced = []

    def target():
        answer = announce(server, "a.csv", 10).json()
        announced.append(answer["upload"])
        return answer["url"]

    csv = {"Content-Type": "text/csv"}
    for what, body, headers, status, word in [
        ("more bytes than announced", b"a" * 11, csv, 413, "10 bytes announced"),
        ("many more bytes", b"a" * 5_000_000, csv, 413, "10 bytes announced"),
        ("fewer bytes than announced", b"a" * 9, csv, 400, "9 bytes came"),
        ("no bytes", b"", csv, 400, "0 bytes came"),
        ("more bytes, in pieces", [b"a" * 6, b"a" * 5], csv, 413, "10 bytes announced"),
        ("fewer bytes, in pieces", [b"a" * 4, b"a" * 5], csv, 400, "9 bytes came"),
        ("another type than announced", b"a" * 10, {"Content-Type": "text/html"}, 415, "text/csv"),
        ("no type", b"a" * 10, {}, 415, "text/csv"),
    ]:
        answer = server.ask("PUT", target(), body, headers)
        checks.check(f"an upload with {what}: {status}", problem(answer, status, word))
    break_off(server, target())
    state = server.ask("GET", f"/v1/uploads/{announced[-1]}", headers=as_role("uploader")).json()
    checks.equal("an upload that broke off is awaited still", state["stage"], "awaited")
    answer = server.ask("PUT", "/v1/uploads/0000000000000000/content", b"a" * 10, csv)
    checks.check("an upload that nobody announced: 404", problem(answer, 404, "announced"))
    return announced


def announce(server, name, size, table="orders"):
    body = json.dumps({"table": table, "file_name": name, "bytes": size})
    headers = {**as_role("uploader"), "Content-Type": "application/json"}
    return server.ask("POST", UPLOADS, body, headers)


def break_off(server, target):
    """Sends half of an upload, and goes away."""
    with socket.create_connection(address(server), timeout=TIMEOUT_S) as connection:
        head = f"PUT {target} HTTP/1.1\r\nHost: {urlsplit(server.address).netloc}\r\n"
        connection.sendall(f"{head}Content-Type: text/csv\r\nContent-Length: 10\r\n\r\nhalf!".encode())
        time.sleep(0.2)
    # The server sees to it as soon as it notices.
    time.sleep(0.5)


def address(server):
    parts = urlsplit(server.address)
    return parts.hostname, parts.port


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def listing(lake):
    """Every file of a lake, with the hash of what it holds."""
    files = (path for path in lake.rglob("*") if path.is_file())
    return {str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def changes(before, lake, announced):
    """What is not as it was, as lines of text."""
    after = listing(lake)
    expected = {f"{ANNOUNCED}{upload}.json" for upload in announced}
    lines = [f"new: {path}" for path in sorted(after.keys() - before.keys() - expected)]
    lines += [f"gone: {path}" for path in sorted(before.keys() - after.keys())]
    lines += [f"not announced: {path}" for path in sorted(expected - after.keys())]
    lines += [f"changed: {path}" for path in sorted(before) if after.get(path, before[path]) != before[path]]
    return lines
