# `make help` says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Outside of the checkout, so that the next clone builds on what this one built.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/smelt/target

# One selection of packages for each profile, always the same: another one would mean other features
# of dependencies, and compile these anew.
DEV := $(CARGO_TARGET_DIR)/debug/smelt
RELEASE := $(CARGO_TARGET_DIR)/release/smelt
# With what tests need of the lake: without it, everything above it would be compiled once more.
BUILD_DEV := cargo build --workspace --locked --features smelt-lake/test-support
BUILD_RELEASE := cargo build --release --package smelt --locked

PYTHON := .venv/bin/python
# Tests of the storage run on a real S3 protocol as well.
WITH_S3 := tools/with_s3_server.sh
# Bytecode would lie about in the checkout.
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Check for compilers and Python, install what is missing
	@tools/setup.sh

.PHONY: build
build: setup ## Build the release binary
	$(BUILD_RELEASE)

.PHONY: run
run: build dashboard ## Build, show the whole platform on simulated data, then its dashboard (PORT=8360)
	@tools/run.sh $(RELEASE)

.PHONY: test
test: ## Run all tests
	@tools/setup.sh test
	@if cargo nextest --version >/dev/null 2>&1; then \
		set -ex; cargo test --doc --workspace --locked; \
		$(WITH_S3) cargo nextest run --workspace --locked --no-fail-fast; \
	else \
		set -x; $(WITH_S3) cargo test --workspace --locked --no-fail-fast; \
	fi

.PHONY: lint
lint: setup ## Check the format, and clippy without a warning
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: dashboard
dashboard: ## Build the dashboard into dashboard/dist
	@tools/setup.sh
	cd dashboard && export PATH="$$(../tools/node.sh)" && npm ci --silent && npm run --silent build

.PHONY: test-dashboard
test-dashboard: dashboard ## Test the dashboard in a browser, on a demo lake (SMELT=target/debug/smelt, ARGS="-g upload")
	@tools/setup.sh dashboard
	@[ -n "$(SMELT)" ] || { set -x; $(BUILD_DEV); }
	@PATH="$$(tools/node.sh)" tools/test_dashboard.sh $(or $(SMELT),$(DEV)) $(ARGS)

.PHONY: deny
deny: setup ## Check licences, sources and advisories of dependencies
	@tools/deny.sh

.PHONY: terraform
terraform: ## Check the infrastructure: format, arguments, security, and what Terraform makes of it
	@tools/setup.sh terraform
	@tools/terraform.sh

.PHONY: lambda
lambda: ## Build and check a zip of each function (FUNCTIONS="silver gold", ARCHITECTURE=arm64)
	@tools/setup.sh
	@tools/lambda.sh $(FUNCTIONS)

.PHONY: bench-coldstart
bench-coldstart: lambda ## Measure how long functions take from their start to their first question
	python3 bench/coldstart.py --built $(CARGO_TARGET_DIR)/x86_64-unknown-linux-gnu/lambda $(ARGS)

.PHONY: watch
watch: ## Run the functions on this machine, on SMELT_LAKE (./lake), until Ctrl-C
	@tools/setup.sh
	@tools/watch.sh

.PHONY: test-watch
test-watch: ## Test that a file that lands goes through the functions of `make watch`
	@tools/setup.sh
	@tools/test_watch.sh

.PHONY: invoke
invoke: ## Send an event to a function that `make watch` runs (FUNCTION=silver EVENT=events/silver/notification.json)
	@tools/invoke.sh "$(FUNCTION)" "$(EVENT)"

.PHONY: e2e
e2e: lambda ## Run the functions from end to end against a cloud on this machine (ARGS="--scenario quiet --seed 7")
	@tools/e2e.sh $(ARGS)

.PHONY: e2e-dev
e2e-dev: ## The same with the functions as they are built for development, which are there after make test
	@tools/setup.sh
	$(BUILD_DEV)
	@tools/e2e.sh --functions $(CARGO_TARGET_DIR)/debug $(ARGS)

.PHONY: cost
cost: lambda ## Measure what deliveries take from the functions, and compute what a month costs
	$(BUILD_DEV)
	@tools/e2e.sh cost --smelt $(DEV) --out infrastructure/cost/measured.json
	$(DEV) cost --measured infrastructure/cost/measured.json

.PHONY: conformance
conformance: setup $(PYTHON) ## Compare lakes with what DuckDB computes, and fuzz the API over one (ARGS="--only api")
	$(BUILD_DEV)
	$(PYTHON) conformance/run.py --smelt $(DEV) $(ARGS)

.PHONY: bench
bench: build $(PYTHON) ## Measure against Polars and DuckDB (ROWS="1000000 5000000", ARGS="--save")
	$(PYTHON) bench/run.py $(ROWS) --smelt $(RELEASE) $(ARGS)

.PHONY: bench-datasets
bench-datasets: build $(PYTHON) ## Measure the other datasets against DuckDB (JOBS="events:100000", ARGS="--save")
	$(PYTHON) bench/datasets.py $(JOBS) --smelt $(RELEASE) $(ARGS)

.PHONY: bench-api
bench-api: build $(PYTHON) ## Measure the API with 100 clients on the demo lake (ARGS="--seconds 60 --save")
	@tools/setup.sh bench-api
	$(PYTHON) bench/api.py --smelt $(RELEASE) $(ARGS)

FORECAST_VENV := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/smelt/bench-forecast

.PHONY: bench-forecast
bench-forecast: setup $(FORECAST_VENV)/.ready ## Measure forecasts and anomaly scores against Python's (ARGS="--save docs/forecast.md")
	cargo build --release --package smelt-forecast \
		--example tables --example planted --example coverage --locked
	$(FORECAST_VENV)/bin/python bench/forecast/run.py --data ../shared/data \
		--runner $(CARGO_TARGET_DIR)/release/examples/tables $(ARGS)

$(FORECAST_VENV)/.ready: bench/forecast/requirements.txt | setup
	python3 -m venv $(FORECAST_VENV)
	$(FORECAST_VENV)/bin/pip install --quiet --requirement bench/forecast/requirements.txt
	touch $@

.PHONY: bench-20m
bench-20m: build $(PYTHON) ## Measure whether memory grows from 5 to 20 million rows
	$(PYTHON) bench/run.py 5000000 20000000 --smelt $(RELEASE) --tools smelt --repeat 1 --no-day $(ARGS)

.PHONY: docs
docs: setup ## Build the documentation of all crates
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

.PHONY: clean
clean: ## Remove builds, the Python environment and the bench's files; lakes stay
	cargo clean
	rm -rf .venv $(HOME)/.cache/smelt/bench

$(PYTHON): tools/requirements.txt | setup
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement tools/requirements.txt
	@touch $@
