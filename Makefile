# Set up, build and test. `make` alone says what there is.

PYTHON  ?=
WORKERS ?= 2
ARGS    ?=

VENV := .venv
BIN  := $(VENV)/bin

# One stamp for what `quire` needs, one for what the tests need besides.
READY     := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help build test lint format schema caniemail bench constraints wheel clean distclean FORCE

help: ## say what there is
	@echo "make TARGET"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "  %-12s %s\n", $$1, $$2 }'
	@echo "Options: PYTHON=python3.12  ARGS='epub --jobs 1' (for build)  WORKERS=4, TESTS=tests/unit (for test)"

build: $(READY) ## set up .venv, then build every format into output/
	$(BIN)/quire build $(ARGS)

test: lint ## set up .venv, then check style and types and run every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

lint: $(READY_DEV) ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY_DEV) ## lay the code out as `make lint` wants it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

schema: $(READY) ## write docs/schema/ anew from the model
	$(BIN)/python -m pipeline.schema docs/schema

caniemail: $(READY) ## fetch anew what mail programs support, with npm; run the tests after it
	$(BIN)/python scripts/caniemail.py $(ARGS)

bench: $(READY_DEV) ## measure; see bench/README.md
	$(BIN)/python -m bench $(ARGS)

wheel: $(READY) ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

constraints: $(BIN)/python ## write constraints.txt anew with the newest versions; run the tests after it
	sh scripts/constraints.sh $(BIN)/python > constraints.new
	mv constraints.new constraints.txt

clean: ## remove what was built, and caches
	[ ! -d output ] || find output -mindepth 1 ! -name .gitignore -delete
	rm -rf .quire/cache build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find pipeline tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf $(VENV)

# --------------------------------------------------------------------------- set-up

# With PYTHON named, the environment is looked at each time; without, when the stamps are old.
ifneq ($(strip $(PYTHON)),)
$(BIN)/python: FORCE
endif
FORCE:

$(BIN)/python:
	@sh scripts/environment.sh $(VENV) $(PYTHON)

$(READY): $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing Quire into $(VENV); the first time takes a minute or two"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@sh scripts/system-libraries.sh $(BIN)/python
	@touch $@

$(READY_DEV): $(READY)
	@echo "Installing what the tests need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
