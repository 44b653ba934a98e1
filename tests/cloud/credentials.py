"""Tokens and a key for an `api` that checks its callers, and what it is given to know them by."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

ROLES = ("reader", "uploader", "operator", "admin")
ISSUER, AUDIENCE = "https://login.example/", "smelt-api"
SECRET = "with-this-the-issuer-signs-its-tokens"
KEY, KEY_NAME, KEY_ROLE = "key-of-the-scanner", "scanner", "uploader"

# By the names that Terraform gives them.
SECRETS = {
    "api-hs256": SECRET,
    "api-keys": json.dumps([
        {"name": KEY_NAME, "sha256": hashlib.sha256(KEY.encode()).hexdigest(), "role": KEY_ROLE}
    ]),
}
SETTINGS = {
    "SMELT_API_ACCESS": "checked",
    "SMELT_API_JWT_ISSUER": ISSUER,
    "SMELT_API_JWT_AUDIENCE": AUDIENCE,
}


def bearer(role: str, **other: Any) -> dict[str, str]:
    """The header of somebody who has this role, and his role as his name; `other` is of the token."""
    return {"authorization": f"Bearer {token(role, **other)}"}


def token(role: str, secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A JWT for an hour, unless claims say otherwise."""
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": role, "roles": [role], "exp": int(time.time()) + 3600}
    signed = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part({**usual, **claims})}"
    signature = hmac.digest(secret.encode(), signed.encode(), "sha256") if algorithm == "HS256" else b""
    return f"{signed}.{encoded(signature)}"


def part(content: dict[str, Any]) -> str:
    return encoded(json.dumps(content).encode())


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
