"""Measures how long functions take from the start of their process to their first question for an event.

    coldstart.py --built FOLDER [--times 20] [FUNCTION…]

The runtime API of Lambda is played by a server here. The file cache is warm. Lambda adds its own time for the
sandbox; what is measured is what the function adds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ALL = ["ingest", "silver", "gold", "train", "alert", "api", "maintain"]
BUDGET_MS = 50
PATIENCE_S = 10


class RuntimeApi(BaseHTTPRequestHandler):
    """Notes when an event is asked for, and never gives one."""

    asked = threading.Event()
    asked_at = 0.0

    def do_GET(self) -> None:
        RuntimeApi.asked_at = time.perf_counter()
        RuntimeApi.asked.set()
        time.sleep(PATIENCE_S)

    def log_message(self, *_: object) -> None:
        pass


def main() -> int:
    arguments = parse()
    server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    over = []
    print(f"{'FUNCTION':<10} {'MEDIAN ms':>10} {'BEST':>7} {'WORST':>7} {'MB':>7}")
    with tempfile.TemporaryDirectory() as lake:
        for function in arguments.functions or ALL:
            binary = arguments.built / function
            start(binary, server.server_port, lake)  # Warms the file cache.
            times = [start(binary, server.server_port, lake) for _ in range(arguments.times)]
            median = statistics.median(times)
            size = binary.stat().st_size / 1e6
            print(f"{function:<10} {median:>10.1f} {min(times):>7.1f} {max(times):>7.1f} {size:>7.1f}", flush=True)
            if median > BUDGET_MS:
                over.append(function)
    if over:
        print(f"coldstart: {', '.join(over)} took more than {BUDGET_MS} ms", file=sys.stderr)
    return 1 if over else 0


def start(binary: Path, port: int, lake: str) -> float:
    """Milliseconds from the start of the process to its first question."""
    environment = {
        "PATH": os.environ["PATH"],
        "SMELT_LAKE": lake,
        "SMELT_DATASETS": "datasets",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": binary.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "x",
        "AWS_LAMBDA_LOG_STREAM_NAME": "x",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    if binary.name == "alert":
        environment["SMELT_ALERT_TOPIC"] = "arn:aws:sns:eu-central-1:123456789012:alerts"
    if binary.name == "api":
        # As it is deployed: callers have tokens. Keys are fetched with the first of them, not before.
        environment["SMELT_API_JWT_ISSUER"] = "https://issuer.example.org"
        environment["SMELT_API_JWT_AUDIENCE"] = "smelt"
    RuntimeApi.asked.clear()
    started_at = time.perf_counter()
    process = subprocess.Popen([binary], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        if not RuntimeApi.asked.wait(PATIENCE_S):
            process.kill()
            raise SystemExit(f"coldstart: {binary.name} did not ask for an event: {process.communicate()[0].decode()}")
        return (RuntimeApi.asked_at - started_at) * 1000
    finally:
        process.kill()
        process.wait()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--built", type=Path, required=True, help="folder with the binaries")
    parser.add_argument("--times", type=int, default=20, help="starts of each function")
    parser.add_argument("functions", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
