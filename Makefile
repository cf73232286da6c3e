# Everything runs in .venv; `setup` makes it and works again only when a requirement changed.
# Its Python is the newest of this machine that Selfbill runs on; name another with make PYTHON=….
PYTHON ?=
RUN := .venv/bin/python
REQUIREMENTS := requirements.txt requirements-dev.txt constraints.txt
INSTALL := pip install -qq --no-compile --disable-pip-version-check -r requirements-dev.txt
# Two workers for two cores, and one more for what waits; tests/conftest.py says what stays together.
WORKERS ?= 3
PYTEST := $(RUN) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder
SHORT := -m "not prove and not soak"

# Every process would compile the libraries anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test unit check fix prove soak bench up down

help: ## What there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: .venv/installed ## Set up .venv (about a minute, once)

.venv/installed: $(REQUIREMENTS)
	@[ ! -L .venv ] || { echo ".venv is a link; remove it, or run make in the folder that it belongs to"; exit 2; }
	@python="$(PYTHON)"; [ -n "$$python" ] || python="$$(cloud/pythons.sh | head -n 1)"; \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	    echo "Selfbill needs Python 3.11, 3.12 or 3.13 with venv (on Debian: python3-venv); install one, or name it: make PYTHON=/path/to/python"; exit 2; }; \
	echo "Setting up .venv with $$("$$python" --version) (about a minute, once)"; \
	"$$python" -m venv --clear .venv && .venv/bin/$(INSTALL) && touch $@

run: setup ## Bill an example month on a local cloud and show the outcome
	@$(RUN) -m jobs demo

test: check unit ## Check, then run every test but the proofs (at most 10 minutes)
	@$(PYTEST) tests/integration tests/properties tests/documents $(SHORT) --durations=25
	@$(PYTEST) tests/functional tests/crash tests/browser $(SHORT) --durations=25

unit: setup ## Run the unit tests, which must reach every branch of the core (at most a minute)
	@$(PYTEST) tests/unit $(SHORT) --durations=25 --cov --cov-report=term-missing:skip-covered

check: setup ## Check style, types, layers, dead code
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports --no-cache > /dev/null || .venv/bin/lint-imports --no-cache
	@echo "checks passed"

fix: setup ## Put style right where a tool can
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format --quiet .

prove: setup $(addprefix unit-on-,3.11 3.12 3.13) ## Run the proofs at full size (at most 45 minutes)
	@$(PYTEST) tests -m "prove and not lambda_python" --durations=25
	@[ -x .venvs/3.11/bin/python ] || { echo "the proofs of what is packaged need Python 3.11; install it"; exit 2; }
	@.venvs/3.11/bin/python -m pytest tests -m "prove and lambda_python"

# A Python that this machine does not have is passed over; Lambda's has to be there.
unit-on-%: .venvs/%/installed
	@[ ! -x .venvs/$*/bin/python ] || .venvs/$*/bin/python -m pytest -n $(WORKERS) tests/unit $(SHORT)

.venvs/%/installed: $(REQUIREMENTS)
	@mkdir -p $(@D); python="$$(cloud/pythons.sh $*)"; \
	if [ -z "$$python" ]; then echo "no Python $* starts here: its unit tests are passed over"; \
	else echo "Setting up .venvs/$*" && "$$python" -m venv --clear .venvs/$* && .venvs/$*/bin/$(INSTALL) && touch $@; fi

# Made by way of patterns alone, make would delete them again.
.PRECIOUS: .venvs/%/installed

soak: setup ## Run what takes longer than the proofs may, by hand
	@$(RUN) -m pytest tests -m soak --durations=0

bench: setup ## Measure speed, as ratios to a peer or a floor
	@$(RUN) -m benchmarks

up: setup ## Start the local cloud
	@$(RUN) -m jobs up

down: setup ## Stop the local cloud
	@$(RUN) -m jobs down
