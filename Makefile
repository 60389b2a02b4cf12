# make repro · make test · make check · make bench · make chat · make overview
# Each works as the very first command in a fresh clone; nothing but Python (3.11 or newer), git and make is needed.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUNBUFFERED := 1
# Fetching happens at installation only; a run that reached for a hub would not repeat.
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help install repro report test test-fast check fix sweep bench chat overview lock

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(READY)  ## Make .venv with the locked dependencies and the embedded model

# torch goes first and brings its own dependencies, which differ between its CPU and GPU builds; everything else is
# listed completely in the lock. The stamp is touched last, so an interrupted installation starts again.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; call make with PYTHON=python3.11")'
	@echo "Installing the locked dependencies into $(VENV) (once; a few minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock "$$(grep '^torch==' requirements.lock)"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@touch $@

repro: $(READY)  ## Run the pipeline: validate, train, answer, evaluate, report
	@dvc repro
	@echo "Made: models/ (the tutors), data/processed/ (what they learned from, answered and scored), reports/ (what it means)."
	@echo "Look: open reports/index.html, read reports/comparison.md, or talk with the tutors by 'make chat'."

report: $(READY)  ## Write the reports from whatever is there, also after a run in which a tutor failed
	@python -m stages.report

# Three workers on two cores: one waits for a server or a browser most of the time.
# Byte code is kept, whatever the shell says: the tests start hundreds of processes, and each would compile what it imports.
test: $(READY)  ## Run every test
	@PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 python -m pytest -n 3 --dist worksteal -q

test-fast: $(READY)  ## Run the tests that need no training, pipeline run or browser
	@OMP_NUM_THREADS=1 python -m pytest -n 2 -q -m "not slow"

check: $(READY)  ## Lint, format and types
	@ruff check .
	@ruff format --check .
	@mypy
	@echo "Lint, format and types are clean."

fix: $(READY)  ## Mend what lint and format can mend by themselves
	@ruff check --fix .
	@ruff format .

# A plain loop of experiments; `dvc exp show` lists them too. Alpha is twice the rank, so that the adapters' scale stays what it
# was. params.yaml comes back as it was, also after Ctrl-C, and `dvc repro` then takes its tutors from DVC's run cache.
RANKS ?= 4 8 16
RATES ?= 2e-3 4e-3
MULTIPLIERS ?= 0.5 1 2
sweep: $(READY)  ## Train lora with all RANKS and RATES, openai with all MULTIPLIERS; the table is reports/plots/sweep.csv
	@mkdir -p .cache && cp params.yaml .cache/params_before_sweep.yaml
	@trap 'mv .cache/params_before_sweep.yaml params.yaml' EXIT; trap 'exit 130' INT TERM; \
	for r in $(RANKS); do for rate in $(RATES); do \
	  dvc exp run --quiet train_lora -S lora.r=$$r -S lora.alpha=$$((2 * r)) -S lora.learning_rate=$$rate \
	  && python -m three_tutors.reporting.sweep lora || exit 1; \
	done; done; \
	for multiplier in $(MULTIPLIERS); do \
	  dvc exp run --quiet train_openai -S openai.learning_rate_multiplier=$$multiplier \
	  && python -m three_tutors.reporting.sweep openai || exit 1; \
	done
	@echo "params.yaml is what it was. Put your choice there, then run dvc repro: the tutors are in the cache."

bench: $(READY)  ## Measure speed beside other tools and write reports/benchmarks.md
	@python -m tests.benchmarks

chat: $(READY)  ## Open the page where a person talks with the tutors
	@dvc repro --quiet answer
	@python -m three_tutors.chat

overview: ## Walk through the three approaches on one dialogue in two minutes
	@$(PYTHON) -m three_tutors.reporting.overview

lock: $(READY)  ## Write requirements.lock from what is installed in .venv
	@$(VENV)/bin/python -m pip freeze --exclude pip --exclude wheel | sed 's/+cpu$$//; /^-e /d; s/ @ .*//' > requirements.lock
