# Everything that one does with this checkout. Each target does its own set-up; nothing is installed outside of it (but see scripts/setup).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# One thing after another, but for what a recipe starts side by side.
ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif

export PATH := $(CURDIR)/.venv/bin:$(HOME)/.cargo/bin:$(PATH)
# The browsers are the distribution's; Playwright's own are not wanted.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

ARGS ?=
REPEAT ?= 10
export FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?=

# What set-up leaves behind. A target is made again when what it was made from has changed.
PYTHON := .venv/.stamp-python
DEV := .venv/.stamp-dev
FUZZER := .venv/.stamp-fuzzer
EXTENSION := .venv/.stamp-extension
NODE := node_modules/.stamp
STATIC := src/tertulia/static/sdk/tertulia.js

RUST_SOURCES := $(shell find crates -path '*/tests' -prune -o -path crates/fuzz -prune -o \( -name '*.rs' -o -name Cargo.toml \) -print)
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f ! -name '*.test.*' -print)
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
# Where Make can, what each of them says is shown together, when it is over.
BESIDE := -j SIDE_BY_SIDE=1 $(if $(filter output-sync,$(.FEATURES)),--output-sync)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  ARGS='…' goes to the command (make run ARGS='--host :: --tls self-signed')."

# --- run ---------------------------------------------------------------------------------------------------------------------------

.PHONY: run
run: setup ## serve Tertulia on this machine: http://127.0.0.1:3000
	@exec tertulia serve $(ARGS)

.PHONY: setup
setup: $(PYTHON) $(EXTENSION) $(STATIC) ## a release build and .venv/bin/tertulia

.PHONY: build
build: $(PYTHON) $(STATIC) ## the wheel, into dist/
	maturin build --release --locked --out dist

# --- quality -----------------------------------------------------------------------------------------------------------------------

.PHONY: check
check: $(DEV) $(EXTENSION) $(NODE) ## format, lint, types, architecture, generated files, lock files
	@$(MAKE) $(BESIDE) check-python check-web check-rust

# Side by side, for the first takes one core only.
.PHONY: check-python check-web check-rust
check-python:
	ruff format --check .
	ruff check .
	lint-imports --no-cache
	mypy
	MYPYPATH=src python -m mypy.stubtest tertulia._media --allowlist scripts/stubtest-allowlist.txt --ignore-unused-allowlist
	python schema/generate.py --check
	python scripts/check_locks.py

check-web:
	npm run --silent check
	npm run --silent docs:check

check-rust:
	cargo fmt --all --check
	cargo fmt --check --manifest-path crates/fuzz/libfuzzer/Cargo.toml
	cargo clippy --quiet --workspace --all-targets --locked -- -D warnings

# The binding has no logic to test from Rust, and an extension module cannot be linked into a program; tests/media does it from Python.
# pytest comes last, so that its summary is the last thing on the screen. Two processes: a third gains no time on two cores. Who has another
# beside him is sometimes seconds late: what fails is tried again, and the summary tells it (RERUN).
PYTEST := pytest -n 2 --reruns 2 --reruns-delay 2 --durations 10
.PHONY: test
test: check $(STATIC) ## check, then the tests: Rust, TypeScript, Python, browsers
	cargo test --quiet --workspace --exclude tertulia-python --locked
	npm test --silent
	@$(PYTEST) -m "not soak and not thorough" $(ARGS)

.PHONY: thorough
thorough: $(DEV) $(EXTENSION) $(STATIC) ## all tests in Python, those too that `make test` leaves out, in the whole Chromium (before a release)
	TERTULIA_CHROMIUM="$${TERTULIA_CHROMIUM:-chromium chromium-browser google-chrome}" $(PYTEST) -m "not soak" $(ARGS)

.PHONY: soak
soak: $(DEV) $(EXTENSION) $(STATIC) ## the browser tests REPEAT times (10), and those that run for minutes; ARGS names files in place of all
	for round in $$(seq $(REPEAT)); do echo "round $$round of $(REPEAT)"; pytest -x $(or $(ARGS),tests/e2e); done

