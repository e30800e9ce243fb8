# make demo | demo-down | test | fast | property | stress | rehearse | lint | format | golden | bench | constraints | clean
# Needs Python 3.11 to 3.13 with venv, and make; everything else is installed into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Where bytecode is not kept, each process that the suite starts compiles HiveMind again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CORES := $(shell getconf _NPROCESSORS_ONLN)
# Much of the suite waits for machines to start and for health checks: four workers more than there are cores.
JOBS ?= $(shell expr $(CORES) + 4)
BLUEPRINT ?= blueprints/python-postgres
PYTEST := $(BIN)/python -m pytest

help: ## Say what each target does.
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.demo ## Deploy an example with a database to a local cloud on this machine, and leave it running.
	@echo "== Deploying $(BLUEPRINT) to the local cloud: stack, database, two instances, load balancer"
	@$(BIN)/hivemind -C $(BLUEPRINT) apply --local --yes
	@echo "== It keeps running. Look around: $(BIN)/hivemind -C $(BLUEPRINT) status --local"
	@echo "== End it with: make demo-down"

demo-down: $(VENV)/.demo ## Destroy the example and stop the local cloud.
	@echo "== Destroying the example"
	@$(BIN)/hivemind -C $(BLUEPRINT) destroy --local --yes || [ $$? -eq 7 ]
	@echo "== Stopping the local cloud"
	@$(BIN)/hivemind local stop

test: $(VENV)/.dev ## Run the whole suite, real parts included.
	@echo "== Running the suite with $(JOBS) workers"
	@$(PYTEST) -n $(JOBS) --dist loadscope --no-loadscope-reorder $(ARGS)

# These only compute: each worker more would import all tests once more.
fast property: JOBS = $(CORES)

fast: $(VENV)/.dev ## Run the tests that take under a second each.
	@$(PYTEST) -n $(JOBS) -m fast $(ARGS)

property: $(VENV)/.dev ## Run the Hypothesis tests.
	@$(PYTEST) -n $(JOBS) -m property $(ARGS)

stress: $(VENV)/.dev ## Run the tests too heavy for test. PART=kills, faults, kill, packages, deployments or sample: only those.
	@echo "== Running the heavy tests$(if $(PART), of part $(PART)) with $(JOBS) workers"
	@$(PYTEST) -n $(JOBS) --dist loadscope -m stress $(if $(PART),--part $(PART)) $(ARGS)

rehearse: $(VENV)/.dev ## Deploy as on AWS, to moto and Debian machines in namespaces; needs root.
	@$(BIN)/python tests/rehearsal $(ARGS)

lint: $(VENV)/.dev ## Check style, format, types and import directions.
	@echo "== ruff"; $(BIN)/ruff check .
	@echo "== ruff format"; $(BIN)/ruff format --check .
	@echo "== mypy"; $(BIN)/mypy
	@echo "== import directions"; $(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## Format the code.
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

golden: $(VENV)/.dev ## Write the golden templates and plans again; look at the diff.
	@HIVEMIND_WRITE_GOLDEN=1 $(PYTEST) -n0 tests -k golden $(ARGS); git --no-pager diff --stat -- tests

bench: $(VENV)/.dev ## Measure against sam, aws, cfn-lint and sceptre (installed by name into a cache directory).
	@$(BIN)/python -m benchmarks $(ARGS)

constraints: $(VENV)/.dev ## Write the tested versions down, out of .venv, after a passing test.
	@$(BIN)/python -m pip freeze --exclude-editable --exclude hivemind-deploy | LC_ALL=C sort -f > constraints.txt
	@echo "== constraints.txt: $$(wc -l < constraints.txt) versions"

clean: ## Remove .venv and what builds left.
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis

# What has been installed is remembered by a file, so that nothing is installed twice. What lies in this folder is
# compiled as pip compiles the rest; each of the first processes would do it for itself.
$(VENV)/.demo: $(VENV)/.made pyproject.toml constraints.txt
	@$(call install,.[local],demo)

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	@$(call install,.[local$(COMMA)dev],dev)
	@touch $(VENV)/.demo

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "HiveMind needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1). Say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "== Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "python3 can't create environments here. On Debian: apt install python3-venv"; exit 1; }
	@touch $@

COMMA := ,
define install
echo "== Installing HiveMind and what it needs ($(1)); a minute or two the first time"; \
PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --progress-bar off -c constraints.txt -e "$(1)" 2>&1 \
  | awk '/^Collecting/ {printf "   %s\n", $$2; fflush()} /^ERROR|^  *error|No matching/ {print}'; \
$(BIN)/python -m compileall -q hivemind; \
touch $(VENV)/.$(2)
endef

.PHONY: help demo demo-down test fast property stress rehearse lint format golden bench constraints clean
