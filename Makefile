# Two commands: `make run` shows the whole flow on this machine, `make test` runs the suite.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PERSONS ?= 2000
SEED ?= 1
TESTERS ?= 2

.PHONY: run test check stop clean
run: $(VENV)/native
	$(BIN)/shuunou run --persons $(PERSONS) --seed $(SEED)

# Most of the suite waits for brokers and processes: two at once, a file at a time, each with servers of its own.
test: $(VENV)/native check
	$(BIN)/pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/native
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/shuunou schema check

stop:
	@if [ -x $(BIN)/shuunou ]; then $(BIN)/shuunou stop; fi

clean: stop
	rm -rf $(filter-out .hub/jars,$(wildcard .hub/* .hub/.[a-z]*))

# The lock file holds every package with its hashes; the project itself is installed in place.
$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# The codec in C, where a compiler is found; without one the same in Python.
$(VENV)/native: $(VENV)/ready schemas/native.pyx schemas/native_build.py
	$(BIN)/python -m schemas.native_build
	touch $@
