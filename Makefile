# Every target sets up .venv first if it must. PYTHON names the Python 3.11 to build it with.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: run test check format bench refresh clean

run: $(STAMP)
	@$(BIN)/wiretax run

test: $(STAMP)
	@$(BIN)/python -m pytest -n auto --dist loadfile

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP)
	@$(BIN)/python -m benchmarks.peers
	@$(BIN)/python -m benchmarks.sampling

refresh: $(STAMP)
	@$(BIN)/python -m docs.refresh

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@echo "Setting up .venv (once; about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[notebooks,test,bench]'
	@touch $@
