# Every target makes .venv by itself; all that a machine needs is Python 3.11 or later and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP_VERSION := 26.2
ARGS ?=

BIN := .venv/bin
LOCK := requirements/lock.txt
INSTALL := $(BIN)/python -m pip install --quiet --constraint $(LOCK) --build-constraint $(LOCK)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
VENV := .venv/.made
DEMO := .venv/.demo
DEV := .venv/.dev

.PHONY: help demo test lint bench soak messages pictures fresh lock clean

help:
	@echo "make demo     the example project: web, worker, beat, Redis and stand-ins for the services (ARGS=--once: check and end)"
	@echo "make test     the test suite, in two processes (ARGS=... goes to pytest)"
	@echo "make lint     ruff, mypy, import rules, migrations"
	@echo "make bench    the benchmarks"
	@echo "make soak     faults at random on real processes (SOAK_SEED, SOAK_SECONDS)"
	@echo "make messages the texts of the sources into the catalogues of all languages; names what a translation lacks"
	@echo "make pictures the chats of docs/channels.md and the README's first picture, drawn anew"
	@echo "make fresh    the README's commands in a clean clone"
	@echo "make lock     renew $(LOCK)"
	@echo "make clean    remove .venv and what the demo left"

$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; name it with PYTHON=...") if sys.version_info < (3, 11) else None'
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet pip==$(PIP_VERSION)
	@touch $@

$(DEMO): $(VENV) pyproject.toml $(LOCK)
	@echo "Installing what the demo needs"
	@$(INSTALL) --group demo --editable .
	@touch $@

$(DEV): $(DEMO)
	@echo "Installing what tests and lint need"
	@$(INSTALL) --group test --group lint
	@touch $@

demo: $(DEMO)
	@$(BIN)/python example_project/manage.py demo $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m django makemigrations --check --dry-run --settings tests.settings

bench: $(DEV)
	$(BIN)/python -m benchmarks.caller_cost
	$(BIN)/python -m benchmarks.caller_latency
	$(BIN)/python -m benchmarks.recovery
	$(BIN)/python -m benchmarks.redaction
	$(BIN)/python -m benchmarks.rendering
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.size

soak: $(DEV)
	@SOAK_SECONDS=$${SOAK_SECONDS:-300} $(BIN)/python -m pytest tests/end_to_end/test_conservation.py $(ARGS)

messages: $(DEV)
	@$(BIN)/python .ci/messages

pictures: $(DEV)
	@$(BIN)/python .ci/pictures

fresh:
	.ci/fresh

lock:
	.ci/lock $(PYTHON)

clean:
	rm -rf .venv example_project/var
