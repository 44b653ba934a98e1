#!/usr/bin/env bash
# Licences, sources, bans and, if its database can be fetched, advisories of all dependencies.
set -euo pipefail

version=0.20.2
tools="$HOME/.cache/smelt/tools"
export PATH="$PATH:$tools/bin"
if ! command -v cargo-deny >/dev/null; then
    echo "deny: installing cargo-deny $version into $tools (once, takes minutes)"
    env -u CARGO_TARGET_DIR cargo install --quiet --locked --root "$tools" "cargo-deny@$version"
fi

cargo deny --log-level warn check --hide-inclusion-graph bans licenses sources

if timeout 120 cargo deny --log-level error fetch db >/dev/null 2>&1; then
    cargo deny --log-level warn check --disable-fetch advisories
else
    echo "deny: advisories NOT CHECKED: their database cannot be fetched from here"
fi
