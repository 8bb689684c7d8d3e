# `make run` starts the site, `make test` tests it. Both work from a clean clone.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed
EQUIPPED := .venv/equipped
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
KEYS := .local/keys.env

.PHONY: run test lint lock sbom bench screenshot

run: $(KEYS)
	@$(BIN)/python manage.py run $(ARGS)

test: $(EQUIPPED)
	@chromium=$$($(BIN)/python scripts/browser.py) && CHROMIUM="$$chromium" $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(KEYS) | $(EQUIPPED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python scripts/audit.py

# Resolves requirements*.in anew, within their pins; on the oldest Python that is supported. `make
# lock ARGS='--upgrade-package urllib3'` moves one that is not pinned there.
lock: | $(EQUIPPED)
	@for name in requirements requirements-dev requirements-build; do \
		CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe \
			--strip-extras --annotation-style line --no-emit-index-url --no-emit-find-links \
			$(ARGS) --output-file $$name.txt $$name.in || exit 1; \
	done

# What the site runs on, as a bill of materials (CycloneDX 1.6): build/sbom.cdx.json
sbom: | $(EQUIPPED)
	@mkdir -p build
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible \
		--validate --output-format JSON --output-file build/sbom.cdx.json requirements.txt
	@echo build/sbom.cdx.json

bench: $(KEYS) | $(EQUIPPED)
	@$(BIN)/python scripts/bench.py $(ARGS)

screenshot: $(KEYS) | $(EQUIPPED)
	@chromium=$$($(BIN)/python scripts/browser.py) && CHROMIUM="$$chromium" $(BIN)/python scripts/screenshot.py $(ARGS)

# A stamp is older than its lock whenever that has changed, and only then is anything installed. What
# comes as source is built with what is installed here, since pip would fetch that without a hash.
$(EQUIPPED): requirements-dev.txt | $(INSTALLED)
	@echo 'Installing requirements-dev.txt into .venv'
	@$(INSTALL) --no-build-isolation -r requirements.txt -r requirements-dev.txt
	@touch $@

$(INSTALLED): requirements-build.txt requirements.txt
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'This needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Installing requirements.txt into .venv'
	@$(PYTHON) -m venv .venv
	@$(INSTALL) -r requirements-build.txt
	@$(INSTALL) --no-build-isolation -r requirements.txt
	@touch $@

$(KEYS): | $(INSTALLED)
	@$(BIN)/python -m conversations_ui.accounts.keys
