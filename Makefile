# make run · make test · make check · make bench · make soak     (CONTRIBUTING.md says what each is for)

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -q --disable-pip-version-check
BUILT_FROM := pyproject.toml $(wildcard jupyter-config/*/*.json)
# The tests of the API and its rules, which run on memory in `make test` and on DynamoDB and S3 in `make soak`.
API_TESTS := $(addprefix tests/,server chat files exports models usage auth sessions projects)

.DEFAULT_GOAL := help
.PHONY: help run run-aws test check format docs bench soak browser servers clean

help:
	@echo "make run     install into $(VENV) and open JupyterLab with DS Bro and the demo project"
	@echo "make run-aws the same on servers that speak as DynamoDB and S3 do, without an account"
	@echo "make test    install what the tests need and run them"
	@echo "make check   format, lint, types, layers"
	@echo "make format  let ruff format and sort"
	@echo "make docs    write into the documentation what the code knows"
	@echo "make bench   measure beside a bare server and a bare kernel; writes bench/RESULTS.md"
	@echo "make soak    the long tests, and those of the API on DynamoDB and S3"
	@echo "make clean   remove $(VENV) and caches; the data in .leonidas stays"

run: $(VENV)/.for-run
	@$(PY) scripts/run_lab.py -- $(LAB_OPTIONS)

run-aws: $(VENV)/.for-aws
	@$(PY) -m scripts.servers
	@$(PY) -m scripts.run_aws -- $(LAB_OPTIONS)

test: $(VENV)/.for-development browser servers
	@$(PY) -m pytest $(PYTEST_ARGS)

check: $(VENV)/.for-development
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m mypy scripts bench
	$(PY) $(VENV)/bin/lint-imports --no-logo
	$(PY) scripts/check_layout.py

format: $(VENV)/.for-development
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix-only .

docs: $(VENV)/.for-development
	@$(PY) -m scripts.reference
	@$(PY) -m leonidas_jupyter.server.describe docs/openapi.json

bench: $(VENV)/.for-development servers
	@$(PY) -m bench

soak: $(VENV)/.for-development browser servers
	@$(PY) -m pytest -m soak --timeout=3600 $(PYTEST_ARGS)
	@$(PY) -m pytest $(API_TESTS) --engines=aws --timeout=600 $(PYTEST_ARGS)

browser: $(VENV)/.for-development
	@$(PY) scripts/browser.py

servers: $(VENV)/.for-development
	@$(PY) -m scripts.servers

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

# The stamps make a second start quick; a changed pyproject.toml installs again.
$(VENV)/.for-run: $(BUILT_FROM) | $(VENV)/.made
	@echo "Installing Leonidas and JupyterLab into $(VENV) (the first time takes some minutes) ..."
	@$(PIP) -e '.[server]' 'jupyterlab>=4.2,<5'
	@touch $@

$(VENV)/.for-aws: $(VENV)/.for-run
	@$(PIP) -e '.[server,aws-local]'
	@touch $@

$(VENV)/.for-development: $(BUILT_FROM) | $(VENV)/.made
	@echo "Installing what development and the tests need into $(VENV) ..."
	@$(PIP) -e '.[server,test,lint,bench]'
	@touch $@ $(VENV)/.for-run $(VENV)/.for-aws

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "Leonidas needs Python 3.11 or newer, and there is no $(PYTHON) here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Leonidas needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'). Name another one: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { echo "$(PYTHON) could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@
