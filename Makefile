# Breakwater. `make help` says what there is. Nothing else to set up: git, make and Python >= 3.11 with venv.

PYTHON ?= python3
WORKERS ?= auto
BIN := .venv/bin
RUN := .venv/.installed
DEV := .venv/.installed-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
COMPILED := setup.py risk/compiled.py $(wildcard risk/estimate/*.py risk/estimate/kernels/*.py)

.DEFAULT_GOAL := help
.PHONY: help run demo test check fmt migrate openapi faults fuzz bench bench-risk clean

help: ## What there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUN) ## Start everything on http://127.0.0.1:8000 (BREAKWATER_PORT changes the port)
	@exec $(BIN)/breakwater serve

demo: $(RUN) ## Twenty simulated people live four weeks of a study: summary, page and dataset in var/demo
	@$(BIN)/breakwater demo $(ARGS)

test: $(DEV) ## The whole suite, on SQLite and PostgreSQL, a process for each of up to four cores (WORKERS changes that)
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(DEV) ## Style, types, import law, migrations in step with the tables, API document in step with the routes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.contracts.migrations_in_step
	$(BIN)/python -m api.openapi --check docs/openapi.json

fmt: $(DEV) ## Rewrite in the house's style
	$(BIN)/ruff check -q --fix . || true
	$(BIN)/ruff format -q .

migrate: $(RUN) ## Bring the database to the newest tables
	$(BIN)/breakwater migrate

openapi: $(DEV) ## Write docs/openapi.json anew
	$(BIN)/python -m api.openapi docs/openapi.json

faults: $(DEV) ## Kill, fill the disk, take the database away, jump the clock; then count what was promised
	$(BIN)/python -m tests.faults $(ARGS)

fuzz: $(DEV) ## Broken requests to every route, and many mutated answers
	$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(DEV) ## Measure what things cost, as ratios against named baselines; writes bench/README.md and its plots
	$(BIN)/python -m bench $(ARGS)

bench-risk: $(DEV) ## Every acceptance test of the estimator by its number, on synthetic people; writes bench/acceptance/README.md, fails on a miss
	$(BIN)/python -m bench.acceptance $(ARGS)

clean: ## Remove the environment and caches; var/ with its data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build
	find risk -name '*.so' -delete

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Breakwater needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python has no venv here. On Debian: apt-get install python3-venv"; rm -rf .venv; exit 1; }
	$(PIP) install --upgrade "pip>=25.1"

$(RUN): pyproject.toml constraints.txt $(COMPILED) | .venv/bin/python
	$(PIP) install -c constraints.txt -e '.[parquet,rehearsal]'
	@touch $@

$(DEV): pyproject.toml constraints.txt $(COMPILED) | .venv/bin/python
	$(PIP) install -c constraints.txt -e '.[parquet,rehearsal]' --group dev
	@touch $(RUN) $@
