#!/usr/bin/env bash
# Runs the functions from end to end against a cloud on this machine (tests/cloud/README.md):
#   tools/e2e.sh [--functions FOLDER] [--seed N] [--scenario NAME]…
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${XDG_CACHE_HOME:-$HOME/.cache}/smelt/e2e
requirements=tests/cloud/requirements.txt
if ! cmp --quiet "$requirements" "$venv/installed.txt"; then
    echo "e2e: installing $(paste -sd ' ' "$requirements")" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$venv/installed.txt"
fi

# Nothing here may reach AWS: there are no credentials but those of the server on this machine.
for variable in "${!AWS_@}"; do
    unset "$variable"
done
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export PYTHONDONTWRITEBYTECODE=1

"$venv/bin/python" -m unittest discover --quiet --top-level-directory . --start-directory tests/cloud/harness
exec "$venv/bin/python" -m tests.cloud "$@"
