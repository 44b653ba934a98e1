#!/usr/bin/env bash
# Checks infrastructure/ without an account and without the provider's registry. With a terraform binary, Terraform
# itself evaluates everything as well, against a provider that only stands in for AWS.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=tools/terraform
cache=${XDG_CACHE_HOME:-$HOME/.cache}/smelt/terraform
schema_package=@cdktn/provider-aws
schema_version=24.1.0
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An environment of its own for each list of packages: checkov and python-hcl2 bring different modules of one name.
python_for() {
    local requirements=$tools/$1.txt venv=$cache/$1
    if ! cmp --quiet "$requirements" "$venv/installed.txt"; then
        echo "terraform: installing $(paste -sd ' ' "$requirements")" >&2
        python3 -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
        cp "$requirements" "$venv/installed.txt"
    fi
    echo "$venv/bin"
}

# Only the declarations are kept: 46 of 500 MB.
provider_schema() {
    local folder=$cache/provider-$schema_version
    if [ ! -f "$folder/complete" ]; then
        echo "terraform: fetching $schema_package $schema_version" >&2
        rm -rf "$folder" "$cache/download"
        mkdir -p "$folder" "$cache/download"
        npm pack --silent --ignore-scripts --pack-destination "$cache/download" "$schema_package@$schema_version" >/dev/null
        tar -xzf "$cache"/download/*.tgz -C "$folder" --wildcards 'package/lib/*/index.d.ts' package/package.json
        rm -rf "$cache/download"
        touch "$folder/complete"
    fi
    echo "$folder/package"
}

mapfile -t folders < <(find infrastructure -name .terraform -prune -o -name '*.tf' -printf '%h\n' | sort -u)
schema=$(provider_schema)

python3 $tools/format.py infrastructure $tools/scenarios
"$(python_for arguments)/python" $tools/arguments.py --schema "$schema" "${folders[@]}"

# --compact and --quiet would leave out what is skipped, which is judged as well.
checkov=$(python_for checkov)
"$checkov/checkov" --directory infrastructure --framework terraform --skip-download --soft-fail --output json \
    > "$work/checkov.json" 2> "$work/checkov.log" || { cat "$work/checkov.log" >&2; exit 1; }
python3 $tools/security.py infrastructure < "$work/checkov.json"

python3 $tools/documents.py

if ! command -v terraform >/dev/null; then
    echo "terraform: NOT EVALUATED: there is no terraform on the PATH, so expressions were read, not computed"
    exit 0
fi

# A copy, without the state, the backend and the settings of whoever runs this; and no credentials: if anything
# here ever asked AWS, it would be refused.
tar -cf - --exclude=.terraform --exclude=backend.tf --exclude=terraform.tfvars --exclude='*.tfstate*' \
    infrastructure datasets | tar -xf - -C "$work"
for variable in "${!AWS_@}" "${!TF_@}"; do
    unset "$variable"
done
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null TF_IN_AUTOMATION=1 TF_INPUT=0

terraform fmt -check -diff -recursive infrastructure
terraform fmt -check -diff $tools/scenarios

# Prints nothing, unless it fails: then the errors, or else what would be changed.
quietly() {
    "$@" > "$work/log" 2>&1 && return
    grep -A 20 '^Error' "$work/log" >&2 || grep -E '^  # |\.\.\. fail' "$work/log" >&2 || tail -40 "$work/log" >&2
    return 1
}

definitions=$work/infrastructure/modules/definitions
export TF_DATA_DIR=$work/definitions
quietly terraform -chdir="$definitions" init -no-color
quietly terraform -chdir="$definitions" test -no-color
echo "definitions: $(tail -1 "$work/log")"

# The provider that stands in for AWS lives as long as its standard input.
stand_in=$(python_for stand_in)
coproc PROVIDER { exec env PYTHONDONTWRITEBYTECODE=1 "$stand_in/python" $tools/stand_in.py --schema "$schema" "${folders[@]}"; }
provider=$PROVIDER_PID
trap 'kill "$provider" 2>/dev/null || true; rm -rf "$work"' EXIT
read -r TF_REATTACH_PROVIDERS <&"${PROVIDER[0]}" \
    || { echo "terraform: the stand-in for the provider did not start" >&2; exit 1; }
