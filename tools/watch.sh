#!/usr/bin/env bash
# Runs every function on this machine, until Ctrl-C, behind the Lambda API that `cargo lambda` plays.
# They work on SMELT_LAKE (./lake): a folder, or s3://… with AWS_ENDPOINT_URL for a server of your own, and with
# AWS_ALLOW_HTTP=true where that has no TLS.
# Nobody but this machine reaches them, so `api` asks nobody who he is, unless SMELT_API_ACCESS says otherwise.
# Each function is given those of the caller's SMELT_… variables that its README lists: it refuses others.
set -euo pipefail
cd "$(dirname "$0")/.."

port=${PORT:-9011}
export SMELT_LAKE=${SMELT_LAKE:-./lake} SMELT_DATASETS=${SMELT_DATASETS:-./datasets}
export AWS_REGION=${AWS_REGION:-us-east-1}
PATH=$(tools/lambda/venv.sh)/bin:$PATH
export PATH

# Names that a README lists; a test compares them with those that the function reads.
listed() { sed -n 's/^| `\(SMELT_[A-Z0-9_]*\)` | .*/\1/p' "$@"; }

# Unsets what a function does not read. SMELT_<DATASET>_<SOURCE>_URL are read where sources are opened.
keep_what_it_reads() {
    local function=$1 variable own all
    own=$'\n'$(listed "functions/$function/README.md")$'\n' all=$'\n'$(listed functions/*/README.md)$'\n'
    for variable in "${!SMELT_@}"; do
        [[ $own == *$'\n'$variable$'\n'* ]] && continue
        case $function:$variable in
            ingest:*_URL | maintain:*_URL) [[ $all == *$'\n'$variable$'\n'* ]] || continue ;;
        esac
        unset "$variable"
    done
}

# As the Makefile builds for development: another selection would be compiled anew.
cargo build --workspace --locked --features smelt-lake/test-support
cargo lambda watch --only-lambda-apis --ignore-changes --offline --invoke-address 127.0.0.1 --invoke-port "$port" &
children=($!)
trap 'kill "${children[@]}" 2>/dev/null || true' EXIT

for function in ingest silver gold train alert api maintain; do
    (
        export AWS_LAMBDA_RUNTIME_API=http://127.0.0.1:$port/.rt/$function AWS_LAMBDA_FUNCTION_NAME=$function
        export AWS_LAMBDA_FUNCTION_VERSION=1 AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024
        if [ "$function" = alert ]; then
            export SMELT_ALERT_TOPIC=${SMELT_ALERT_TOPIC:-arn:aws:sns:us-east-1:000000000000:alerts}
        fi
        if [ "$function" = api ]; then
            export SMELT_API_ACCESS=${SMELT_API_ACCESS:-open}
        fi
        keep_what_it_reads "$function"
        until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
        exec "${CARGO_TARGET_DIR:-target}/debug/$function"
    ) &
    children+=($!)
done
echo "watch: the functions wait; in another terminal: make invoke FUNCTION=api EVENT=events/api/status.json" >&2
wait -n
