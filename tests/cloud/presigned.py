"""Checks addresses that a function signed for somebody else, as S3 does: moto would take anything.

By the specification of signatures in the query:
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
SIGNATURE = "X-Amz-Signature"
# What every function has as its secret key.
SECRET_KEY = "test"


def is_presigned(environ: dict) -> bool:
    return f"{SIGNATURE}=" in environ.get("QUERY_STRING", "")


def refused(environ: dict, now: datetime) -> str | None:
    """The code with which S3 refuses a request; `None` if it is what was signed, and in time."""
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if now >= signed_at + timedelta(seconds=int(query["X-Amz-Expires"])):
        return "AccessDenied"
    shown = query.pop(SIGNATURE)
    return None if hmac.compare_digest(shown, signature(environ, query)) else "SignatureDoesNotMatch"


def signature(environ: dict, query: dict[str, str]) -> str:
    """Of the request as it came."""
    _, day, region, service, end = query["X-Amz-Credential"].split("/")
    whole = hashlib.sha256(canonical_request(environ, query).encode()).hexdigest()
    text = "\n".join([ALGORITHM, query["X-Amz-Date"], f"{day}/{region}/{service}/{end}", whole])
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def canonical_request(environ: dict, query: dict[str, str]) -> str:
    path = quote(unquote(environ["REQUEST_URI"].partition("?")[0]), safe="/-_.~")
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    names = query["X-Amz-SignedHeaders"]
    headers = [f"{name}:{' '.join(header(environ, name).split())}\n" for name in names.split(";")]
    return "\n".join([
        environ["REQUEST_METHOD"], path, "&".join(f"{name}={value}" for name, value in pairs), "".join(headers), names,
        "UNSIGNED-PAYLOAD",
    ])


def header(environ: dict, name: str) -> str:
    """As WSGI has it; empty if it was not sent."""
    variable = name.upper().replace("-", "_")
    is_of_content = variable in ("CONTENT_LENGTH", "CONTENT_TYPE")
    return environ.get(variable if is_of_content else f"HTTP_{variable}", "")
