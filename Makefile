# Everything a person does with Leima starts here; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak fuzz shots lock messages format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

run: $(RUNTIME) ## start the service with its sandbox and demo data
	@exec $(BIN)/leima run --sandbox

test: $(DEV) ## every test
	@$(BIN)/python scripts/system_packages.py chromium openssl
	@$(BIN)/python scripts/system_packages.py g++ pkg-config libkpimpkpass-dev
	@$(BIN)/python scripts/pass_readers.py
	@$(BIN)/python -m pytest $(or $(TESTS),--numprocesses auto --maxprocesses 4 --dist loadfile)

check: $(DEV) ## format, lint, types, import rules, house rules: under a minute
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell
	@$(BIN)/python -m pytest tests/house

bench: $(DEV) ## speed, side by side with raw cryptography and peers in one run
	@$(BIN)/python -m benchmarks

# N kills for KIND=kill; MINUTES (also of fuzz) and PHONES for KIND=storm. The same SEED makes the same plan.
KIND ?= kill
SEED ?= 1
N ?= 100
MINUTES ?= 30
PHONES ?= 2000

soak: $(DEV) ## kill -9 or a storm: KIND=kill SEED=1 N=100, KIND=storm MINUTES=30
	@$(BIN)/python -m soak $(KIND) --seed $(SEED) --kills $(N) \
	  --minutes $(MINUTES) --phones $(PHONES)

fuzz: $(DEV) ## hostile files and values for passkit: MINUTES=10
	@$(BIN)/python -m fuzz --minutes $(MINUTES)

shots: $(DEV) ## pictures of every page, phone and desk, light and dark, in var/shots
	@$(BIN)/python -m scripts.shots

format: $(DEV) ## put the code in the house style
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .

messages: $(DEV) ## bring server/locales up to date with the words in the pages
	@$(BIN)/python scripts/messages.py

lock: $(DEV) ## renew the lock files from pyproject.toml
	@for name in runtime dev; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header \
	    --python-version 3.11 $$([ $$name = dev ] && echo --extra dev) \
	    pyproject.toml --output-file requirements/$$name.txt; done

clean: ## remove the environment and all local data
	rm -rf $(VENV) .readers var build dist

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "Leima needs Python 3.11 or newer: '$(PYTHON)' is not there."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Leima needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "Leima needs Python's venv module. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): $(VENV)/.made requirements/runtime.txt
	@$(BIN)/python scripts/install.py runtime
	@touch $@

$(DEV): $(VENV)/.made requirements/dev.txt
	@$(BIN)/python scripts/install.py dev
	@touch $@ $(RUNTIME)
