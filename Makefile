# scrip: everything a developer does. `make` lists the targets.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
LINT     := $(GO) tool -modfile=.ci/lint.mod
OPA      := $(GO) tool opa
COVER    := .cover
FUZZTIME ?= 60s


.PHONY: help demo run build test prove check lint policy-test unit e2e cover bench fuzz mutants clean tools

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## Start a sidecar, tell the story of an order, price the examples, stop
	@bin/scrip demo deploy/examples

run: build ## Run the sidecar on its defaults, ledger in ./data
	bin/scrip serve

build: ## Build bin/scrip
	$(GO) build -trimpath -o bin/scrip ./cmd/scrip

test: tools check policy-test cover ## Everything: lint, policies, unit, property, race, end to end, coverage

prove: tools check policy-test ## The same tests with the counts that the project promises
	SCRIP_PROVE=1 $(GO) test -race -timeout 120m ./...
	SCRIP_PROVE=1 $(GO) test -timeout 120m -v ./cmd/scrip/machine # a million steps, for which the race detector has no time

tools:
	@.ci/tools

check: ## Formatting, vet, staticcheck, gosec
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'gofmt: run gofmt -w on these' >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags bench ./cmd/...
	$(LINT) staticcheck ./...
	$(LINT) gosec -quiet -exclude=G304,G703 ./... # a command line reads the files it is told to

policy-test: ## The policies with the stock opa: format, strict check with schemas, tests, coverage
	$(OPA) fmt --fail -l policies
	$(OPA) check --strict --schema policies/schemas policies
	$(OPA) test policies
	$(OPA) test policies --coverage --threshold 100 > /dev/null

unit: ## Tests of all packages but the end-to-end ones, with the race detector
	$(GO) test -race $$($(GO) list ./... | grep -v /e2e)

e2e: ## End-to-end tests against the real binary
	$(GO) test -count=1 ./cmd/scrip/e2e

cover: ## All tests with the race detector, and the coverage the project promises
	@.ci/coverage $(COVER)

bench: ## Quotes beside floors and stock OPA, durable bookings beside bare statements, kill to ready; writes bench.json
	$(GO) run -tags bench ./cmd/bench

fuzz: ## Every fuzz target for FUZZTIME (60s) each
	@.ci/fuzz $(FUZZTIME)

mutants: ## Break the product on purpose, one way at a time: each must turn a test red
	$(GO) run .ci/mutants.go

clean: ## Remove what these targets made
	rm -rf bin $(COVER)
