# Go, make and git are all that `make run` and `make test` need; `make check` also wants a C compiler for the race detector.
# Everything is fetched by the go tool, pinned in go.sum.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# HTTP/2 is left out: CWMP speaks HTTP/1.1 (H-1), and it would cost 600 KiB of flash.
TAGS    := nethttpomithttp2
LDFLAGS := -s -w -X main.version=$(VERSION)
# The version says where it is from; what git knows of the directory would make equal sources unequal programs.
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags $(TAGS) -ldflags '$(LDFLAGS)'

# For routers only those functions are inlined that are hardly longer than a call: a budget of 80 nodes of the syntax tree is Go's
# own, ours is 5, and 50 in the packages that every start and every read goes through: the start of the program takes a
# tenth less time on MIPS than with 18 there, for 28 KB. Only the newer inliner
# has a budget that can be set.
# A defer is a call; short slices are made on the heap, without a second piece of code that makes them on the stack: 41 KB
# less, and a read of the whole tree takes 1% longer. Long names of generic functions are hashed, and a loop
# over an iterator does not check that the iterator behaves. The collector is the one
# of Go 1.25: 29 KB less, at the same speed and memory on MIPS; where Go has no other any more, the word can go.
MODULE  := github.com/cwmpd/cwmpd
HOT     := runtime internal/runtime/... internal/bytealg internal/strconv strconv unicode/utf8 $(MODULE)/internal/model
LEAN    := -d=noopendefer=1,variablemakethreshold=0,maxshapelen=24,rangefunccheck=0,inlbudgetslack=
SMALL   := -gcflags='all=$(LEAN)-75' $(foreach p,$(HOT),-gcflags='$(p)=$(LEAN)-30')
INLINER := newinliner
# In a traceback of theirs the line is that in which a function begins; the tables of all lines are 0.27 MB. What begins with
# an underscore is not among the packages of ./...
ONELINE := bin/_oneline/overlay.json
ROUTER  := GOEXPERIMENT=$(INLINER),nogreenteagc $(subst -tags $(TAGS),-tags '$(TAGS) packed',$(BUILD)) -overlay $(ONELINE) $(SMALL)

