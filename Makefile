# The one door to the project. `make demo` and `make test` need CPython >= 3.11 and nothing else:
# they make .venv, install what they need, and reuse it the next time.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# modules are compiled as they are used: with this variable they would be at each start
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	-c $(VENV)/constraints.txt
# uv installs in a tenth of pip's time; it is told the index and the certificates of pip's settings,
# and pip installs where it fails
INSTALL := $(PIP) uv; index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config \
	get global.index-url 2>/dev/null)}}"; test -z "$$index" || export UV_DEFAULT_INDEX="$$index"; \
	test -z "$$PIP_CERT" || export SSL_CERT_FILE="$${SSL_CERT_FILE:-$$PIP_CERT}"; install() { \
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c $(VENV)/constraints.txt "$$@" || { \
	echo "uv could not install it; pip tries"; $(PIP) "$$@"; }; }; install
TORCH ?= $(shell sed -n 's|^torch==||p' constraints.txt)
PINS := setup.cfg pyproject.toml constraints.txt
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))

.PHONY: help demo serve test test-all browser spark check lint types format docs bench clean distclean

help:  ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

demo: $(VENV)/.demo  ## sample data -> night -> recommendations on the screen
	@$(BIN)/recsys demo

serve: $(VENV)/.demo  ## serve the newest bundle on http://127.0.0.1:8000
	@$(BIN)/recsys serve

# A process more than there are cores, of at most four, since some tests wait; each with one BLAS
# thread. A file's tests stay in one process, and the longest files are begun first (tests/conftest.py).
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $$(( $$(nproc 2>/dev/null || echo 3) + 1 )) \
	--maxprocesses 4 --dist loadfile --no-loadscope-reorder

# mypy takes two minutes of one core when its cache is empty, so that it runs beside the tests
test: lint  ## checks, and the tests
	@echo "mypy and the import contracts run beside the tests; what they say comes at the end"
	@$(MAKE) -s types > $(VENV)/types.log 2>&1 & types=$$!; code=0; $(PYTEST) || code=$$?; \
		wait $$types || code=$$?; cat $(VENV)/types.log; exit $$code

test-all: check  ## every test: also those of many cases, and the soak; some three hours
	$(PYTEST) -m ''

browser: $(VENV)/.browser  ## the console in Chromium (apt-get install chromium): accessibility, keyboard, weight
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m exhaustive tests/api/test_console_browser.py

spark: $(VENV)/.spark  ## nights on Spark (Java 17): the same bundle as a local night, executors that are killed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m '' tests/spark

soak: $(VENV)/.test  ## 75 minutes of load on a service: its memory each minute, and the slope
	PYTHONPATH=. $(BIN)/python tests/support/soak.py

check: lint types  ## ruff, mypy --strict, import contracts

lint: $(VENV)/.test
	$(BIN)/ruff format --check recsys jobs api tests docs
	$(BIN)/ruff check recsys jobs api tests docs
	@wc -l $$(git ls-files 'recsys/*.py' 'jobs/*.py' 'api/*.py') | awk '$$1 > 400 && $$2 != "total" \
		{print "note: " $$2 " has " $$1 " lines: does it still hold one thing?"}'

types: $(VENV)/.test
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test  ## let ruff mend and format what it can
	$(BIN)/ruff check --fix recsys jobs api tests docs
	$(BIN)/ruff format recsys jobs api tests docs

docs: $(VENV)/.docs  ## build the documentation into build/docs, without a network
	$(BIN)/python docs/sphinx/build.py build/docs

bench: $(VENV)/.test  ## speed and memory of each stage and of serving
	$(BIN)/recsys bench

hashes: $(VENV)/.supply  ## requirements/serve.txt: the pins of the service with the hashes of their files
	@grep -v '^torch==' constraints.txt > $(VENV)/constraints-serve.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-emit-index-url --upgrade \
		--custom-compile-command 'make hashes' --extra cpu --extra serve --extra postgres \
		--extra client --extra servers -c $(VENV)/constraints-serve.txt -o requirements/serve.txt setup.cfg

sbom: $(VENV)/.supply  ## sbom.json: what requirements/serve.txt installs, in the form of CycloneDX
	$(BIN)/cyclonedx-py requirements requirements/serve.txt --output-reproducible -o sbom.json

clean:  ## remove caches; keeps .venv and data/var
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info
	find recsys jobs api tests -name __pycache__ -prune -exec rm -rf {} +

distclean: clean  ## remove .venv and data/var as well
	rm -rf $(VENV) data/var

# the tested versions, but for torch: a GPU machine may carry another (TORCH=2.11.0)
$(VENV)/constraints.txt: constraints.txt
	@test -n "$(PYTHON)" || { echo "CPython 3.11 or newer is needed; none was found" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@sed 's/^torch==.*/torch==$(TORCH)/' constraints.txt > $@

# torch first, by itself: its pin decides between the CPU and the CUDA build
$(VENV)/.torch: $(VENV)/constraints.txt
	@echo "installing torch $(TORCH) ..."
	@$(PIP) torch
	@touch $@

$(VENV)/.demo: $(VENV)/constraints.txt $(PINS)
	@echo "installing the package and what the demo needs (0.7 GB, half a minute to some minutes) ..."
	@$(INSTALL) -e '.[cpu,night,serve,client]'
	@touch $@

$(VENV)/.docs: $(VENV)/constraints.txt $(PINS)
	@echo "installing the package and what the documentation needs ..."
	@$(INSTALL) -e '.[serve,client,docs]'
	@touch $@

$(VENV)/.browser: $(VENV)/.test
	@$(INSTALL) -e '.[browser]'
	@touch $@

$(VENV)/.spark: $(VENV)/.test
	@$(INSTALL) -e '.[spark]'
	@touch $@

$(VENV)/.supply: $(VENV)/.test
	@$(INSTALL) -e '.[supply]'
	@touch $@

$(VENV)/.test: $(VENV)/.torch $(PINS)
	@echo "installing the package and what the tests need ..."
	@$(INSTALL) -e '.[cpu,train,serve,postgres,test,dev]'
	@touch $@ $(VENV)/.demo $(VENV)/.docs