export TF_REATTACH_PROVIDERS

# The functions' code does not matter here.
for architecture in x86_64 arm64; do
    mkdir "$work/$architecture"
    for function in ingest silver gold train alert api maintain; do
        echo "$function" > "$work/$architecture/$function.zip"
        echo "$architecture" > "$work/$architecture/$function.architecture"
    done
done

# Nor does the dashboard's.
mkdir -p "$work/dashboard/assets"
for file in index.html config.json icon.svg assets/index-B5mag3XE.js assets/style-CHGbPwlb.css; do
    echo "$file" > "$work/dashboard/$file"
done

# Applies a configuration from nothing. A second plan must find nothing to do: what differs from plan to plan, or is
# set by two resources, would show there.
apply() {
    local folder=$work/$1 scenario=$2
    shift 2
    local name=${folder##*/}
    local state=$work/$name-$scenario.tfstate
    local given=(-no-color -state="$state" -var-file="$PWD/$tools/scenarios/$scenario.tfvars" "$@")
    export TF_DATA_DIR=$work/data-$name
    quietly terraform -chdir="$folder" init -backend=false -no-color
    quietly terraform -chdir="$folder" validate -no-color
    quietly terraform -chdir="$folder" apply -auto-approve "${given[@]}"
    echo "${folder#"$work/"}, $scenario: $(grep '^Apply complete' "$work/log")"
    quietly terraform -chdir="$folder" plan -detailed-exitcode "${given[@]}" \
        || { echo "terraform: ${folder#"$work/"}, $scenario: a second plan still finds something to do" >&2; return 1; }
}

# A configuration that has to be refused, in words of which these are some, before anything is changed.
refuses() {
    local words=$1 folder=$work/$2 scenario=$3
    shift 3
    export TF_DATA_DIR=$work/data-${folder##*/}
    if terraform -chdir="$folder" plan -no-color -state="$work/none.tfstate" -var-file="$PWD/$tools/scenarios/$scenario.tfvars" \
        "$@" > "$work/log" 2>&1; then
        echo "terraform: ${folder#"$work/"}, $scenario, with $*: is not refused" >&2
        return 1
    fi
    # Terraform breaks its lines, and draws a line beside them.
    tr -d '│╷╵' < "$work/log" | tr -s ' \n' ' ' | grep -qF -- "$words" \
        || { echo "terraform: ${folder#"$work/"}, $scenario, with $*: is refused, but not for: $words" >&2; cat "$work/log" >&2; return 1; }
}

apply infrastructure/bootstrap bootstrap
built=(-var "dashboard_dir=$work/dashboard" -var "functions_dir=$work/x86_64")
for environment in dev prod; do
    apply infrastructure/environments/$environment least "${built[@]}"
    apply infrastructure/environments/$environment most "${built[@]}" -var "functions_dir=$work/arm64"
done
apply infrastructure/environments/dev machines "${built[@]}"

dev=infrastructure/environments/dev
refuses 'There is no index.html' $dev machines "${built[@]}" -var "dashboard_dir=$work/nowhere"
refuses 'is not of the architecture arm64' $dev machines "${built[@]}" -var architecture=arm64
refuses 'severities are info, warning and critical' $dev machines "${built[@]}" \
    -var 'alert_subscriptions=[{email = "a@example.org", severities = ["high"]}]'
refuses 'api_upload_mb is 512, and ingest has 512 MB' $dev machines "${built[@]}" -var 'function_sizes={ingest = {tmp = 512}}'
refuses 'such as rate(1 hour)' $dev machines "${built[@]}" -var alert_schedule=hourly
refuses 'a name of the IANA database' $dev machines "${built[@]}" -var time_zone=CET+1
refuses 'less often than hourly' $dev machines "${built[@]}" -var 'alert_schedule=rate(1 day)'
echo "$dev: 7 mistakes are refused"

"$stand_in/python" $tools/policies.py "$work"/*.tfstate
"$stand_in/python" $tools/facts.py "$work"/{dev,prod}-*.tfstate
