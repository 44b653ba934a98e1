#!/usr/bin/env bash
# Shows the whole platform on simulated data, then the dashboard on the lake that came out:
#   tools/run.sh SMELT
# In a terminal the dashboard stays until Ctrl-C; elsewhere it is looked at once, and how to start it is said.
set -euo pipefail
smelt=$1
port=${PORT:-8360}

"$smelt" demo
echo
if [ -t 1 ]; then
    exec "$smelt" serve --port "$port"
fi

"$smelt" serve --port "$port" >/dev/null 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
sleep 1
kill -0 "$server" 2>/dev/null || { echo "run: port $port is taken; another one: make run PORT=8361" >&2; exit 1; }
for page in "" published/catalog.json v1/status; do
    python3 - "http://127.0.0.1:$port/$page" <<'PYTHON'
import sys
import time
import urllib.request

for attempt in range(50):
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
            answer.read()
        break
    except OSError as error:
        if attempt == 49:
            sys.exit(f"{sys.argv[1]} does not answer: {error}")
        time.sleep(0.2)
PYTHON
done
echo "The dashboard answers at http://127.0.0.1:$port/ and the API at http://127.0.0.1:$port/docs"
echo "while this runs: $smelt serve --port $port"
