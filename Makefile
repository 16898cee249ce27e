# Targets are described by the text after `##`; `make help` prints them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench eval serve lint fmt clean

SHELL := /bin/bash
BIN := .venv/bin
SOURCES := core prompts knowledge_base vision pipelines agents api eval
PYTHON_FILES := $(wildcard $(SOURCES)) tests samples scripts
DATA ?= samples
TASK ?= regulations
ARGS ?=

help: ## Print this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | while IFS=$$'\t' read -r name what; do printf '  %-8s %s\n' "$$name" "$$what"; done

setup: ## System packages (as root), .venv, pinned install, models, data directory; safe to repeat
	@scripts/setup.sh

demo: ## Set up, load the sample acts, ask questions, transcribe a call through the API, leave the server on (DEMO_KEEP=0: stop it)
	@scripts/setup.sh
	@scripts/demo.sh

test: ## Set up and run all tests; ARGS='-m "not slow"' passes options to pytest
	@scripts/setup.sh
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

check: ## Lint, formatting, types, layers
	@scripts/install.sh
	$(BIN)/ruff check $(PYTHON_FILES)
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: ## Measure against the budgets; ARGS='search' chooses what
	@scripts/setup.sh
	$(BIN)/qorgan bench $(ARGS)

eval: ## Measure quality; TASK=regulations DATA=samples ARGS='--out report.json'
	@scripts/setup.sh
	$(BIN)/qorgan eval $(TASK) --data $(DATA) $(ARGS)

serve: ## Set up and run the server (settings: docs/settings.md)
	@scripts/setup.sh
	$(BIN)/qorgan serve $(ARGS)

lint: ## Lint only
	@scripts/install.sh
	$(BIN)/ruff check $(PYTHON_FILES)

fmt: ## Format, and mend what the linter can
	@scripts/install.sh
	$(BIN)/ruff check --fix $(PYTHON_FILES)
	$(BIN)/ruff format $(PYTHON_FILES)

clean: ## Remove caches and build output; leaves .venv and the data directory
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(wildcard $(SOURCES)) tests samples scripts -type d -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf ./*.egg-info
