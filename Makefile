# Lettra: `make` alone lists what there is. Everything happens in .venv, made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.complete
DECLARED := $(wildcard pyproject.toml libs/*/pyproject.toml services/*/pyproject.toml tools/pyproject.toml)
PINNED := requirements/bootstrap.txt requirements/dev.txt
# Plain `make` prints what a recipe says, not the recipe.
MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@echo "Lettra: accounts receivable as event-sourced services. Start with: make demo"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name what; do printf '  %-14s %s\n' "$$name" "$$what"; done

# ---- The environment ----

$(READY): $(PINNED) $(DECLARED) tools/checks/install.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Lettra needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1 | head -1)." \
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
