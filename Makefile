# Every habit of this house; `make` alone lists them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
HELM ?= helm

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit envoy conformance test-kubernetes deploy-check simulate scenarios mutants fuzz hostility bench bench-quick check format lint types imports protos clean

help: ## list the habits
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("lastack needs Python 3.11 or newer; this is " + sys.version.split()[0] + " (say: make PYTHON=...)" if sys.version_info < (3, 11) else 0)'
	@echo 'installing into $(VENV), which takes a minute'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(READY) ## make the virtual environment, with all that is needed

demo: $(READY) ## replace every instance behind real Envoys, without receipts and with; ARGS="--json --seconds 60"
	@$(BIN)/lastack demo $(ARGS)

test: $(READY) ## run all tests; ARGS="-k receipt"
	$(BIN)/python -m pytest $(ARGS)

unit: $(READY) ## run the fast tests only: no Envoy, no gRPC client, no demo
	$(BIN)/python -m pytest --ignore tests/envoy --ignore tests/grpc_client --ignore tests/controllers $(ARGS)

envoy: $(READY) ## run the tests against real Envoys only
	$(BIN)/python -m pytest tests/envoy $(ARGS)

conformance: $(READY) ## run the protocol's rules on every transport, and print the table
	$(BIN)/python -m tests.conformance.table $(ARGS)

test-kubernetes: $(READY) ## run what holds in every cluster against a real one: KUBECONFIG=FILE (as cluster-admin)
	@test -n "$(KUBECONFIG)" || { echo 'which cluster? say: make test-kubernetes KUBECONFIG=FILE' >&2; exit 2; }
	LASTACK_TEST_KUBECONFIG=$(KUBECONFIG) $(BIN)/python -m pytest tests/kubernetes/suite $(ARGS)

deploy-check: $(READY) ## render the chart and check it, offline: HELM=PATH, KUBECONFIG=FILE asks an API server too
	$(BIN)/python -m tests.deploy --helm $(HELM) $(if $(KUBECONFIG),--kubeconfig $(KUBECONFIG)) $(ARGS)

simulate: $(READY) ## run 200 worlds of faults, 1000 steps each; SEED=7 STEPS=1000 replays one, SEEDS=50 runs so many
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(STEPS),--steps $(STEPS)) $(if $(SEEDS),--seeds $(SEEDS))

scenarios: $(READY) ## check the traps that are written down; ARGS=--regenerate writes down what is seen now
	$(BIN)/python -m tests.scenarios $(ARGS)

mutants: $(READY) ## apply plausible mistakes to what decides, and see that each is caught; ARGS="--only NAME"
	$(BIN)/python -m tests.mutants $(ARGS)

fuzz: $(READY) ## throw mutated bytes at requests, objects and files, for an hour; SECONDS=60 for each
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),1200) $(ARGS)

hostility: $(READY) ## measure healthy proxies beside 1,000 streams that misbehave, and judge it; 5 minutes
	$(BIN)/python -m tests.hostility $(ARGS)

bench: $(READY) ## measure the control plane against its bounds and floors; ARGS="--only index,cold --json FILE"
	$(BIN)/python -m tests.bench $(ARGS)

bench-quick: $(READY) ## the same, less often each
	$(BIN)/python -m tests.bench --quick $(ARGS)

check: lint types imports test simulate ## everything that must hold before a change lands
	$(MAKE) fuzz SECONDS=60

format: $(READY) ## put the code into its one layout
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY) ## look for mistakes and for layout that differs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## check the types, strictly
	$(BIN)/mypy

imports: $(READY) ## check that imports only go down
	$(BIN)/lint-imports

protos: $(READY) ## compile protos/*.proto anew
	$(BIN)/python -m protos.generate

clean: ## remove what can be made again
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz
	find . -name __pycache__ -prune -exec rm -rf {} +
