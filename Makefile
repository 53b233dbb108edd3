# i-agent: `make` lists what can be made.

GO ?= go
GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GORELEASER = github.com/goreleaser/goreleaser/v2@v2.16.0

# All packages of all modules of go.work; ./... would be those of the root alone.
PACKAGES = work

# One static binary, whatever C library is around.
export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: help demo build test short-soak soak bench lint release-config release-check snapshot release fmt generate withservers screenshots

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Place simulated calls, end to end: no account; the first build downloads modules, then no network. KEEP=1 leaves the console up
	bin/iagent demo$(if $(KEEP), --keep)

build: ## Build the static binary bin/iagent
	$(GO) build -ldflags='-s -w' -o bin/iagent ./cmd/iagent

# With RACE=1, which needs a C compiler. SQLite is C that was translated to Go: its own accesses are not looked at, which makes it
# three times faster.
DETECTOR = -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

# These packages start the program as its operators do, in a process of its own, built without the detector, and wait for it: to
# look for races in the tests themselves finds nothing. They run beside the others, the longest first, without it, but for the
# tests of ./test that run servers in their own process.
DRIVERS = ./test ./test/crash ./test/release
IN_PROCESS = ^(TestSecondVersion|TestVersion)

# Of the others, those that take longest begin first: else one of them runs alone at the end, on one core. Three at once, since each waits now and then.
LONGEST = ./internal/console ./internal/store ./internal/app ./test/inprocess ./internal/jobs ./internal/demo ./internal/api ./internal/contactimport

# The soaks in a short form, `make short-soak`, which .ci/run has: campaigns of some dozen people under kills, outages and a week's calling hours.
SOAKS = ./test/soak ./test/week

# Left to others, since they need a good part of the processor time of all tests: the soaks, go vet of each package, of which make lint has
# more, and the programs that break a promise on purpose, for which most packages are compiled again (make soak, .ci/long).
TEST = $(GO) test -vet=off -timeout 40m

test: withservers ## Run every test but the soaks, with its own PostgreSQL and Redis; RACE=1 looks for races, too; more kills and seeds are in .ci/long
	@export OTHERS="$$($(GO) list $(PACKAGES) | grep -vxF "$$($(GO) list $(DRIVERS) $(SOAKS))")"; \
	bin/withservers sh -c '$(TEST) -p 2 $(DRIVERS) & drivers=$$!; \
		export CGO_ENABLED=$(if $(RACE),1,0); \
		$(TEST) $(if $(RACE),$(DETECTOR)) -p $(if $(RACE),2,3) $(LONGEST) $$OTHERS; others=$$?; raced=0; \
		$(if $(RACE),$(TEST) $(DETECTOR) -run "$(IN_PROCESS)" ./test; raced=$$?;) \
		wait $$drivers && test $$others$$raced = 00'

short-soak: withservers ## Run the tests of the soaks, some dozen calls each; RACE=1 looks for races, too
	bin/withservers $(TEST) -skip "^TestBroken(Promise|Gate)IsNamed" ./test/soak
	CGO_ENABLED=$(if $(RACE),1,0) bin/withservers $(TEST) $(if $(RACE),$(DETECTOR)) ./test/week

soak: withservers ## Kill servers and stop databases in the middle of 2,000 calls; see docs/proof.md
	@bin/withservers -install
	$(GO) run ./test/soak $(SOAK)
	bin/withservers $(GO) test -count=1 -timeout 30m -v -run "^TestBroken(Promise|Gate)IsNamed" ./test/soak
	WEEK_CONTACTS=2000 WEEK_DAYS=7 STOP_CALLS=300 bin/withservers $(GO) test -count=1 -timeout 4h -v -run "TwelveZones|StopEndsAll" ./test/week
	STOP_CALLS=300 bin/withservers $(GO) test -count=1 -timeout 30m -v -run StopHangsUpAll ./test

bench: withservers ## Measure signature checks, then the whole server under load; PEERS=1 adds Express and other receivers, and commands (BENCH='-requests 8000' is a short form)
	$(GO) test -run '^$$' -bench . -benchmem ./test/interop/signature ./signature
	@bin/withservers -install
	$(GO) run ./test/bench $(if $(PEERS),-peers) $(BENCH)
	$(if $(PEERS),$(GO) run ./test/bench -peers -database sqlite $(BENCH))
	$(if $(PEERS),$(GO) run ./test/bench -peers -slow 2ms $(BENCH))
	$(if $(PEERS),$(GO) run ./test/bench -commands $(BENCH))

lint: ## Check the code with golangci-lint and .golangci.yml, the rules themselves, what the documents point to, and the workflows
	$(GO) run $(GOLANGCI_LINT) run $$($(GO) list -m -f '{{.Dir}}/...')
	test/archtest/check $(GO) run $(GOLANGCI_LINT)
	test/archtest/documents
	$(GO) run $(ACTIONLINT)

release-config: ## Check the configuration of releases
	$(GO) run $(GORELEASER) check

snapshot: ## Build the archives of a release into dist/, without a tag; nothing is published
	$(GO) run $(GORELEASER) release --snapshot --clean

release: ## Build the archives of the tag at HEAD and attach them to a draft release (needs GITHUB_TOKEN)
	$(GO) run $(GORELEASER) release --clean

fmt: ## Format all Go files
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

generate: ## Write generated code anew
	$(GO) generate $(PACKAGES)

release-check: ## Prove, without a network, that a release can be installed and imported; see RELEASING.md
	$(GO) run ./test/release -version $(or $(VERSION),v0.1.0) -keep '$(KEEP)'

screenshots: withservers ## Take the pictures of the README anew, of a kept demo in a real browser
	@bin/withservers -install
	$(GO) run ./test/screenshots

withservers:
	@$(GO) build -o bin/withservers ./internal/testserver/cmd/withservers
