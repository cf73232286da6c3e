# Everything runs in .venv; `setup` makes it and works again only when a requirement changed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
RUN := .venv/bin/python
INSTALLED := .venv/installed

.PHONY: setup run test check prove bench up down

setup: $(INSTALLED)

$(INSTALLED): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Selfbill needs Python 3.11; install it, or name it: make PYTHON=/path/to/python3.11")'
	@echo "Setting up .venv (about a minute, once)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: setup
	@$(RUN) -m jobs demo

test: check
	@$(RUN) -m pytest tests -m "not prove" --durations=5

check: setup
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports --no-cache > /dev/null || .venv/bin/lint-imports --no-cache
	@echo "checks passed"

prove: setup
	@$(RUN) -m pytest tests -m prove

bench: setup
	@$(RUN) -m benchmarks

up: setup
	@$(RUN) -m jobs up

down: setup
	@$(RUN) -m jobs down
