"""Who may do what: without a key nothing, with one what its role allows."""

from api.server import ROLES, as_role, operations, problem

OPEN = {"/health", "/health/ready"}
# Whoever has the address of an upload may send it.
SIGNED = {"/v1/uploads/{upload}/content"}
# Operations that need more than a reader.
NEEDS = {
    ("POST", "/v1/datasets/{dataset}/uploads"): "uploader",
    ("GET", "/v1/uploads"): "uploader",
    ("GET", "/v1/uploads/{upload}"): "uploader",
    ("GET", "/v1/uploads/{upload}/events"): "uploader",
    ("GET", "/v1/datasets/{dataset}/quarantine"): "uploader",
    ("PUT", "/v1/datasets/{dataset}/records/{key}"): "operator",
    ("DELETE", "/v1/datasets/{dataset}/records/{key}"): "operator",
    ("POST", "/v1/datasets/{dataset}/refresh"): "operator",
}


def check_access(checks, server):
    """Every operation of the description, as every role; names are of nothing, so that nothing changes."""
    checks.section("API: who may do what")
    described = list(operations(server.description()))
    secured = {(method, path) for method, path, operation in described if operation.get("security")}
    known = {(method, path) for method, path, _ in described if path not in OPEN | SIGNED}
    checks.equal("operations that the description says need a key", secured, known)
    checks.check("operations that need a role are described", [str(it) for it in NEEDS.keys() - known])
    without = [line for one in sorted(known) for line in refuses_strangers(server, *one)]
    checks.check(f"{len(known)} operations refuse without a key, and with a wrong one", without)
    for role in ROLES:
        lines = [line for one in sorted(known) for line in allows(server, role, *one)]
        checks.check(f"a caller with the role {role} may do what that role may, and no more", lines)
    published = server.ask("GET", "/published/catalog.json")
    checks.check("published files refuse without a key", problem(published, 401, "X-Api-Key"))


def refuses_strangers(server, method, path):
    target = of_nothing(path)
    for headers in [{}, {"X-Api-Key": "no key"}, {"X-Api-Key": ""}]:
        answer = server.ask(method, target, headers=headers)
        lines = problem(answer, 401, "")
        if "WWW-Authenticate" not in answer.headers:
            lines.append("no header WWW-Authenticate")
        yield from (f"{method} {path} with {headers}: {line}" for line in lines)


def allows(server, role, method, path):
    """A problem of another kind than the role's shows that the request went through."""
    needs = NEEDS.get((method, path), "reader")
    answer = server.ask(method, of_nothing(path), headers=as_role(role))
    if ROLES.index(role) < ROLES.index(needs):
        return [f"{method} {path}: {line}" for line in problem(answer, 403, needs)]
    if answer.status in (401, 403) or answer.status >= 500:
        return [f"{method} {path}: {answer.status} {answer.body[:300]}"]
    return []


def of_nothing(path):
    return path.replace("{", "no-").replace("}", "")
