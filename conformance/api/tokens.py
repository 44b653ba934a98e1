"""Tokens (JWT, HS256), good ones and others."""

import base64
import hashlib
import hmac
import json
import time

from api.server import AUDIENCE, ISSUER, SECRET

HOUR = 3600


def token(role="reader", secret=SECRET, algorithm="HS256", **claims):
    """A token that is good unless something of it is given."""
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "somebody", "exp": int(time.time()) + HOUR}
    signed = f"{coded({'alg': algorithm, 'typ': 'JWT'})}.{coded({**usual, 'roles': [role], **claims})}"
    return f"{signed}.{signature(signed, secret) if algorithm == 'HS256' else ''}"


def with_role(good, role):
    """A token with another role, and the signature that it had."""
    header, claims, signed = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return f"{header}.{coded({**claims, 'roles': [role]})}.{signed}"


def coded(value):
    return text_of(json.dumps(value).encode())


def signature(signed, secret):
    return text_of(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
