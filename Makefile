# Lettra: `make` alone lists what there is. Everything happens in .venv, made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.complete
DECLARED := $(wildcard libs/*/pyproject.toml services/*/pyproject.toml tools/pyproject.toml)
PINNED := requirements/bootstrap.txt requirements/dev.txt
# Whoever gave pip a certificate file means it for every download: uv's, and that of Kafka's jars.
ifdef PIP_CERT
export SSL_CERT_FILE ?= $(PIP_CERT)
export REQUESTS_CA_BUNDLE ?= $(PIP_CERT)
endif
# Plain `make` prints what a recipe says, not the recipe.
MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@echo "Lettra: accounts receivable as event-sourced services. Start with: make demo"
	@echo
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name what; do printf '  %-14s %s\n' "$$name" "$$what"; done

# ---- Running it ----

.PHONY: demo
demo: $(READY) ## Run a company through receivables on real servers, and show what happened (KEEP=1: leave it up)
	@$(BIN)/python -m lettra_tools.demo

.PHONY: up
up: $(READY) ## Start PostgreSQL, Kafka and all services on this machine
	@$(BIN)/lettra up

.PHONY: down
down: $(READY) ## Stop them
	@$(BIN)/lettra down

.PHONY: bench
bench: $(READY) ## Measure, against bare loops in the same run
	@$(BIN)/lettra bench

# ---- Checking it ----
# A single level takes pytest's options: make unit ARGS="-k money -x"

.PHONY: test
test: $(READY) ## Everything below: what must hold before a change lands
	@$(BIN)/python tools/checks/run_all.py

.PHONY: lint
lint: $(READY) ## Style, format and house rules
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --check; echo "Run: make format" >&2; exit 1; }
	@$(BIN)/python tools/checks/hygiene.py

.PHONY: format
format: $(READY) ## Mend what can be mended by itself
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format --quiet

.PHONY: types
types: $(READY) ## Strict typing
	@$(BIN)/mypy

.PHONY: imports
imports: $(READY) ## Who may import whom
	@$(BIN)/lint-imports --no-logo --no-cache

.PHONY: docs
docs: $(READY) ## Generate docs/events from the contracts
	@$(BIN)/python -m lettra_events.contracts.docs

.PHONY: docs-check
docs-check: $(READY) ## The generated documents are those of the contracts
	@$(BIN)/python -m lettra_events.contracts.docs --check

.PHONY: install-alone
install-alone: $(READY) ## Each package installs and imports with its own dependencies only
	@$(BIN)/python tools/checks/install_alone.py

.PHONY: unit
unit: $(READY) ## Unit tests: no server, no network
	@$(BIN)/python tools/checks/levels.py unit

.PHONY: integration
integration: $(READY) ## Tests on real Kafka and PostgreSQL
	@$(BIN)/python tools/checks/levels.py integration

.PHONY: e2e
e2e: $(READY) ## All services together, over HTTP and Kafka only
	@$(BIN)/python tools/checks/levels.py e2e

.PHONY: crash-quick
crash-quick: $(READY) ## Services and servers killed at a few places: the part of the crash matrix that `test` runs
	@$(BIN)/python tools/checks/levels.py crash

.PHONY: crash
crash: $(READY) ## The whole crash matrix, within an hour; its summary goes to docs/crash-matrix.md
	@CRASH=whole $(BIN)/python tools/checks/levels.py crash

# ---- The environment ----

$(READY): $(PINNED) $(DECLARED) tools/checks/install.py
	@command -v $(PYTHON) >/dev/null || { echo "Lettra needs Python 3.11 or newer, and there is no $(PYTHON) here." \
	    "Name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Lettra needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	    "Name another one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) tools/checks/install.py

.PHONY: install
install: $(READY) ## Make or renew .venv (every other target does it when needed)

.PHONY: lock
lock: $(READY) ## Pin the dependencies again after a pyproject.toml changed (UPGRADE=1: newest versions)
	@$(BIN)/python tools/checks/lock.py $(if $(UPGRADE),--upgrade)
	@$(MAKE) install

.PHONY: clean
clean: ## Remove .venv, caches and build results (not the local stack's data: see down)
	@rm -rf $(VENV) .venv.lock build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find libs services tools tests -name __pycache__ -type d -prune -exec rm -rf {} +
