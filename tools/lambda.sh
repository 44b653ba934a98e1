#!/usr/bin/env bash
# Builds the functions for AWS Lambda, and packs and checks a zip of each:
#   tools/lambda.sh [FUNCTION…]          ARCHITECTURE=x86_64 (or arm64, where its target is installed)
#
# Linked through zig against the C library of provided.al2023: what gcc links here may ask for a newer one.
set -euo pipefail
cd "$(dirname "$0")/.."

all=(ingest silver gold train alert api maintain)
functions=("${@:-${all[@]}}")
[ $# -gt 0 ] || functions=("${all[@]}")
architecture=${ARCHITECTURE:-x86_64}
case $architecture in
    x86_64) triple=x86_64-unknown-linux-gnu ;;
    arm64) triple=aarch64-unknown-linux-gnu ;;
    *) echo "lambda: ARCHITECTURE is x86_64 or arm64, not $architecture" >&2; exit 2 ;;
esac
glibc=2.34

tools=tools/lambda
venv=$("$tools/venv.sh")
export PATH=$venv/bin:$PATH

for function in "${functions[@]}"; do
    [ -d "functions/$function" ] || { echo "lambda: there is no function $function; there are ${all[*]}" >&2; exit 2; }
done
# Always all of them: another selection would mean other features of dependencies, and compile these anew.
packages=()
for function in "${all[@]}"; do packages+=(--package "smelt-$function"); done

"$venv/bin/python" -m unittest discover --quiet --start-directory "$tools"

# Where the crates of others lie differs from machine to machine, and panics name them.
export RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
target=${CARGO_TARGET_DIR:-target}
cargo zigbuild --profile lambda --locked --bins --target "$triple.$glibc" "${packages[@]}"

# Where Terraform looks for them, whatever folder they were built in.
out=target/lambda
mkdir -p "$out"
"$venv/bin/python" "$tools/package.py" --built "$target/$triple/lambda" --out "$out" --glibc "$glibc" \
    --architecture "$architecture" "${functions[@]}"
