# Every target sets up .venv first if needed. PYTHON names the Python (3.11 to 3.13) to build it with, VENV another
# place for it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run setup test test-fast test-soketi run-soketi fuzz check format bench growth refresh clean

run: $(STAMP)
	@$(BIN)/wiretax run

setup: $(STAMP)

test: $(STAMP)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0

# Those of a folder: make test-fast TESTS=tests/unit/wiretax/mock
TESTS ?= tests/unit

test-fast: $(STAMP)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal --max-worker-restart 0 $(TESTS)

# make run-soketi PLAN=capacity runs another plan.
PLAN ?= quick

# Both install soketi first, once per machine (364 MB, in ~/.cache/wiretax). From then on make test has its tests, too.
test-soketi: $(STAMP)
	@WIRETAX_SOKETI=install $(BIN)/python -m pytest tests/contract/test_soketi.py

run-soketi: $(STAMP)
	@WIRETAX_SOKETI=install PYTHONPATH=tests $(BIN)/python tests/contract/beside_soketi.py $(BIN)/wiretax run $(PLAN)

# As many inputs for each property as one likes: make fuzz EXAMPLES=200000 TESTS=tests/unit/wiretax/mock
EXAMPLES ?= 10000

fuzz: $(STAMP)
	@WIRETAX_FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n auto --dist worksteal -m hypothesis \
		--hypothesis-profile fuzz --hypothesis-show-statistics $(TESTS)

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@$(BIN)/zizmor --offline --quiet action.yml
	@$(BIN)/shellcheck .ci/run .github/action/*.sh
	@$(BIN)/hadolint Dockerfile

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# About ten minutes on two quiet cores. More of it: make bench ROUNDS=20
ROUNDS ?= 6

bench: $(STAMP)
	@echo "Comparing with other load generators (about seven minutes), then sampling and growth (about three) ..."
	@$(BIN)/python -m benchmarks.peers --rounds $(ROUNDS)
	@$(BIN)/python -m benchmarks.sampling
	@$(BIN)/python -m benchmarks.growth

growth: $(STAMP)
	@$(BIN)/python -m benchmarks.growth

refresh: $(STAMP)
	@$(BIN)/python -m docs.schemas
	@$(BIN)/python -m docs.refresh

clean:
	rm -rf .venv .venv-* build dist *.egg-info .mypy_cache .pytest_cache .hypothesis .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once; about a minute) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[notebooks,test,bench]'
	@touch $@
