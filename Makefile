# Two commands set everything up on a fresh machine: `make train` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup train test test-all lint format type bench results results-mixtures zoo race fuzz mutants tensorboard lock wheel clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the environment in .venv from the lock file, every package verified by hash

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "gan_lab needs Python 3.10 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

train: $(READY) ## Train the default GAN on MNIST; ARGS="loss=wgan" changes it
	$(BIN)/python -m gan_lab.train $(ARGS)

test: $(READY) ## Run the tests that take minutes, with lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy & types=$$!; \
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not gpu"; tests=$$?; \
	wait $$types && exit $$tests

test-all: $(READY) ## Run every test, the slow ones too
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY) ## Check style and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## Put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(READY) ## Check types
	$(BIN)/mypy

results: $(READY) ## Train every loss with every model and print the README's table; hours, resumable
	$(BIN)/python -m benchmarks.results $(ARGS)

zoo: $(READY) ## Train every recipe with its stated budget and write docs/zoo.md; a day, resumable
	$(BIN)/python -m benchmarks.zoo $(ARGS)

results-mixtures: $(READY) ## Train the 25-mode grid over three seeds and print the table
	$(BIN)/python -m benchmarks.mixtures $(ARGS)

bench: $(READY) ## Measure speed and memory beside a plain script and a tuned loop; an hour or two
	$(BIN)/python -m benchmarks.run $(ARGS)

race: $(READY) ## Race recipes against the clock to good digits; an hour
	$(BIN)/python -m benchmarks.race $(ARGS)

fuzz: $(READY) ## Try hundreds of changed checkpoints and mistyped command lines; minutes
	$(BIN)/python -m benchmarks.fuzz $(ARGS)

mutants: $(READY) ## Change the code in one place at a time and count what tests notice; hours, resumable
	$(BIN)/python -m benchmarks.mutants $(ARGS)

tensorboard: $(READY) ## Look at all runs in a browser
	$(BIN)/tensorboard --logdir outputs

lock: $(READY) ## Make the lock file anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.10 \
		--generate-hashes --no-header --quiet --output-file requirements.lock

wheel: $(READY) ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove the environment and caches, not the runs
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build dist
