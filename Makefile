# Everything a person runs, and all that CI calls. Needs Python 3.11 and make, nothing else.
PYTHON ?= python3.11
BIN := .venv/bin
DEMO_ARGS ?=

.PHONY: install demo test test-all check bench fuzz attack canaries audit sbom lock clean

# The stamps are newer than the locks they were installed from, so an unchanged tree installs nothing.
.venv/run.stamp: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

install: .venv/run.stamp

demo: .venv/run.stamp
	$(BIN)/python -m bot demo $(DEMO_ARGS)

# Compiled files are kept: without them both workers and every program that a test starts compile the product anew.
unexport PYTHONDONTWRITEBYTECODE
SUITE := $(BIN)/python -m pytest -n 2 --dist worksteal -q
WHOLE := -m "" --hypothesis-profile=full

# Units, properties, contract cards and the core of the journeys: under two minutes.
test: .venv/dev.stamp
	$(SUITE)

# Everything, each property to its full depth, and how much of the product that runs.
test-all: .venv/dev.stamp
	$(SUITE) $(WHOLE) --durations=10 --cov --cov-report=json:.coverage.json
	$(BIN)/python -m tests.house.floors .coverage.json

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/house

bench: .venv/dev.stamp
	$(BIN)/python -m bench

# Mutants of the broker's answers and frames: at least 100,000 for each decoder.
fuzz: .venv/dev.stamp
	FUZZ=1 $(SUITE) tests/bot/broker/test_fuzz.py

# Forgery, tampering, taps at once, a flood of strangers: one line of JSON each (docs/security.md keeps the figures).
attack: .venv/dev.stamp
	$(BIN)/python -m tests.attack.run

# The whole suite at DEBUG; a test that lets one of the suite's secrets out, in any spelling, fails (docs/security.md, T20).
canaries: .venv/dev.stamp
	$(SUITE) $(WHOLE) -p tests.stage.gate

# Known vulnerabilities of everything that is locked. Asks PyPI; a package that could not be looked up is a failure (--strict).
# Without a network: make audit ADVISORIES=directory, a checkout of an advisory database in OSV's format, as new as can be had.
audit: .venv/dev.stamp
ifdef ADVISORIES
	$(BIN)/python -m tests.attack.advisories $(ADVISORIES) requirements.txt requirements-dev.txt
else
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements.txt
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements-dev.txt
endif

# What it is made of, in CycloneDX's JSON: every locked package with the hashes of its files.
sbom: .venv/dev.stamp
	@$(BIN)/python -m tests.attack.bill requirements.txt requirements-dev.txt

lock: .venv/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml

clean:
	rm -rf .venv .demo
