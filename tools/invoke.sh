#!/usr/bin/env bash
# Sends an event to a function that `make watch` runs, and prints its answer:
#   tools/invoke.sh FUNCTION EVENT.json
set -euo pipefail
cd "$(dirname "$0")/.."

function=${1:-} event=${2:-}
if [ ! -d "functions/$function" ] || [ -z "$function" ] || [ ! -f "$event" ]; then
    echo "invoke: make invoke FUNCTION=silver EVENT=events/silver/notification.json; functions: $(ls functions | paste -sd ' ')" >&2
    exit 2
fi
PATH=$(tools/lambda/venv.sh)/bin:$PATH
exec cargo lambda invoke "$function" --invoke-address 127.0.0.1 --invoke-port "${PORT:-9011}" --data-file "$event"
