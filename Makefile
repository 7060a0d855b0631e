# Every target works from a fresh clone: what is missing is installed first (see tools/install.sh).
.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow lint docs benchmark benchmark-analysis locks clean
VENV ?= .venv
python := $(VENV)/bin/python
# A process a core, each with one thread: trainings of several threads slow each other down tenfold.
tests := OMP_NUM_THREADS=1 $(python) -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

help: ## List these targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 20

install: ## Make .venv with all pinned packages and the project (PYTHON=python3.13 LOCK=numpy2|numpy1|onedl)
	@PYTHON='$(PYTHON)' LOCK='$(LOCK)' VENV='$(VENV)' tools/install.sh

demo: install ## The whole study on synthetic people: train, explain, improve, compare (ARGS="--help")
	@$(python) tools/run_study.py --demo $(ARGS)

test: install ## Run the tests that take seconds (ARGS='-k curves')
	@$(tests) -m 'not slow' $(ARGS)

test-slow: install ## Run the tests that train and take minutes
	@# pytest ends with 5 where no test is slow: nothing failed then.
	@$(tests) -m slow $(ARGS) || test $$? -eq 5

lint: install ## Check the style with ruff, and the types with mypy
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy

docs: install ## Build the documentation into build/docs and check its links and its search; no network is used
	@$(python) -W ignore -m sphinx --quiet --fail-on-warning --fresh-env -b html docs build/docs
	@$(python) -W ignore docs/_ext/check_site.py build/docs

benchmark: install ## Measure the network beside MMPose's own hourglass
	@$(python) benchmarks/network.py $(ARGS)

benchmark-analysis: install ## Measure the analysis beside scikit-learn (ARGS='--scale')
	@$(python) benchmarks/analysis.py $(ARGS)

# For all Pythons and machines at once; what stands in a lock stays until LOCK_ARGS=--upgrade.
lock := uv pip compile --quiet --universal --python-version 3.10 --no-annotate --custom-compile-command 'make locks' \
	$(LOCK_ARGS) pyproject.toml --extra dask --extra dev --extra docs requirements/mmpose.in
locks: ## Pin all packages anew, from pyproject.toml and requirements/*.in (needs uv; LOCK_ARGS=--upgrade)
	@$(lock) requirements/openmmlab.in --no-build --no-emit-package xtcocotools --output-file requirements/numpy2.txt
	@$(lock) requirements/openmmlab.in --no-build requirements/numpy1.in --output-file requirements/numpy1.txt
	@$(lock) requirements/onedl.in --no-emit-package xtcocotools --output-file requirements/onedl.txt

clean: ## Remove .venv and caches; work_dirs and data stay
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache build shg_xai.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
