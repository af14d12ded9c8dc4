# Two words do everything: `make repro` runs the pipeline, `make test` tests it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Says what is installed, how many packages and megabytes, and for how long; `$(VENV)/install.log` has the rest.
PROGRESS = $(BIN)/python docs/install_packages.py
PIP = $(PROGRESS) $(BIN)/python -m pip install --disable-pip-version-check

# uv where there is one, which is faster than pip (`make UV=` asks for pip); its index is pip's, if the
# environment names one. What uv cannot install, pip tries: both take only files whose hashes are known.
UV ?= $(shell command -v uv 2>/dev/null)
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif
INSTALL_HASHED = $(if $(UV),$(PROGRESS) $(UV) pip install --python $(BIN)/python --require-hashes --no-deps -r $(1) || )\
  $(PIP) --require-hashes --no-deps -r $(1)

# Stages call `foursplit` by name.
export PATH := $(abspath $(BIN)):$(PATH)

.SILENT: $(VENV)/pip $(VENV)/ready $(VENV)/dev $(VENV)/team $(VENV)/team-dev

.PHONY: repro repro-full test test-slow check verify docs ui dev team team-dev torch-cpu lock lock-team lock-hashes clean

repro: $(VENV)/ready
	foursplit repro

# The same on remote data, from FOURSPLIT_MIRROR or the network; what waits for a licence is listed.
repro-full: $(VENV)/ready
	foursplit repro --full

test: $(VENV)/dev
	pytest -n auto --dist worksteal -m "not slow"

test-slow: $(VENV)/dev
	pytest -n auto -m slow

check: $(VENV)/dev
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

# Linters, types and test tools, which `make repro` does without.
dev: $(VENV)/dev

# PostgreSQL, S3 and users with passwords: see docs/team.md.
team: $(VENV)/team

# And what tests them, MLflow's page and the workflows.
team-dev: $(VENV)/team-dev

$(VENV)/team-dev: $(VENV)/dev

$(VENV)/dev $(VENV)/team $(VENV)/team-dev: $(VENV)/%: requirements-%.lock requirements-%.hashes $(VENV)/ready
	$(call INSTALL_HASHED,requirements-$*.hashes)
	$(PIP) -r requirements-$*.lock
	touch $@

# Python 3.11 or newer, and the one pip that installs the rest.
$(VENV)/pip: requirements-pip.hashes
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Foursplit needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 repro"; exit 1; }
	echo "environment: making $(VENV)"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements-pip.hashes
	touch $@

# torch alone, as its build for processors, from its own index and no other: for machines without a GPU.
TORCH_CPU = $(PIP) --no-deps --retries 1 --timeout 20 --index-url https://download.pytorch.org/whl/cpu \
  "$$(grep '^torch==' requirements-numeric.lock)"

torch-cpu: $(VENV)/pip
	$(TORCH_CPU)

# On Linux the default index has the build for NVIDIA's GPUs alone, gigabytes with its libraries: without such a
# GPU the build for processors is taken. `make TORCH=default` takes the default, `make TORCH=cpu` the other.
TORCH ?= $(if $(filter Linux,$(shell uname -s)),$(if $(wildcard /proc/driver/nvidia/version /dev/dxg),default,cpu),default)

# First what hashes are known of, then what they leave: torch, whose builds differ, and what a platform needs besides.
$(VENV)/ready: requirements.lock requirements-numeric.lock requirements.hashes pyproject.toml $(VENV)/pip
	@[ "$(TORCH)" != cpu ] || $(TORCH_CPU) || echo "torch's index did not answer: taking the build of the default index"
	$(call INSTALL_HASHED,requirements.hashes)
	$(PIP) -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

# Resolve pyproject.toml afresh and pin what came out.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --editable ".[courses,dev]"
	build/lock/bin/python docs/make_lock.py
	$(MAKE) lock-team

# What a team adds, without moving a pin of the others.
lock-team:
	rm -rf build/lock-team && $(PYTHON) -m venv build/lock-team
	build/lock-team/bin/python docs/make_lock.py team
	$(MAKE) lock-hashes

# The hashes of what is pinned, without moving a pin.
lock-hashes:
	rm -rf build/lock-hashes && $(PYTHON) -m venv build/lock-hashes
	build/lock-hashes/bin/python docs/make_lock.py hashes

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
