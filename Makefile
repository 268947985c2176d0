# Targets for people and for CI. `make` alone lists them.
# Every target works from a fresh clone: it checks its tools first and fetches
# what it needs at pinned versions.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO_BUILD := go build -ldflags "-s -w -X main.version=$(VERSION)"

# The same settings everywhere, so that programs and tests share what is
# compiled: no C, no paths of this machine.
export CGO_ENABLED := 0
export GOFLAGS     := $(strip $(GOFLAGS) -trimpath)

# The linter is built from the Go module proxy once, at a pinned version.
GOLANGCI := v2.15.0
LINTER   := .cache/tools/golangci-lint-$(GOLANGCI)

WEB_SOURCES := $(shell find web/src web/public web/index.html web/package.json web/vite.config.ts web/tsconfig.json -type f 2>/dev/null)

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z/-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- build ------------------------------------------------------------------

build: need web ## build the console, bin/onrush and bin/onrush-agent
	$(GO_BUILD) -o bin/onrush ./cmd/onrush
	$(GO_BUILD) -o bin/onrush-agent ./cmd/onrush-agent

demo: build ## a real distributed run on this machine: server, target, two regions
	bin/onrush demo examples/quickstart.yaml

web: web/dist/index.html ## build the console, when its sources changed

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	@scripts/need go node
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

IMAGE_FLAGS = -version "$(VERSION)" -out dist/images $(if $(ARCH),-arch "$(ARCH)") $(if $(PREFIX),-prefix "$(PREFIX)") $(if $(LOCKED),-locked) $(if $(PARTS),-parts)

images: need web ## build the container images, without Docker: dist/images (docs/deploy/images.md)
	@go run ./deploy/images $(IMAGE_FLAGS) $(IMAGES)

images-lock: need ## take the newest Debian packages into the images
	@go run ./deploy/images -update-lock

# --- check ------------------------------------------------------------------

check: need lint web/node_modules/.package-lock.json ## what a developer runs all day: format, vet, lint, unit tests, types
	@scripts/setup-engines
	go vet ./...
	go test -short $$(go list ./... | grep -v /e2e)
	cd web && npm run --silent check && npm run --silent test

lint: $(LINTER) ## format and lint rules of the Go code
	$(LINTER) run

format: $(LINTER) web/node_modules/.package-lock.json ## format all sources
	$(LINTER) fmt
	cd web && npm run --silent format

$(LINTER):
	scripts/tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(GOLANGCI) $(@D)

# --- test -------------------------------------------------------------------

test: need web ## every test; installs what they need (as root on Debian and Ubuntu)
	@scripts/setup-test
	@scripts/setup-engines
	@go build -o .cache/testrun ./internal/house/testrun && exec .cache/testrun

race: need ## the Go tests under the race detector
	CGO_ENABLED=1 go test -race -short $$(go list ./... | grep -v /e2e)

BENCHES := start tasks agent collector report live truth http stall engines demo

bench: $(addprefix bench/,$(BENCHES)) ## the numbers this product promises, measured here; bench/NAME for one

$(addprefix bench/,$(BENCHES)): build
	@go run ./$@ $(ARGS)

# --- generated files ----------------------------------------------------------

generate: need web/node_modules/.package-lock.json ## write every generated file anew
	scripts/generate

verify: need web/node_modules/.package-lock.json ## fail when a generated file is not what generate writes
	scripts/verify

need: ## check that the tools are there, and say how to install what is not
	@scripts/need go node

clean: ## remove everything that was built
	rm -rf bin dist .cache/tests web/node_modules
	find web/dist -mindepth 1 ! -name .keep -delete

.PHONY: help build demo web images images-lock check lint format test race bench $(addprefix bench/,$(BENCHES)) generate verify need clean
