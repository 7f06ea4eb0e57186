# make demo and make test do everything on a fresh machine with Python 3.11 or later.
SHELL := /bin/bash
PYTHON ?= python3
bin := .venv/bin

.PHONY: help demo test check format bench bench-ingest bench-gateway bench-simulators bench-web bench-analytics bench-registry chaos docs lock clean
.DEFAULT_GOAL := help

help: ## these lines
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/ready dashboards/static/vendor/manifest.json ## run the whole system on this machine and print its address
	$(bin)/shangyun demo $(if $(PORT),--port $(PORT)) $(if $(DATA),--data $(DATA))

# Tests that measure no time run side by side; the others one after the other, for what they measure would suffer. Of those of the
# web app only the ones with a browser need the machine for themselves.
side_by_side := tests/analytics tests/device_profiles tests/ingest tests/registry tests/simulators tests/store tests/telemetry tests/edge_gateway/test_every_profile.py

test: .venv/ready dashboards/static/vendor/manifest.json ## all tests, on the real servers that this machine has (ARGS=tests/...)
ifdef ARGS
	$(bin)/pytest $(ARGS)
else
	$(bin)/pytest --numprocesses auto --dist worksteal -m "not browser" $(side_by_side) tests/dashboards
	$(bin)/pytest $(addprefix --ignore=,$(side_by_side) tests/dashboards)
	$(bin)/pytest -m browser tests/dashboards
endif

check: .venv/ready ## formatting, lint, types, the directions of imports, and translations
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/python scripts/texts --check

format: .venv/ready ## bring the code into the house's form
	$(bin)/ruff format .
	$(bin)/ruff check --fix .

bench: bench-ingest bench-gateway bench-simulators bench-web bench-analytics bench-registry ## every benchmark

bench-ingest: .venv/ready ## ingest and store: speed, growth, kills, queries, fuzz (ONLY=name, SHORT=1)
	$(bin)/python -m benchmarks.bench_ingest

bench-gateway: .venv/ready ## the gateway: load, peer, requests, refusal, outage, kills (ONLY=name, SHORT=1)
	$(bin)/python -m benchmarks.bench_gateway

bench-simulators: .venv/ready dashboards/static/vendor/manifest.json ## simulators and demo: herds, a fleet's history, load (ONLY=name, SHORT=1)
	$(bin)/python -m benchmarks.bench_simulators

bench-web: .venv/ready dashboards/static/vendor/manifest.json ## pages, API and alarms: users, streams, first paint, latency (ONLY=name, SHORT=1)
	$(bin)/python -m benchmarks.bench_web

bench-analytics: .venv/ready ## analytics: public data, fault matrix, dispatch, speed (ONLY=name, SHORT=1)
	$(bin)/python -m benchmarks.bench_analytics

bench-registry: .venv/ready ## the city: recount, authenticity, vouchers (ONLY=name, SHORT=1)
	$(bin)/python -m benchmarks.bench_registry

chaos: .venv/ready ## kill parts at random and join truth with database (SECONDS_LONG=600)
	SHANGYUN_CHAOS_SECONDS=$(or $(SECONDS_LONG),600) $(bin)/pytest tests/shangyun/test_end_to_end.py --timeout 7200 -s

docs: .venv/ready ## write docs/reference and the Grafana dashboards anew from the code
	$(bin)/python scripts/docs
	$(bin)/python scripts/grafana

lock: .venv/ready ## write requirements/*.lock anew from pyproject.toml
	scripts/lock

clean: ## remove what these targets made (not the demo's data)
	rm -rf .venv dashboards/static/vendor node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/ready: requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name it with PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
	$(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(bin)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

dashboards/static/vendor/manifest.json: package-lock.json scripts/frontend | .venv/ready
	command -v npm >/dev/null || $(bin)/python -m pip install --quiet --require-hashes -r requirements/node.lock
	$(bin)/python scripts/frontend
	@touch $@
