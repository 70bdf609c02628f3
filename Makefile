# make demo   the refund desk, end to end, on a real Airflow without a server (SEED=, FAULTS=)
# make up     the demo's outcome in Airflow's own pages on 127.0.0.1:8080 (PORT=), until make down
# make test   ruff, mypy and the whole suite
# All create .venv first when it is missing or requirements.txt has changed.

SEED ?= 1
FAULTS ?= 3
PORT ?= 8080
PYTEST ?=
PYTHON ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PINS := $(VENV)/.pins-installed
PROJECT := $(VENV)/.project-installed

.DEFAULT_GOAL := help
.PHONY: help install demo up down test check clean

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

install: $(PROJECT)

demo: $(PROJECT)
	@$(BIN)/shadow demo --seed $(SEED) --faults $(FAULTS)

up: $(PROJECT)
	@$(BIN)/shadow demo
	@$(BIN)/shadow up --port $(PORT)

down: $(PROJECT)
	@$(BIN)/shadow down

test: check
	$(BIN)/pytest $(PYTEST)

check: $(PROJECT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict shadow comparators dags

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

# Python 3.11 under either name; a pyenv shim that is there and does not work is passed over.
$(BIN)/python:
	@found=""; \
	for name in $(PYTHON) python3.11 python3; do \
	  if "$$name" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then \
	    found="$$name"; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "make: Python 3.11 is needed and neither python3.11 nor python3 is one; install it, or say make PYTHON=/path/to/python3.11" >&2; \
	  exit 2; \
	fi; \
	"$$found" -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "make: $$found cannot create an environment; on Debian and Ubuntu: apt-get install python3.11-venv" >&2; \
	  exit 2; \
	}

# Every pin is given, so nothing is resolved; bytecode is compiled on all cores afterwards.
$(PINS): requirements.txt | $(BIN)/python
	@echo "installing $$(grep -c == requirements.txt) packages into $(VENV), about a minute"
	@$(PIP) install --quiet --no-deps --no-compile --requirement requirements.txt
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
	@touch $@

$(PROJECT): $(PINS) pyproject.toml
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(PIP) check
	@touch $@
