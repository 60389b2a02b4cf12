# make repro · make test · make check · make bench · make chat · make overview
# Each of them works as the first command in a fresh clone and needs only Python (3.11 or newer), git and make.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.installed
BIN := $(VENV)/bin
# Recipes name programs with their folder: make 3.81, which Apple ships, looks for others along the PATH that it was started with.
# What those programs start themselves, such as the stages' python, is found along this one.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUNBUFFERED := 1
# Downloads happen at installation only: a run that needed a hub could not be repeated.
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help install repro report test test-fast check fix sweep bench chat overview lock

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(READY)  ## Make .venv with the locked dependencies and the embedded model

# torch is installed first with its own dependencies, which differ between its CPU and GPU builds; the lock lists everything
# else. The stamp is touched last, so an interrupted installation starts again.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; call make with PYTHON=python3.11")'
	@echo "Installing the locked dependencies into $(VENV) (once; a few minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock "$$(grep '^torch==' requirements.lock)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@touch $@

repro: $(READY)  ## Run the pipeline: validate, train, answer, evaluate, report
	@$(BIN)/dvc repro
	@echo "Made: models/ (the tutors), data/processed/ (what they learned from and replied, with scores), reports/."
	@echo "Next: open reports/index.html, read reports/comparison.md, or run 'make chat' to talk with the tutors."

report: $(READY)  ## Write the reports from what is there, even if a tutor failed
	@$(BIN)/python -m stages.report

# Three workers on two cores, because one is usually waiting for a server or a browser.
# Byte code is kept even if the shell says otherwise: the tests start hundreds of processes, and each would compile its imports.
test: $(READY)  ## Run every test
	@PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal -q

test-fast: $(READY)  ## Run the tests that need no training, pipeline run or browser
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q -m "not slow"

check: $(READY)  ## Lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@echo "Lint, format and types are clean."

fix: $(READY)  ## Let lint and format repair what they can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# A loop of experiments, which `dvc exp show` lists too. Alpha is twice the rank, so that the scale of the adapters stays the same.
# params.yaml is restored at the end, also after Ctrl-C; `dvc repro` then takes its tutors from DVC's run cache.
RANKS ?= 4 8 16
RATES ?= 2e-3 4e-3
MULTIPLIERS ?= 0.5 1 2
sweep: $(READY)  ## Train lora with all RANKS and RATES, openai with all MULTIPLIERS
	@mkdir -p .cache && cp params.yaml .cache/params_before_sweep.yaml
	@trap 'mv .cache/params_before_sweep.yaml params.yaml' EXIT; trap 'exit 130' INT TERM; \
	for r in $(RANKS); do for rate in $(RATES); do \
	  $(BIN)/dvc exp run --quiet train_lora -S lora.r=$$r -S lora.alpha=$$((2 * r)) -S lora.learning_rate=$$rate \
	  && $(BIN)/python -m three_tutors.reporting.sweep lora || exit 1; \
	done; done; \
	for multiplier in $(MULTIPLIERS); do \
	  $(BIN)/dvc exp run --quiet train_openai -S openai.learning_rate_multiplier=$$multiplier \
	  && $(BIN)/python -m three_tutors.reporting.sweep openai || exit 1; \
	done
	@echo "reports/plots/sweep.csv has the table. params.yaml is unchanged: put your choice there and run make repro."

bench: $(READY)  ## Measure speed beside other tools; writes reports/benchmarks.md
	@$(BIN)/python -m tests.benchmarks

chat: $(READY)  ## Open the page where you talk with the tutors
	@$(BIN)/dvc repro --quiet answer
	@$(BIN)/python -m three_tutors.chat

overview: ## Explain the three methods on one dialogue, in two minutes
	@$(PYTHON) -m three_tutors.reporting.overview

lock: $(READY)  ## Write what is installed in .venv to requirements.lock
	@$(BIN)/python -m pip freeze --exclude pip --exclude wheel | sed 's/+cpu$$//; /^-e /d; s/ @ .*//' > requirements.lock
