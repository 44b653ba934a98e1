#!/usr/bin/env bash
# Tests the dashboard: its logic, then its pages in a browser, on a demo lake of its own:
#   tools/test_dashboard.sh SMELT [ARGUMENTS OF PLAYWRIGHT…]
# DASHBOARD_LAKE names a finished demo lake instead, which is only read.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: tools/test_dashboard.sh SMELT [ARGUMENTS OF PLAYWRIGHT…]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
smelt=$(realpath "$1")
shift

if [ -z "${DASHBOARD_LAKE:-}" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    echo "test_dashboard: making a demo lake"
    "$smelt" --quiet --lake "$scratch/lake" --datasets "$root/datasets" demo >/dev/null
    export DASHBOARD_LAKE=$scratch/lake
fi
export SMELT=$smelt SMELT_DATASETS=$root/datasets

cd "$root/dashboard"
npm run --silent lint
npm test --silent
npm run --silent test:browser -- "$@"
