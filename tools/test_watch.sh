#!/usr/bin/env bash
# What README says of `make watch` and `make invoke`, done: a file lands, and each function is woken by an event of
# its own through `cargo lambda`, and by one that is none. Ends the functions again.
# The lake is a folder, or, within tools/with_s3_server.sh, a bucket of that server.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'kill "${watch:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$scratch"' EXIT
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export PORT
# Those of a command line and of one function: the others would refuse to start with them.
export SMELT_MEMORY=512M SMELT_RETENTION_HOURS=48 SMELT_DASHBOARD_URL=http://127.0.0.1:1/
# There is nothing to tell, and nothing here may reach AWS.
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_ALLOW_HTTP=true
export AWS_ENDPOINT_URL=${SMELT_TEST_S3_ENDPOINT:-http://127.0.0.1:1}

s3() {
    curl --silent --show-error --fail --output /dev/null --aws-sigv4 aws:amz:us-east-1:s3 \
        --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" "$@"
}

# Where the lake's objects are: in a folder, or in the bucket that events are about.
objects=$scratch/lake
export SMELT_LAKE=$objects
if [ -n "${SMELT_TEST_S3_ENDPOINT:-}" ]; then
    SMELT_LAKE=s3://smelt-dev-data
    objects=$AWS_ENDPOINT_URL/smelt-dev-data
    s3 --request PUT "$objects"
fi

# Of yesterday, so that nothing is stale.
{
    echo unique_key,created_date,complaint_type,borough
    for key in {1..20}; do echo "$key,$(date --utc --date yesterday +%FT%T).000,Noise,BROOKLYN"; done
} >"$scratch/requests.csv"
landed=$objects/landing/nyc311/requests/requests.csv
case $objects in
    http*) s3 --upload-file "$scratch/requests.csv" "$landed" ;;
    *) install -D "$scratch/requests.csv" "$landed" ;;
esac

tools/watch.sh >"$scratch/watch.log" 2>&1 &
watch=$!

# Invokes a function and requires its answer, or its error, to have a text in it.
expect() {
    local function=$1 event=$2 text=$3 answer
    answer=$(tools/invoke.sh "$function" "events/$function/$event.json" 2>&1) || true
    if [[ $answer != *"$text"* ]]; then
        printf 'watch: %s answers to %s, without %s:\n%s\n' "$function" "$event" "$text" "$answer" >&2
        tail -n 20 "$scratch/watch.log" >&2
        exit 1
    fi
    printf 'watch: %s answers to %s\n' "$function" "$event"
}

until (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do
    kill -0 "$watch" || { cat "$scratch/watch.log" >&2; exit 1; }
    sleep 0.5
done

for function in ingest silver gold alert; do
    expect "$function" notification '{"batchItemFailures":[]}'
    expect "$function" malformed_direct Permanent.Event
done
expect train schedule '"steps"'
expect maintain schedule '"steps"'
expect api status '"statusCode":200'
for function in train maintain; do expect "$function" malformed Permanent.Event; done
expect api malformed Permanent.NoRequest

published=$objects/published/nyc311/daily_requests/latest.json
case $objects in
    http*) is_there=(s3 "$published") ;;
    *) is_there=(test -s "$published") ;;
esac
"${is_there[@]}" || { echo "watch: no daily_requests are published" >&2; exit 1; }
echo "watch: every function answered, and what landed is published in $SMELT_LAKE"
