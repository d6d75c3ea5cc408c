# countroom: a fresh machine has Python >= 3.11, pip and make; everything else comes into this folder (.tools/ and .venv/).
SHELL := /bin/bash
export DO_NOT_TRACK = 1
.DEFAULT_GOAL := help
.PHONY: help install demo up test check world golden stop clean

PYTHON ?= python3
UV_VERSION := 0.9
TOOLS := .tools
# uv from PATH if there is one, else our own in .tools/ (--target: nothing system-wide, allowed under PEP 668 too)
UV := $(shell command -v uv 2>/dev/null || echo $(TOOLS)/bin/uv)
RUN := $(UV) run --no-sync
# one more than there are cores: a test that waits for a server or a child leaves its core to another
WORKERS ?= $(shell echo $$(( $$(nproc) + 1 )))
PLAYERS ?= 200
DAYS ?= 14
SEED ?= 1
OUT ?= worlds/seed-$(SEED)
PURE := transactional assets expectations pipelines

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-9s %s\n", $$1, $$2}'

$(TOOLS)/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit("countroom needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target $(TOOLS) 'uv>=$(UV_VERSION)'

.venv/.installed: pyproject.toml uv.lock | $(filter $(TOOLS)/bin/uv,$(UV))
	$(UV) sync --locked
	@touch $@

install: .venv/.installed ## everything into .venv/, exactly as uv.lock says

demo: install ## a casino with a known answer: built, landed, reconciled, scored
	$(RUN) countroom demo

up: install ## API, Dagster UI and daemon; Ctrl-C ends them
	$(RUN) countroom up

test: install ## every test, on a PostgreSQL of its own
	$(RUN) pytest -n $(WORKERS) --dist worksteal

check: install ## lint, format, types, SQL, import layers, architecture
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) sqlfluff lint --processes 2 dbt_project/models
	$(RUN) lint-imports
	$(RUN) pytest -q -p no:randomly tests/architecture

world: install ## a simulated casino's files and answer key: PLAYERS=200 DAYS=14 SEED=1 OUT=worlds/seed-1
	$(RUN) countroom world --players $(PLAYERS) --days $(DAYS) --seed $(SEED) --out $(OUT)

golden: install ## write the golden files and snapshots anew; review them as a diff
	$(RUN) pytest -q --snapshot-update -m golden

stop: install ## end the local PostgreSQL now
	$(RUN) countroom stop

clean: ## remove caches (not .venv, not .countroom)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dbt_project/target dbt_project/logs
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
