#!/usr/bin/env bash
# Runs a command beside an S3 server of its own, with the variables that tests look for:
#   tools/with_s3_server.sh cargo test --workspace --test conformance
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: tools/with_s3_server.sh COMMAND…" >&2; exit 2; }

tools=$(cd "$(dirname "$0")" && pwd)
venv=${XDG_CACHE_HOME:-$HOME/.cache}/smelt/s3-server
requirements=$tools/s3_server.txt
if ! cmp --quiet "$requirements" "$venv/installed.txt"; then
    echo "with_s3_server: installing $(tr '\n' ' ' < "$requirements")" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$venv/installed.txt"
fi

# The server lives as long as its standard input, which ends with this script however it ends.
coproc SERVER { exec env PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$tools/s3_server.py"; }
server=$SERVER_PID
trap 'kill "$server" 2>/dev/null || true' EXIT
read -r SMELT_TEST_S3_ENDPOINT SMELT_TEST_S3_BUCKET <&"${SERVER[0]}" \
    || { echo "with_s3_server: the server did not start" >&2; exit 1; }
export SMELT_TEST_S3_ENDPOINT SMELT_TEST_S3_BUCKET SMELT_TEST_S3_KEY=test SMELT_TEST_S3_SECRET=test

status=0
"$@" || status=$?
exit "$status"
