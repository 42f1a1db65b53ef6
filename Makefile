# Everything a person runs, and all that CI calls. Needs make and a Python from 3.11 to 3.14, nothing else.
# The newest there is; make PYTHON=/path/to/python chooses another. Each is started, since a version manager's shim may have
# no interpreter behind it, and asked for what makes a venv, which some systems ship apart.
PYTHONS := python3.14 python3.13 python3.12 python3.11 python3
RUNS := -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
PYTHON ?= $(shell for each in $(PYTHONS); do $$each $(RUNS) 2>/dev/null && echo $$each && break; done)
# For the smoke on a second one also those that version managers keep without a name on the PATH.
KEPT := $(sort $(wildcard $(HOME)/.pyenv/versions/3.1[1-4].*/bin/python3 $(HOME)/.local/share/uv/python/*/bin/python3))
BIN := .venv/bin
DEMO_ARGS ?=

.PHONY: install demo test test-all smoke-other check bench fuzz attack campaign canaries audit sbom readme pictures lock clean

# The stamps are newer than the locks they were installed from, so an unchanged tree installs nothing.
.venv/run.stamp: requirements.txt
	@test -x $(BIN)/python || test -n "$(PYTHON)" || { \
	  echo "No Python from 3.11 to 3.14 that can make a venv was found. Install one, or say: make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $$($(PYTHON) --version)."; $(PYTHON) -m venv .venv; }
	@echo "Installing the libraries that requirements.txt locks into .venv. Once, about a minute."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	@echo "Installing what the tests and checks need (requirements-dev.txt). Once, about a minute."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

install: .venv/run.stamp

demo: .venv/run.stamp
	@echo "Starting the paper broker, the chat and the bot."
	@$(BIN)/python -m bot demo $(DEMO_ARGS)

# Compiled files are kept: without them both workers and every program that a test starts compile the product anew.
unexport PYTHONDONTWRITEBYTECODE
SUITE := $(BIN)/python -m pytest -n 2 --dist worksteal -q
WHOLE := -m "" --hypothesis-profile=full

# Units, properties, contract cards and the core of the journeys. The house rules are of `make check`.
test: .venv/dev.stamp
	$(SUITE) --ignore=tests/house

# Everything, each property to its full depth, and how much of the product that runs.
test-all: .venv/dev.stamp
	$(SUITE) $(WHOLE) --durations=10 --cov --cov-report=json:.coverage.json
	$(BIN)/python -m tests.house.floors .coverage.json
	@$(MAKE) --no-print-directory smoke-other

# The whole journey on another Python than that of .venv, with the same lock, where this machine has one.
smoke-other: .venv/run.stamp
	@mine=$$($(BIN)/python -c 'import sys; print(*sys.version_info[:2], sep=".")'); \
	for each in $(PYTHONS) $(KEPT); do \
	  $$each $(RUNS) 2>/dev/null || continue; \
	  theirs=$$($$each -c 'import sys; print(*sys.version_info[:2], sep=".")'); \
	  test "$$theirs" = "$$mine" && continue; \
	  echo "Smoke on Python $$theirs besides $$mine: making .venv-other and installing the lock."; \
	  $$each -m venv --clear .venv-other || exit 1; \
	  .venv-other/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt || exit 1; \
	  exec .venv-other/bin/python -m bot demo --smoke --data .demo/other; \
	done; \
	echo "No Python from 3.11 to 3.14 besides $$mine is on this machine: the smoke ran on that one alone."

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/house

bench: .venv/dev.stamp
	$(BIN)/python -m bench

# Mutants of the broker's answers and frames: at least 100,000 for each decoder.
fuzz: .venv/dev.stamp
	FUZZ=1 $(SUITE) tests/bot/broker/fuzz

# Forgery, tampering, taps at once, a flood of strangers: one line of JSON each (docs/security.md keeps the figures).
attack: .venv/dev.stamp
	$(BIN)/python -m tests.attack.run

# Seeded sessions in virtual time with faults on both sides, kills and clocks that are set; a checker of its own compares what the
# exchange did with what the chats showed, and has to catch every mutant. One line of JSON. A failing one again, told in full:
# make campaign SEED=4711
campaign: .venv/dev.stamp
ifdef SEED
	$(BIN)/python -m tests.campaign --seed $(SEED)
else
	$(BIN)/python -m tests.campaign --seeds $(or $(SEEDS),200) $(if $(SECONDS),--seconds $(SECONDS))
endif

# The whole suite at DEBUG; a test that lets one of the suite's secrets out, in any spelling, fails (docs/security.md, T20).
canaries: .venv/dev.stamp
	$(SUITE) $(WHOLE) -p tests.stage.gate.gate

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

# The README's tables of settings and of commands, as the code has them.
readme: .venv/dev.stamp
	$(BIN)/python -m tests.house.readme

# The pictures in docs/pictures, from the sample values that the tests draw.
pictures: .venv/dev.stamp
	$(BIN)/python -m tests.stage.values.pictures

# Everything at its newest, for every Python from 3.11 to 3.14 at once.
LOCK := uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: .venv/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/$(LOCK) -o requirements.txt pyproject.toml
	$(BIN)/$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml

clean:
	rm -rf .venv .venv-other .demo
