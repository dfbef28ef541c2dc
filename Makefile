# Undercurrent: `make run` does the main job, `make test` runs the tests; both set everything up first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
DATA ?= data
WORLD ?= P6_full_realistic
SIZE ?= tiny
SEED ?= 1
WORLD_DIR := $(DATA)/world-$(WORLD)-$(SIZE)-$(SEED)
# The night after the world's last day: everything of the two months has arrived by then.
NIGHT ?= 2026-10-01
PORT ?= 3000
SNAPSHOT := $(DATA)/run/published/current
# make score begins no world later than this.
MINUTES ?= 27
# Files of tests side by side, one a processor up to two: a night is mostly one process that waits for another.
TWO_AT_A_TIME := -n 2 --dist loadfile --no-loadscope-reorder
REALDATA ?= ../shared/realdata/dev
PEERS := .peers

.PHONY: help setup run score test test-all test-peers clean-peers ui lint types sql-lint deprecations docs bench real-accounts clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP) ## create the environment from the hash-locked requirements

$(STAMP): requirements.lock
	@py="$$(command -v $(PYTHON) || command -v python3 || true)"; \
	 [ -n "$$py" ] || { echo "setup: Python 3.11 is needed and was not found; install it or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	 "$$py" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "setup: Python 3.11 is needed, $$py is $$("$$py" -V 2>&1); name the right one: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	 "$$py" -c 'import ensurepip, venv' 2>/dev/null || { echo "setup: $$py cannot make environments; install its venv module (on Debian: apt-get install python3.11-venv)" >&2; exit 1; }; \
	 echo "setup: creating $(VENV) (about a minute)"; \
	 rm -rf $(VENV); "$$py" -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock 2> >(grep -v '^WARNING: ' >&2 || true)
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 2> >(grep -v '^WARNING: ' >&2 || true)
	@touch $@

$(WORLD_DIR)/truth/world.json: $(STAMP)
	@$(BIN)/undercurrent world --out $(WORLD_DIR) --world $(WORLD) --size $(SIZE) --seed $(SEED)

# What was planted and what was found are told of whatever is published; the exit code is that of the night.
# Captions of made-up worlds are plainer than real ones: the errors of the classifier are those that it makes on them.
run: $(WORLD_DIR)/truth/world.json ## make a made-up world (SIZE=tiny), run the nightly on it, say what was planted and found
	@mkdir -p $(DATA)/run && cp pipelines/world/commercial_accuracy.csv $(DATA)/run/
	@code=0; $(BIN)/undercurrent nightly --inbox $(WORLD_DIR)/inbox --data $(DATA)/run --day $(NIGHT) || code=$$?; \
	 if [ -e $(SNAPSHOT)/manifest.json ]; then $(BIN)/undercurrent score --short --truth $(WORLD_DIR)/truth --data $(DATA)/run || true; fi; \
	 [ $$code -ne 3 ] || { code=0; echo 'make run: the snapshot is published without the tables named above, which are withheld'; }; \
	 exit $$code

# The worlds are begun within MINUTES, so that all of it ends within thirty; the exit code is that of the calibration.
score: $(STAMP) ## how often the method is wrong in worlds of known truth, and what it found in the world of make run (QUICK=1)
	@code=0; mkdir -p $(DATA); \
	 $(BIN)/undercurrent calibrate --data $(DATA)/run --again $(if $(QUICK),--quick,--within $(MINUTES)) --json $(DATA)/calibration.json || code=$$?; \
	 if [ -e $(SNAPSHOT)/manifest.json ] && [ -e $(WORLD_DIR)/truth/world.json ]; then \
	  $(BIN)/undercurrent score --truth $(WORLD_DIR)/truth --data $(DATA)/run --json $(DATA)/score.json || code=$$?; \
	 else echo "score: nothing of make run is published, so only the calibration was told"; fi; \
	 exit $$code

test: $(STAMP) ## run the test suite
	@$(BIN)/python -m pytest -m "not slow" $(TWO_AT_A_TIME)

test-all: $(STAMP) ## run the test suite with its long tests
	@$(BIN)/python -m pytest $(TWO_AT_A_TIME)

test-peers: $(STAMP) ## live collection against Bluesky's network, snac and Prism on loopback (sets them up in .peers)
	@$(BIN)/python -m tests.peers.installing $(PEERS)
	@UNDERCURRENT_PEERS=$(abspath $(PEERS)) $(BIN)/python -m pytest tests/peers

clean-peers: ## remove what make test-peers downloaded
	@rm -rf $(PEERS)

ui: $(STAMP) ## Dagster's web UI on localhost, with the runs that make run made (PORT=3000)
	@$(BIN)/undercurrent ui --inbox $(WORLD_DIR)/inbox --data $(DATA)/run --port $(PORT)

lint: types sql-lint deprecations ## ruff, types, sqlfluff, dbt deprecations
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(STAMP)
	@$(BIN)/mypy

# dbt renders the SQL first, which needs a warehouse and a night's plan: empty ones of its own. What it cannot render it skips.
sql-lint: $(STAMP)
	@mkdir -p build/sql-lint/warehouse
	@$(BIN)/python -c "from datetime import date; from pathlib import Path; from pipelines.lake.paths import DataPaths; from pipelines.nightly.stages import begin_modelling; begin_modelling(DataPaths(Path('build/sql-lint')), date(2026, 1, 1))"
	@UNDERCURRENT_DATA=$(CURDIR)/build/sql-lint $(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/analyses

docs: $(STAMP) ## make docs/tables from the YAML of the models
	@$(BIN)/python -m pipelines.docs.tables

deprecations: $(STAMP)
	@UNDERCURRENT_DATA=$(abspath $(DATA)/run) $(BIN)/dbt --quiet parse --no-partial-parse --show-all-deprecations --warn-error \
	 --project-dir dbt_project --profiles-dir dbt_project --target-path ../build/deprecations

bench: $(STAMP) ## measure ingest and nightly against what a user would pick instead
	@$(BIN)/python -m tests.bench.bench

real-accounts: $(STAMP) ## every real record accounted for: in = landed + quarantined + duplicates, per file
	@$(BIN)/python -m tests.realdata.accounts --realdata $(REALDATA) --data $(DATA)/real

clean: ## remove what make run made
	@rm -rf $(DATA) build dbt_project/target dbt_project/logs
