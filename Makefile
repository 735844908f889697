# `make demo` and `make test` do all the set-up by themselves; nothing is assumed but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

BESIDE := --numprocesses=auto --maxprocesses=4 --dist=worksteal  # a process for each core

.PHONY: demo test test-slow check format clean

demo: $(READY)
	$(BIN)/castlist demo

test: $(READY)
	$(BIN)/python -m pytest $(BESIDE)

test-slow: $(READY)
	$(BIN)/python -m pytest $(BESIDE) -m slow

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "castlist needs Python 3.11 or later.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".[keras,dev]"
	touch $@

clean:
	rm -rf $(VENV) dist build
