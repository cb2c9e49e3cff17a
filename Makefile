# Everything runs in a virtual environment that the first target makes; only Python and make are needed.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test bench lint format docs lock clean

demo: $(READY)
	$(BIN)/deploylens demo

test: $(READY) lint
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# About half an hour on an idle machine of two cores; docs/performance.md has its figures.
bench: $(READY)
	$(BIN)/python -m benchmarks.ingest --cases
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.redaction
	$(BIN)/python -m benchmarks.crash --kills 100
	$(BIN)/python -m benchmarks.overload --seconds 300
	$(BIN)/python -m benchmarks.hostile --payloads 100000
	$(BIN)/python -m benchmarks.retention
	$(BIN)/python -m benchmarks.disk_limit
	$(BIN)/python -m benchmarks.verdicts
	$(BIN)/python -m benchmarks.incidents
	$(BIN)/python -m benchmarks.backtest
	$(BIN)/python -m benchmarks.check

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The reference, made from the code; a test says when it is out of date.
docs: $(READY)
	$(BIN)/python -m analysis.reference docs/reference

# The versions that CI and developers use; pyproject.toml has the lower bounds.
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --upgrade pip
	$(VENV)-lock/bin/python -m pip install --quiet --group dev .
	$(VENV)-lock/bin/python -m pip freeze --exclude deploylens > requirements.lock
	rm -rf $(VENV)-lock

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "deploylens needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
