# Two words do everything: `make repro` runs the pipeline, `make test` tests it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Stages call `foursplit` by name.
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: repro repro-real test test-slow check verify docs ui team team-dev lock lock-team clean

repro: $(VENV)/ready
	foursplit repro

# The same on remote data, from FOURSPLIT_MIRROR or the network; what waits for a licence is listed.
repro-real: $(VENV)/ready
	foursplit repro --real

test: $(VENV)/ready
	pytest -n auto -m "not slow"

test-slow: $(VENV)/ready
	pytest -n auto -m slow

check: $(VENV)/ready
	ruff check
	ruff format --check
	mypy
	lint-imports
	python docs/make_docs.py --check
	foursplit check

verify: $(VENV)/ready
	FOURSPLIT_ACCELERATOR=cpu foursplit verify

docs: $(VENV)/ready
	python docs/make_docs.py

ui: $(VENV)/ready
	foursplit ui

# PostgreSQL, S3 and users with passwords: see docs/team.md.
team: $(VENV)/team

# And what tests them, MLflow's page and the workflows.
team-dev: $(VENV)/team-dev

$(VENV)/team $(VENV)/team-dev: $(VENV)/%: requirements-%.lock $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Python 3.11 or newer; made anew when a pin changes.
$(VENV)/ready: requirements.lock requirements-numeric.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Foursplit needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 repro"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Resolve pyproject.toml afresh and pin what came out.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --editable ".[dev]"
	build/lock/bin/python docs/make_lock.py
	$(MAKE) lock-team

# What a team adds, without moving a pin of the others.
lock-team:
	rm -rf build/lock-team && $(PYTHON) -m venv build/lock-team
	build/lock-team/bin/python docs/make_lock.py team

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
