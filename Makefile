# make repro · make test · make check · make bench · make chat · make rate · make overview
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
.PHONY: help install repro report test test-fast test-scale check audit fix study share bench chat rate package overview lock

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(READY)  ## Make .venv with the locked dependencies and the embedded model

# Every file is checked against its hash in the locks. A CPU build of PyTorch is taken where an index offers one, otherwise the build
# on PyPI, which on Linux brings 4 GB of GPU libraries. The stamp is touched last, so an interrupted installation starts again.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
FOR_GPU = $(BIN)/python -c "from importlib.metadata import version as v; exit('+cpu' in v('torch'))"
$(READY): requirements.lock requirements-torch-cpu.lock requirements-torch-gpu.lock
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; call make with PYTHON=python3.11")'
	@echo "Installing the locked dependencies into $(VENV) (once; a few minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --requirement requirements-torch-cpu.lock 2>/dev/null || echo "No index offers a CPU build of PyTorch for this Python; the build on PyPI is taken."
	@$(PIP) --requirement requirements.lock
	@if $(FOR_GPU); then $(PIP) --requirement requirements-torch-gpu.lock; fi
	@printf '%s\n' '#!/bin/sh' 'here=$$(cd "$$(dirname "$$0")" && pwd)' \
	  'PYTHONPATH="$$here/../.." exec "$$here/python" -m three_tutors.command "$$@"' >$(BIN)/tutors && chmod +x $(BIN)/tutors
	@touch $@

# Stages of `repro`, or runs of `study`, at a time.
JOBS ?= 1

repro: $(READY)  ## Run the pipeline; PROFILE=laptop, workstation, api or preference sets what they say, JOBS=4 runs four stages at a time
	@$(if $(and $(PROFILE),$(filter-out 1,$(JOBS))),$(error A profile runs stage by stage; leave JOBS out))
	@$(if $(PROFILE),$(BIN)/python -m three_tutors.studies.profile $(PROFILE),$(BIN)/python -m three_tutors.command.run --jobs $(JOBS))
	@echo "Made: models/ (the tutors), data/processed/ (what they learned from and replied, with scores), reports/."
	@echo "Next: open reports/index.html, which holds every report, or run 'make chat' to talk with the tutors."

report: $(READY)  ## Write the reports from what is there, even if a tutor failed
	@$(BIN)/python -m stages.report

# Three workers on two cores, because one is usually waiting for a server or a browser.
# Byte code is kept even if the shell says otherwise: the tests start hundreds of processes, and each would compile its imports.
test: $(READY)  ## Run every test
	@PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal -q --durations 25

test-fast: $(READY)  ## Run the tests that need no training, pipeline run or browser
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q -m "not slow"

# Ray is not in the lock: it goes into an environment of its own, which sees what .venv has.
SCALE := .cache/scale-venv
test-scale: $(READY)  ## Run the tests that need a Ray cluster, after installing the extra `scale` into .cache/scale-venv
	@test -x $(SCALE)/bin/python || $(BIN)/python -m venv $(SCALE)
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$$($(SCALE)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	@$(SCALE)/bin/python -m pip install --quiet --disable-pip-version-check "$$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["scale"])')"
	@OMP_NUM_THREADS=1 $(SCALE)/bin/python -m pytest -q tests/scale

check: $(READY)  ## Lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@echo "Lint, format and types are clean."

audit: $(READY)  ## Look up the pinned versions among known vulnerabilities
	@.ci/audit

fix: $(READY)  ## Let lint and format repair what they can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

study: $(READY)  ## Run a study of params.yaml: make study NAME=seeds JOBS=1
	@$(BIN)/python -m three_tutors.studies $(or $(NAME),$(error Say which study: make study NAME=seeds; params.yaml lists them under studies)) --jobs $(JOBS)

share: $(READY)  ## Push what was made for colleagues: make share REMOTE=s3://bucket/folder (ENDPOINT=URL, RUNS=1: docs/scale.md)
	@$(BIN)/python -m three_tutors.command.sharing $(or $(REMOTE),$(error Say where to: make share REMOTE=s3://bucket/folder)) \
	  $(if $(ENDPOINT),--endpoint $(ENDPOINT)) $(if $(RUNS),--runs)

bench: $(READY)  ## Measure speed beside other tools; writes reports/benchmarks.md
	@$(BIN)/python -m tests.benchmarks

chat: $(READY)  ## Open the page where you talk with the tutors
	@$(BIN)/dvc repro --quiet answer
	@$(BIN)/python -m three_tutors.chat

rate: $(READY)  ## Open the page where teachers rate replies, not knowing whose they are
	@$(BIN)/dvc repro --quiet answer
	@$(BIN)/python -m three_tutors.rating

package: $(READY)  ## Build the wheel and the sdist, and use the wheel in a clean environment; writes dist/
	@.ci/package

overview: ## Explain the three methods on one dialogue, in two minutes
	@$(PYTHON) -m three_tutors.reporting.overview

# uv resolves for every platform and keeps the versions that are in the lock; `UPGRADE=--upgrade` renews them. What only a GPU build
# of PyTorch needs goes into a file of its own. The index that uv reads has no CPU builds: after a new version of torch, write the hash
# of its wheel into requirements-torch-cpu.lock.
lock: $(READY)  ## Write requirements.lock, with hashes, from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra qlora --extra embedded --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-header --no-annotate --quiet $(UPGRADE) --output-file requirements.lock
	@awk 'BEGIN { printf "" > "requirements-torch-gpu.lock" } \
	  /^[a-z0-9]/ { file = /^(nvidia|cuda|triton)/ ? "requirements-torch-gpu.lock" : "requirements.lock.new" } \
	  { print > file }' requirements.lock
	@mv requirements.lock.new requirements.lock
