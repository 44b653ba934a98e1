#!/usr/bin/env bash
# Checks for what building and testing need, and installs from the distribution what is missing:
#   tools/setup.sh [test|terraform|dashboard|bench-api]
set -euo pipefail

if ! command -v cargo >/dev/null; then
    echo "setup: cargo is missing; install Rust as https://rustup.rs says, then try again" >&2
    exit 1
fi

packages=()
command -v cc >/dev/null || packages+=(build-essential)
command -v python3 >/dev/null || packages+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
# Tests of SQL sources start a server of their own, also one with a certificate.
if [ "${1:-}" = test ]; then
    PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null || packages+=(mariadb-server)
    command -v openssl >/dev/null || packages+=(openssl)
fi
# What asks the API as fast as it answers.
if [ "${1:-}" = bench-api ]; then
    command -v wrk >/dev/null || packages+=(wrk)
fi
# The provider's schema is an npm package; nothing of it is run.
if [ "${1:-}" = terraform ]; then
    command -v npm >/dev/null || packages+=(npm)
fi
if [ "${1:-}" = dashboard ]; then
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages+=(chromium fonts-dejavu-core)
fi
[ ${#packages[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "setup: please install ${packages[*]} (or what your system calls them)" >&2
    exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "setup: installing ${packages[*]}"
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}"