# The data model goes to routers without comments and compressed: a fifth of its size.
PACKED  := datamodel/packed.gz
$(PACKED): $(wildcard datamodel/*.dm)
	@cat $^ | sed '/^ *#/d' | gzip -9n >$@

$(ONELINE): # made anew each time, it takes seconds: what it is made of are Go's library and all of our sources
	@$(GO) run ./cmd/oneline $(@D)

flags: # for OpenWrt's own build
	@printf '%s\n' "$(SMALL)"

# Where OpenWrt's kernels have pages of 4 KiB only, and its own programs are linked for them, segments begin on such a
# page; Go's 64 KiB would fill 0.1 MB with nothing. Functions begin at any instruction there, not at every second.
TIGHT   := -R 4096 -funcalign 4
PAGES4K := arm mips mipsle

ACS      ?=
FUZZTIME ?= 1m

.PHONY: $(ONELINE) all build flags run test conformance check bench instructions size budget fuzz emulate cross packages clean

all: build

build: ## bin/cwmpd and bin/sandbox
	@mkdir -p bin
	$(BUILD) -o bin/cwmpd ./cmd/cwmpd
	$(BUILD) -o bin/sandbox ./cmd/sandbox

run: build ## a router, its agent and an ACS, talking; ACS=http://… keeps router and agent running against that one
	@bin/sandbox tour $(if $(ACS),--acs '$(ACS)')

test: ## every test; what is skipped is named, with its reason
	@mkdir -p bin; code=0; $(GO) test -v -tags $(TAGS) ./... >bin/test.log 2>&1 || code=$$?; \
	if [ $$code -ne 0 ]; then grep -vE '^ *(=== (RUN|PAUSE|CONT|NAME)|--- (PASS|SKIP))|^PASS$$' bin/test.log; fi; \
	grep -E '^(ok|FAIL)[[:space:]]' bin/test.log; \
	echo 'skipped:'; grep -B1 -E -- '^ *--- SKIP' bin/test.log | grep -vE -- '^--$$|=== RUN' || echo '  nothing'; \
	exit $$code

# The log of the last `make test` is good as long as nothing is newer; its failures are in the table.
conformance: ## the table of requirements and the tests that prove them: bin/conformance.txt
	@if [ ! -e bin/test.log ] || [ -n "$$(find cmd internal datamodel openwrt go.mod -newer bin/test.log -type f)" ]; then $(MAKE) --no-print-directory test || :; fi
	@code=0; $(GO) test -count=1 ./internal/conformance -run 'TestTable|TestEverythingIsCovered' -log "$(CURDIR)/bin/test.log" \
		-table "$(CURDIR)/bin/conformance.txt" >bin/conformance.log || code=$$?; \
	cat bin/conformance.txt; [ $$code -eq 0 ] || cat bin/conformance.log; exit $$code

check: ## what has to hold before a commit
	@test -z "$$(gofmt -l cmd internal datamodel | tee /dev/stderr)" || { echo 'gofmt: the files above are not formatted'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -race ./...
	GOARCH=386 $(GO) vet ./...

instructions: ## what a small router executes for a start, a session, a read of all there is; counted by qemu
	@$(MAKE) --no-print-directory cross CROSS=mipsle:GOMIPS=softfloat
	$(GO) test -tags $(TAGS) -run '^$$' -bench Instructions -benchtime 1x ./internal/agent

bench: build instructions ## parameters a second, allocations, time to the first Inform, memory, wake-ups
	$(GO) test -tags $(TAGS) -run '^$$' -bench Daemon -benchtime 1x ./internal/agent
	$(GO) test -tags $(TAGS) -run '^$$' -bench '^Benchmark[^DI]' -benchmem ./...

size: $(PACKED) $(ONELINE) ## whether the smallest routers have room for the program, and what fills it
	@$(GO) test -tags '$(TAGS) packed' -run TestPacked ./datamodel
	@BUILD="$(ROUTER) -ldflags '$(LDFLAGS) $(TIGHT)'" GO='$(GO)' .ci/size

fuzz: ## every fuzz target for FUZZTIME
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

emulate: build ## tests and the tour as on routers' processors, under qemu's user emulation
	@$(MAKE) --no-print-directory cross CROSS='mips:GOMIPS=softfloat mipsle:GOMIPS=softfloat'
	@GO='$(GO)' TAGS=$(TAGS) .ci/emulate

# Every architecture that OpenWrt's Go feed knows: GOOS is linux throughout.
CROSS := amd64: 386:GO386=sse2 386:GO386=softfloat arm64: arm:GOARM=5 arm:GOARM=6 arm:GOARM=7 \
	mips:GOMIPS=softfloat mipsle:GOMIPS=softfloat mipsle:GOMIPS=hardfloat \
	mips64:GOMIPS64=softfloat mips64le:GOMIPS64=softfloat riscv64: loong64:

cross: $(PACKED) $(ONELINE) ## bin/<architecture>/cwmpd for every architecture OpenWrt has a Go for
	@set -e; for t in $(CROSS); do \
		arch=$${t%%:*}; env=$${t#*:}; dir=bin/$$arch$${env:+-$${env#*=}}; mkdir -p $$dir; \
		case ' $(PAGES4K) ' in *" $$arch "*) pages='$(TIGHT)';; *) pages=;; esac; \
		env GOOS=linux GOARCH=$$arch $$env $(ROUTER) -ldflags "$(LDFLAGS) $$pages" -o $$dir/cwmpd ./cmd/cwmpd; \
		printf '%-18s %9d bytes\n' $${dir#bin/} $$(wc -c < $$dir/cwmpd); \
	done

# One of each family of processors that routers have.
FAMILIES ?= mipsle:GOMIPS=softfloat mips:GOMIPS=softfloat arm:GOARM=7 arm64: amd64:

budget: ## the room that the program takes on each family of processors, as it is and under xz -9e; and what fills it
	@$(MAKE) --no-print-directory cross CROSS='$(FAMILIES)' >/dev/null
	@printf '%-18s %9s %9s\n' processor bytes 'under xz'
	@set -e; for t in $(FAMILIES); do \
		env=$${t#*:}; name=$${t%%:*}$${env:+-$${env#*=}}; \
		printf '%-18s %9d %9d\n' $$name $$(wc -c <bin/$$name/cwmpd) $$(xz -9e -c bin/$$name/cwmpd | wc -c); \
	done
	@$(MAKE) --no-print-directory size

ARCHES   ?= # all of them
PACKAGES ?= bin/packages

packages: $(PACKED) $(ONELINE) ## bin/packages/<architecture>/cwmpd….ipk and .apk; ARCHES='mipsel_24kc x86_64' for some
	@$(GO) run ./cmd/mkpkg --out '$(PACKAGES)' --build "$(ROUTER)" --pages4k "-ldflags '$(LDFLAGS) $(TIGHT)'" $(PAGES4K:%=--pages4k-on %) $(ARCHES)

clean:
	rm -rf bin $(PACKED)
