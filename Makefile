# Everything a newcomer needs: `make demo` runs the city, `make test` checks it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint types imports docs bench clean

help:  ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(VENV)/made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --without-pip --clear $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install -q pip; }
	@touch $@

$(VENV)/runtime: $(VENV)/made pyproject.toml constraints.txt
	$(PIP) install -q -c constraints.txt -e .
	@touch $@

$(VENV)/dev: $(VENV)/runtime
	$(PIP) install -q -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(VENV)/dev  ## Set up .venv with everything, development tools included

demo: $(VENV)/runtime  ## Run the storm with its dashboard: city, broker, operations centre
	$(BIN)/chengmai live storm --speed 30

test: $(VENV)/dev  ## Run the tests; those that need other programs are skipped with a reason
	$(BIN)/pytest -q -n 2 --dist loadgroup

check: format lint types imports docs  ## Everything CI checks, with no test skipped
	CHENGMAI_NO_SKIPS=1 HYPOTHESIS_PROFILE=ci $(BIN)/pytest -q -n 2 --dist loadgroup

format: $(VENV)/dev
	$(BIN)/ruff format --check .

lint: $(VENV)/dev
	$(BIN)/ruff check .

types: $(VENV)/dev
	$(BIN)/mypy

imports: $(VENV)/dev
	$(BIN)/lint-imports

docs: $(VENV)/dev  ## Check that README and docs tell the truth of this commit
	$(BIN)/pytest -q tests/docs

bench: $(VENV)/dev  ## Measure: readings a second, memory, against one SimPy process a device
	$(BIN)/python benchmarks/whole_loop.py

clean:  ## Remove what was made
	rm -rf $(VENV) out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
