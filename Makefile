# What can be done here: `make help`.
#
# Needs git, make and Python 3.10 or newer with venv.  Everything else is installed into
# environments of this folder, each time that pyproject.toml asks for something new.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
unexport PYTHONPATH PYTHONHOME

# The first Python that runs, is new enough and can make environments.
RUNS = -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p $(RUNS) && { echo $$p; break; }; done)
endif

VERSIONS := 3.10 3.11 3.12 3.13
PACKAGE := $(shell find clustrix -name '*.py' -o -name '*.md' -path 'clustrix/*')
CODE := $(wildcard clustrix tests examples benchmarks docs/*.py)

# $(call environment,folder,what to install): a new one each time, so that nothing old stays in it.
define environment
@$(if $(PYTHON),,echo "no Python 3.10 or newer with venv was found; try: make PYTHON=..."; exit 1)
@echo "installing $(2) into $(1) ..."
@rm -rf $(1) build
@$(PYTHON) -m venv $(1)
@$(1)/bin/python -m pip install -qq --disable-pip-version-check $(2)
@touch $@
endef

.PHONY: help
help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 18

# ---- the main job -------------------------------------------------------------------------

# Installed as a user would install it, so what is missing from the package is missed here.
.venv/.ready: pyproject.toml $(PACKAGE)
	$(call environment,.venv,.)

.PHONY: demo
demo: .venv/.ready  ## survey the standard library of this Python, in parallel
	@.venv/bin/python examples/survey_stdlib.py

# ---- tests --------------------------------------------------------------------------------

TEST_ENV := .venv-test
RUN := $(TEST_ENV)/bin/python

# A plain path to this folder: the usual one is code that every interpreter would run at its start,
# and workers would find modules loaded that they have to load themselves where users install them.
HERE := --config-settings editable_mode=compat

$(TEST_ENV)/.ready: pyproject.toml
	$(call environment,$(TEST_ENV),--editable '.[test]' $(HERE))

.PHONY: test
test: $(TEST_ENV)/.ready  ## style, types, and every test and example
	$(RUN) -m ruff check $(CODE)
	$(RUN) -m ruff format --check $(CODE)
	$(RUN) -m mypy
	$(RUN) -m pytest

CLUSTERS := test,dask,ray

.venv-distributed/.ready: pyproject.toml
	$(call environment,.venv-distributed,--editable '.[$(CLUSTERS)]' $(HERE))

.PHONY: test-distributed
test-distributed: .venv-distributed/.ready  ## the promise on Dask and Ray, lost workers, hosts cut off (10 minutes)
	@.venv-distributed/bin/python -m tests.distributed

.PHONY: test-all
test-all:  ## `make test` on each Python from 3.10 to 3.13 that runs here
	@ran=; for v in $(VERSIONS); do \
		for p in python$$v "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$v.*/bin/python$$v; do \
			"$$p" $(RUNS) || continue; \
			echo "---- Python $$v ----"; ran="$$ran $$v"; \
			$(MAKE) --no-print-directory test PYTHON="$$p" TEST_ENV=.venv-test-$$v || exit 1; \
			break; \
		done; \
	done; echo "passed on Python:$${ran:- none found}"; test -n "$$ran"

.PHONY: analysis-score
analysis-score: $(TEST_ENV)/.ready  ## how often the analysis is right about labelled functions
	@$(RUN) tests/analysis/score.py
	@$(RUN) -m tests.analysis.effects_score

.PHONY: fuzz
fuzz: $(TEST_ENV)/.ready  ## the analysis on every source file of the standard library (some minutes)
	@CLUSTRIX_FUZZ=all $(RUN) -m pytest tests/analysis/test_fuzz.py

.PHONY: stress
stress: $(TEST_ENV)/.ready  ## 300 rounds of crashes, kills, time-outs and interrupts (8 minutes at most)
	@$(RUN) -m tests.stress 300

.PHONY: conformance
conformance: $(TEST_ENV)/.ready  ## behaviour by engine: is it the plain loop? (6 minutes at most)
	@$(RUN) -m clustrix.testing.conformance

.PHONY: conformance-docs
conformance-docs: $(TEST_ENV)/.ready  ## put that table into the reference pages
	@$(RUN) -m clustrix.testing.conformance --render-docs

.PHONY: conformance-clusters
conformance-clusters: .venv-distributed/.ready  ## the same on Dask and Ray, into the page of clusters (4 minutes)
	@.venv-distributed/bin/python -m clustrix.testing.conformance dask ray --patience 60 --render-docs

.PHONY: test-executors
test-executors: $(TEST_ENV)/.ready  ## CPython's own tests of executors, where this Python ships them
	@$(RUN) tests/cpython_executors.py

# ---- benchmarks ---------------------------------------------------------------------------

.venv-bench/.ready: pyproject.toml
	$(call environment,.venv-bench,--editable '.[bench]' $(HERE))

# What pip does for those who install a package, whatever the environment says of compiled files.
.PHONY: compiled
compiled: .venv-bench/.ready
	@.venv-bench/bin/python -m compileall -q clustrix benchmarks

.PHONY: bench
bench: compiled  ## clustrix, the plain loop and the peers on every kind of work (10 minutes)
	@.venv-bench/bin/python -m benchmarks

.PHONY: bench-quick
bench-quick: compiled  ## the main kinds of work, two peers, few rounds (1 minute)
	@.venv-bench/bin/python -m benchmarks --quick

.PHONY: bench-docs
bench-docs: .venv-bench/.ready  ## put the last table and plot into the pages
	@.venv-bench/bin/python -m benchmarks --render-docs

.PHONY: bench-engine
bench-engine: compiled  ## start-up, round trip, pauses, big arrays, plain data, streams
	@.venv-bench/bin/python -m benchmarks.round_trip
	@.venv-bench/bin/python -m benchmarks.pauses
	@.venv-bench/bin/python -m benchmarks.big_arrays
	@.venv-bench/bin/python -m benchmarks.plain_data
	@.venv-bench/bin/python -m benchmarks.streams

# ---- documentation ------------------------------------------------------------------------

.venv-docs/.ready: pyproject.toml
	$(call environment,.venv-docs,--editable '.[docs]')

.PHONY: docs
docs: .venv-docs/.ready  ## build the pages; a warning is an error
	@rm -rf docs/_build
	@.venv-docs/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "built docs/_build/html/index.html"

.PHONY: catalogue
catalogue: $(TEST_ENV)/.ready  ## write the reference page of the catalogue anew
	@$(RUN) docs/make_catalogue.py

# ---- housekeeping -------------------------------------------------------------------------

.PHONY: clean
clean:  ## remove the environments and everything that was built
	@rm -rf .venv .venv-* .bench build dist *.egg-info docs/_build
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
