#!/usr/bin/env bash
# Installs the tools that build and run functions, and prints the folder of their Python environment.
set -euo pipefail
cd "$(dirname "$0")"

venv=${XDG_CACHE_HOME:-$HOME/.cache}/smelt/lambda
if ! cmp --quiet requirements.txt "$venv/installed.txt"; then
    echo "lambda: installing $(paste -sd ' ' requirements.txt)" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt >&2
    cp requirements.txt "$venv/installed.txt"
fi
echo "$venv"
