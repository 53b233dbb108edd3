# i-agent: `make` lists what can be made.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

# All packages of all modules of go.work; ./... would be those of the root alone.
PACKAGES = work

# One static binary, whatever C library is around.
export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: help demo build test soak bench lint fmt generate release-check withservers

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Place simulated calls, end to end: no account, no network
	$(GO) run ./cmd/iagent demo

build: ## Build the static binary bin/iagent
	$(GO) build -trimpath -ldflags='-s -w' -o bin/iagent ./cmd/iagent

# The race detector needs a C compiler; everything else does not. The tests of the whole program come one package after the
# other: they kill servers and have 15 s to bring them back, as Twilio does.
test: withservers ## Run every test, with its own PostgreSQL and Redis
	@if CGO_ENABLED=1 $(GO) build -race runtime/cgo 2>/dev/null; then \
		echo 'go test -race $(PACKAGES)'; \
		race=-race; export CGO_ENABLED=1; \
	else \
		echo 'go test $(PACKAGES) (without -race: no C compiler)'; \
	fi; \
	bin/withservers $(GO) test $$race -timeout 40m $$($(GO) list $(PACKAGES) | grep -vE '/iagent/test(/|$$)') && \
	bin/withservers $(GO) test $$race -timeout 40m -p 1 ./test/...

soak: withservers ## Kill servers and stop databases in the middle of 2,000 calls; see docs/proof.md
	@bin/withservers -install
	$(GO) run ./test/soak $(SOAK)

bench: withservers ## Measure signature checks, then the whole server under load
	$(GO) test -run '^$$' -bench . -benchmem ./test/interop/signature ./signature
	@bin/withservers -install
	$(GO) run ./test/bench

lint: ## Run go vet and staticcheck
	$(GO) vet $(PACKAGES)
	$(GO) run $(STATICCHECK) $(PACKAGES)

fmt: ## Format all Go files
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

generate: ## Write generated code anew
	$(GO) generate $(PACKAGES)

release-check: ## Prove, without a network, that a release can be installed and imported; see RELEASING.md
	$(GO) run ./test/release -version $(or $(VERSION),v0.1.0) -keep '$(KEEP)'

withservers:
	@$(GO) build -o bin/withservers ./internal/testserver/cmd/withservers
