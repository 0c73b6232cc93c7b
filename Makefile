# make demo   evolve a small network for three minutes, evaluate it, draw it
# make test   lint, types, import contracts, then the whole test suite
# Both make the virtual environment .venv first, if it is not there or out of date.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEMO := runs/demo

.PHONY: demo test check bench

demo: $(INSTALLED)
	$(BIN)/evo-plastic train configs/quickstart.yaml --run $(DEMO) $(if $(wildcard $(DEMO)/manifest.json),--resume)
	$(BIN)/evo-plastic evaluate $(DEMO) --tasks maze9 --json $(DEMO)/evaluation.json --figures $(DEMO)/figures
	@echo "pictures: $(DEMO)/training.png, $(DEMO)/figures/"

test: check
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "error: evo-plastic needs Python 3.11 to 3.13, $(PYTHON) is another: make PYTHON=python3.12 …" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
