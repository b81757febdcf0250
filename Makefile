# What there is to do here. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help up down status logs demo certs test unit audit fuzz check k8s-check compose-check compose-secrets image-check format proto golden
PYTHON := .venv/bin/python
export PYTHONPATH := $(CURDIR):$(CURDIR)/generated
NAME ?=
ARGS ?=

##@ The platform on this machine

up: ## Start everything in the background and say what runs where (installs what is missing)
	@dev/bootstrap.sh servers
	@$(PYTHON) -m dev up

down: ## Stop everything; the data stays in .local
	@dev/bootstrap.sh
	@$(PYTHON) -m dev down

status: ## Show what runs, where, since when, and whether it is well
	@dev/bootstrap.sh
	@$(PYTHON) -m dev status

logs: ## Follow the logs of all processes, or of one: make logs NAME=task_svc
	@dev/bootstrap.sh
	@$(PYTHON) -m dev logs $(NAME)

demo: ## Use the running platform once, as a person would
	@dev/bootstrap.sh
	@$(PYTHON) -m dev demo

certs: ## Make a CA, and of it new certificates for all processes, to try mutual TLS between them
	@dev/bootstrap.sh
	@$(PYTHON) -m dev certs

compose-secrets: ## Make the passwords, keys and certificate that compose.yaml mounts; then: docker compose up --build --wait
	@dev/bootstrap.sh
	@$(PYTHON) -m dev.compose secrets

##@ Working on the code

test: ## Run the checks and all tests, on servers of their own (beside a running platform, if there is one)
	@dev/bootstrap.sh tests
	@$(PYTHON) -m dev.test

unit: ## Run the tests that need no server: make unit ARGS='-k task'
	@dev/bootstrap.sh
	@$(PYTHON) -m pytest -q tests/unit $(ARGS)

audit: ## Kill everything under load and account for every change: make audit ARGS='--short --seed 7'
	@dev/bootstrap.sh tests
	@$(PYTHON) -m tests.audit $(ARGS)

fuzz: ## Look for a request that is answered wrongly, ten minutes long: make fuzz ARGS='--minutes 1 --seed 7'
	@dev/bootstrap.sh tests
	@$(PYTHON) -m tests.fuzz $(ARGS)

check: ## Run the static checks alone: formatting, lint, types, contracts, stale generated code, manifests, compose.yaml
	@dev/bootstrap.sh
	@$(PYTHON) -m dev.check

k8s-check: ## Check the Kubernetes manifests: schemas, and that they are what the code says
	@dev/bootstrap.sh
	@$(PYTHON) -m dev.k8s check

compose-check: ## Check compose.yaml: the Compose Specification, and that it is what the code says
	@dev/bootstrap.sh
	@$(PYTHON) -m dev.compose check

image-check: ## Build the images without a container engine, and run the platform from them (needs root, buildah, mmdebstrap)
	@dev/bootstrap.sh tests
	@$(PYTHON) -m dev.images

format: ## Format the code and fix what the linter can fix
	@dev/bootstrap.sh
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

proto: ## Generate the code in generated/ from protos/, the Python client, and the files for REST clients
	@dev/bootstrap.sh
	@$(PYTHON) -m dev.proto generate
	@$(PYTHON) -m dev.client
	@$(PYTHON) -m dev.collections

# In variables first: a file keeps its text when nothing could be written.
golden: ## Write what the contracts make of the REST surface into tests/contract, for the diff
	@dev/bootstrap.sh
	@table=$$($(PYTHON) -m tests.contract.access) && document=$$($(PYTHON) -m gateway.openapi) && \
		printf '%s\n' "$$table" >tests/contract/access.txt && printf '%s\n' "$$document" >tests/contract/openapi.json

help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
