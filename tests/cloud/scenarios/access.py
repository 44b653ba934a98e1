"""Who may ask `api` what: by the role of a token or a key, and nobody by one that is not good."""

import time

from ..caller import Answer, Caller
from ..checks import Checks
from ..cloud import Cloud
from ..credentials import KEY, KEY_ROLE, ROLES, bearer

UPLOAD = ("POST", "/v1/datasets/office/uploads", {"file_name": "a.csv", "bytes": 10})
CORRECTION = ("PUT", "/v1/datasets/office/records/2026-01-01,pens", {"values": {"vendor": "Bean"}})
# Each request, the role that it needs, and what it is answered to those who may: nothing has landed yet.
REQUESTS = [
    (("GET", "/v1/datasets"), "reader", 200),
    (("GET", "/v1/status"), "reader", 200),
    (("GET", "/v1/models"), "reader", 200),
    (("POST", "/v1/models/nobody/predict", {"rows": []}), "reader", 404),
    (UPLOAD, "uploader", 201),
    (("GET", "/v1/uploads/0123456789abcdef"), "uploader", 404),
    (("GET", "/v1/datasets/office/quarantine"), "uploader", 200),
    (CORRECTION, "operator", 404),
    (("DELETE", "/v1/datasets/office/records/2026-01-01,pens"), "operator", 404),
    (("POST", "/v1/datasets/office/refresh", {"mode": "incremental"}), "operator", 202),
]
OPEN = ("/health", "/health/ready", "/openapi.json")


def run(checks: Checks, cloud: Cloud) -> None:
    checks.section("Access: tokens of every role, a key, and credentials that are not good")
    nobody = Caller(cloud)
    checks.equal("health and description are for everybody", [nobody.ask("GET", it).status for it in OPEN], [200] * 3)
    refused = [*refused_credentials(cloud), *refused_roles(cloud)]
    checks.check("who cannot show who he is gets 401, who may not gets 403, and each is told why", refused)
    checks.check("who is refused changes nothing", [f"{key} was written" for key in cloud.objects()])
    checks.check(f"each of {len(REQUESTS)} requests is for its role and those above", wrong_by_role(cloud))
    by_key = Caller(cloud, {"x-api-key": KEY})
    statuses = [by_key.ask(*request).status for request in (UPLOAD, CORRECTION)]
    checks.equal(f"a key is good for its role, {KEY_ROLE}", statuses, [201, 403])
    cloud.settle()


def refused_credentials(cloud: Cloud) -> list[str]:
    """Credentials of nobody, each with a word of the challenge that says what is wrong with it."""
    past = int(time.time()) - 3600
    shown = {
        "none at all": ({}, 'Bearer realm="smelt", ApiKey realm="smelt"'),
        "a forged token": (bearer("admin", secret="with-this-somebody-else-signs-his-tokens"), "wrong signature"),
        "a token that nobody signed": (bearer("admin", algorithm="none"), "invalid_request"),
        "an expired token": (bearer("admin", exp=past), "expired"),
        "a token for others": (bearer("admin", aud="another-api"), "wrong audience"),
        "a token of others": (bearer("admin", iss="https://elsewhere.example/"), "wrong issuer"),
        "a token without a role": (bearer("admin", roles=["root"]), "no role"),
        "an unknown key": ({"x-api-key": "guessed"}, "ApiKey"),
        "a token and a key": ({**bearer("admin"), "x-api-key": KEY}, "invalid_request"),
    }
    wrong = []
    for what, (headers, word) in shown.items():
        answer = Caller(cloud, headers).ask(*UPLOAD)
        wrong += [f"{what}: {it}" for it in problems(answer, 401)]
        challenge = answer.headers.get("www-authenticate", "")
        wrong += [] if word in challenge else [f"{what}: challenged with {challenge}"]
    return wrong


def refused_roles(cloud: Cloud) -> list[str]:
    """A role that is too low for what would change something."""
    reader, uploader = (Caller(cloud, bearer(role)) for role in ("reader", "uploader"))
    return [*problems(reader.ask(*UPLOAD), 403), *problems(uploader.ask(*CORRECTION), 403)]


def problems(answer: Answer, status: int) -> list[str]:
    """How an answer is no refusal of this status."""
    wrong = [] if answer.status == status else [f"status {answer.status} instead of {status}"]
    if answer.headers.get("content-type") != "application/problem+json" or not answer.json.get("request_id"):
        wrong.append(f"no problem of a request: {answer.text}")
    return wrong


def wrong_by_role(cloud: Cloud) -> list[str]:
    """Every role asks everything."""
    wrong = []
    for role in ROLES:
        caller = Caller(cloud, bearer(role))
        for request, needed, status in REQUESTS:
            expected = status if ROLES.index(role) >= ROLES.index(needed) else 403
            found = caller.ask(*request).status
            wrong += [f"{role}: {' '.join(request[:2])}: {found} instead of {expected}"] if found != expected else []
    return wrong
