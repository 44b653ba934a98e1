"""Functions that do what a test wants, as programs that speak the runtime API; and a queue in memory."""

import sys
from pathlib import Path
from typing import Any

PROGRAM = """#!{python}
import json, os, sys, time, urllib.request
BASE = os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
def s3(**more):
    import boto3
    return boto3.client("s3", **more)
def handle(event):
{body}
while True:
    with urllib.request.urlopen(BASE + "invocation/next") as answer:
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    kind, content = "response", None
    try:
        content = handle(event)
    except Exception as error:
        kind, content = "error", {{"errorType": type(error).__name__, "errorMessage": str(error)}}
    body = json.dumps(content).encode()
    urllib.request.urlopen(urllib.request.Request(BASE + f"invocation/{{request}}/{{kind}}", body)).read()
"""

DONE = 'return {"batchItemFailures": []}'


def program(folder: Path, name: str, body: str) -> Path:
    """A function whose handler has this body."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    path.write_text(PROGRAM.format(python=sys.executable, body=indented))
    path.chmod(0o755)
    return path


class Queue:
    """What the event source asks of SQS, for one queue."""

    def __init__(self, *bodies: str, received: int = 0) -> None:
        self.visible = [self.message(f"m{number}", body, received) for number, body in enumerate(bodies)]
        self.hidden: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []

    @staticmethod
    def message(name: str, body: str, received: int) -> dict[str, Any]:
        return {"MessageId": name, "ReceiptHandle": name, "Body": body,
                "Attributes": {"ApproximateReceiveCount": str(received)}}

    def receive_message(self, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:
        taken, self.visible = self.visible[:MaxNumberOfMessages], self.visible[MaxNumberOfMessages:]
        for message in taken:
            received = int(message["Attributes"]["ApproximateReceiveCount"]) + 1
            message["Attributes"]["ApproximateReceiveCount"] = str(received)
            self.hidden[message["ReceiptHandle"]] = message
        return {"Messages": taken}

    def delete_message(self, ReceiptHandle: str, **_: Any) -> None:
        del self.hidden[ReceiptHandle]
        self.deleted.append(ReceiptHandle)

    def change_message_visibility(self, ReceiptHandle: str, **_: Any) -> None:
        self.visible.append(self.hidden.pop(ReceiptHandle))
