# Thin on purpose: every target is a script that also runs by itself.

.PHONY: run test acceptance demo bench train check build package fuzz sanitize format clean

run:        ## set up, build and start on an embedded store, nothing configured
	@scripts/run

test:       ## set up, build and run every test
	@scripts/test

acceptance: ## the release binary against everything: all recorded exchanges there are, fifty kills, packages
	@SWIFTLET_REPLAY=all SWIFTLET_KILLS=50 SWIFTLET_PACKAGES=1 scripts/test release acceptance

demo:       ## a small real model behind Swiftlet, with a curl and a Python snippet that work
	@scripts/demo

bench:      ## measure against other proxies and routers; writes docs/benchmarks.md
	@scripts/bench

train:      ## fit the models in the binary anew, from ROUTING_DATA and the prompts in training
	@scripts/train

check:      ## formatting, house rules, examples: before handing over
	@scripts/check

build:      ## the release binary, as everything else here builds it
	@scripts/build release

package:    ## tarball, Debian package and OCI image of the release binary, in dist/
	@scripts/package

fuzz:       ## the parsers, one minute each
	@scripts/fuzz 60

sanitize:   ## tests and load under AddressSanitizer and ThreadSanitizer
	@scripts/sanitize

format:     ## rewrite sources in the house format
	@swift format --in-place --recursive --parallel Package.swift Sources Tests

clean:
	@rm -rf .build .build-* .venv
