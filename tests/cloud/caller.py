"""Somebody who asks `api`: each request is an event of the gateway, answered as the gateway would."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from .cloud import Cloud
from .lambda_service import ACCOUNT


@dataclass
class Answer:
    """What the gateway would send."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Caller:
    """With the headers that name him, if any do."""

    cloud: Cloud
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """A body is sent as JSON."""
        event = request(method, path, self.headers)
        if body is not None:
            event["headers"]["content-type"] = "application/json"
            event["body"] = json.dumps(body)
        result = self.cloud.functions["api"].invoke(event)
        if result.error:
            raise RuntimeError(f"api fails at {method} {path}: {result.error}")
        payload = result.answer.payload
        return Answer(payload["statusCode"], payload["headers"], payload.get("body") or "")

    def get(self, path: str) -> Any:
        """What is answered, where nothing but an answer is expected."""
        answer = self.ask("GET", path)
        if answer.status != 200:
            raise RuntimeError(f"api answers {answer.status} to {path}: {answer.text}")
        return answer.json


def request(method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """A request that the gateway passes on (payload version 2.0): it decodes the path, and not the query."""
    path, _, query = path.partition("?")
    path = unquote(path)
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {"host": "api.example", **headers}, "isBase64Encoded": False,
        "requestContext": {
            "accountId": ACCOUNT, "apiId": "a", "domainName": "api.example", "domainPrefix": "api",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "-",
            },
            "requestId": "r", "routeKey": "$default", "stage": "$default",
            "time": "28/Nov/2026:03:00:05 +0000", "timeEpoch": 0,
        },
    }
