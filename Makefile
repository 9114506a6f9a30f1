# Named after intentions; each target sets up what it needs (tools/setup is idempotent and quick when done).
SHELL := /bin/bash
BUILD ?= build
JOBS ?= $(shell nproc)
PY := build/venv/bin/python
HAILSTORM_FIXTURES ?= $(abspath ../shared/fixtures)
export HAILSTORM_FIXTURES

.PHONY: all build check test test-peers unit pytest fixtures parity attacks lint format sanitize tsan fuzz bench soak fresh docs demo demo-stop clean

all: build

setup-build:
	@tools/setup build
setup-test:
	@tools/setup build test

# ---- build ----
build: setup-build
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >$(BUILD)/cmake.log 2>&1 || { cat $(BUILD)/cmake.log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS)

# ---- tests ----
check: build
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

test: setup-test check data
	@tools/run-tests

unit: check

data: setup-test
	@$(PY) demo/generate.py >/dev/null
	@$(PY) tests/data/tpch.py --scale 0.01 >/dev/null

fixtures: build setup-test
	@test -d "$(HAILSTORM_FIXTURES)" || { echo "make fixtures: no fixtures at HAILSTORM_FIXTURES ($(HAILSTORM_FIXTURES))"; exit 1; }
	@$(PY) tests/fixtures/run.py

parity: build data
	@$(PY) tests/parity/run.py

attacks: build data
	@$(PY) tests/attacks/run.py --prove

test-peers: build setup-test
	@tools/setup peers
	@tools/run-tests peers

sanitize: setup-build
	@tools/run-sanitized address,undefined

tsan: setup-build
	@tools/run-sanitized thread

fuzz: setup-build
	@tools/setup lint
	@tools/run-fuzz

lint:
	@tools/setup build lint
	@tools/lint

format:
	@tools/format

bench: build setup-test
	@tools/setup bench
	@$(PY) bench/run.py

soak: build data
	@tools/setup peers
	@tools/run-tests soak

fresh:
	@tools/setup fresh
	@tools/fresh

docs: build setup-test
	@mkdir -p doc/reference
	@{ echo "# Settings"; echo; $(BUILD)/hailstorm docs settings; } > doc/reference/settings.md
	@{ echo "# Mask functions"; echo; $(BUILD)/hailstorm docs masks; } > doc/reference/masks.md
	@cd tests/dialects && $(abspath $(PY)) dialect_page.py
	@echo "doc/reference/ and doc/dialects.md written"

# ---- demo ----
demo: setup-test
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >$(BUILD)/cmake.log 2>&1 || { cat $(BUILD)/cmake.log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS) --target hailstorm
	@demo/run start

demo-stop:
	@demo/run stop

clean: demo-stop
	@rm -rf build
