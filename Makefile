# `make run` starts the site, `make test` tests it. Both work from a clean clone.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed
KEYS := .local/keys.env

.PHONY: run test lint bench screenshot

run: $(KEYS)
	@$(BIN)/python manage.py run $(ARGS)

test: $(INSTALLED)
	@chromium=$$($(BIN)/python scripts/browser.py) && CHROMIUM="$$chromium" $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(KEYS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run

bench: $(KEYS)
	@$(BIN)/python scripts/bench.py $(ARGS)

screenshot: $(KEYS)
	@chromium=$$($(BIN)/python scripts/browser.py) && CHROMIUM="$$chromium" $(BIN)/python scripts/screenshot.py $(ARGS)

# The stamp is older than requirements.txt whenever that has changed, and only then is anything installed.
$(INSTALLED): requirements.txt
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'This needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Installing requirements.txt into .venv'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(KEYS): | $(INSTALLED)
	@$(BIN)/python -m conversations_ui.accounts.keys