.PHONY: conformance
conformance: $(DEV) $(EXTENSION) ## other people's suites and clients: WebSocket (Autobahn, ten minutes); TURN (Pion, needs Go); Socket.IO (SUITES names a checkout)
	python -m tests.interop.turn.pion_client
	python -m tests.conformance.autobahn
	npm ci --silent --prefix tests/conformance
	python -m tests.conformance.socket_io $(SUITES)

.PHONY: fuzz
fuzz: $(DEV) $(EXTENSION) $(FUZZER) ## hostile bytes for every parser, FUZZ_SECONDS (60) each; FUZZ_TARGETS="stun relay" for some
	scripts/fuzz $(ARGS) $(FUZZ_TARGETS)

.PHONY: bench
bench: $(DEV) $(EXTENSION) $(STATIC) ## measure: what a packet costs, here and with other servers (ARGS=--quick: two minutes)
	python bench/run.py $(ARGS)

.PHONY: format
format: $(DEV) $(NODE) ## format everything, sort imports
	ruff check --quiet --select I --fix .
	ruff format .
	npm run --silent format
	cargo fmt --all
	cargo fmt --manifest-path crates/fuzz/libfuzzer/Cargo.toml

# --- generated, committed files ------------------------------------------------------------------------------------------------------

.PHONY: schema
schema: $(DEV) $(EXTENSION) $(NODE) ## JSON Schema and TypeScript types from tertulia.wire.native
	python schema/generate.py

.PHONY: docs
docs: $(NODE) ## the reference of the browser SDK, from its source
	npm run --silent docs

.PHONY: lock
lock: $(PYTHON) ## lock files from pyproject.toml, requirements-*.in, package.json and Cargo.toml (ARGS=--upgrade for newer ones)
	$(LOCK) pyproject.toml --output-file requirements.txt $(ARGS)
	$(LOCK) requirements-build.in --output-file requirements-build.txt $(ARGS)
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt $(ARGS)
	$(LOCK) requirements-fuzz.in --output-file requirements-fuzz.txt $(ARGS)
	for package in . web/docs-tools tests/conformance bench/deliveries/servers bench/peers/mediasoup_server; do npm install --package-lock-only --prefix $$package; done
	python scripts/check_locks.py --strip
	cargo metadata --format-version 1 > /dev/null
	cp Cargo.lock crates/fuzz/libfuzzer/Cargo.lock
	cargo metadata --format-version 1 --manifest-path crates/fuzz/libfuzzer/Cargo.toml > /dev/null

# --- set-up --------------------------------------------------------------------------------------------------------------------------

.PHONY: tools
tools:
	@scripts/setup $(if $(filter thorough,$(MAKECMDGOALS)),thorough,$(if $(filter test soak,$(MAKECMDGOALS)),test,$(if $(filter check format,$(MAKECMDGOALS)),check,$(if $(filter fuzz,$(MAKECMDGOALS)),fuzz,run))))

$(PYTHON): requirements.txt requirements-build.txt | tools
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements.txt -r requirements-build.txt
	@touch $@

$(DEV): requirements-dev.txt $(PYTHON) | tools
	uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

$(FUZZER): requirements-fuzz.txt $(DEV) | tools
	uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements-fuzz.txt
	@touch $@

# Editable: the Python source is used where it stands, the compiled module is put beside it.
$(EXTENSION): $(RUST_SOURCES) Cargo.toml Cargo.lock pyproject.toml $(PYTHON) | tools
	VIRTUAL_ENV=$(CURDIR)/.venv maturin develop --quiet --release --locked --uv
	@touch $@

$(NODE): package-lock.json package.json web/sdk/package.json web/app/package.json .npmrc | tools
	npm ci --no-progress --loglevel=error
	@touch $@

$(STATIC): $(WEB_SOURCES) $(NODE)
	npm run --silent build
	@touch $@
