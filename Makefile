# The commands for developers. CONTRIBUTING.md explains when to use them.

.PHONY: try check check-all fmt lint test test-browser screenshots test-postgresql-10 test-collation test-saml-peers simplesamlphp sqlx deny rpm check-rpm \
	check-reproducible bench fuzz

try: # start POEM with demo data
	./try

check: # everything a change must pass, before every push
	./check

check-all: # what CI runs
	./check --all

fmt: # format the code
	cargo fmt

lint: # run clippy
	cargo clippy --all-targets -- -D warnings

test: # all tests; they start a private PostgreSQL
	cargo test

test-browser: # every page, and the journeys of users, in Chromium; screenshots in target/screenshots
	cargo build --bin poem && cargo test --test it templates::
	packaging/check-browser --all

screenshots: # take the screenshots of the README again, in docs/screenshots
	cargo build --bin poem
	packaging/check-browser --screenshots

test-postgresql-10: # all tests with the oldest supported PostgreSQL
	packaging/check-postgresql 10

test-collation: # all tests with a cluster whose collation is not C
	packaging/check-postgresql collation

test-saml-peers: # the federated login at another identity provider, pysaml2
	bash -euo pipefail -c '. packaging/prerequisites.sh; install_pysaml2_if_possible'
	cargo test --locked --test it federated_login::pysaml2 -- --ignored

simplesamlphp: # install what the tests of the federated login need
	bash -euo pipefail -c '. packaging/prerequisites.sh; install_simplesamlphp_if_possible'

sqlx: # describe the queries in .sqlx, after changing a query or a migration
	packaging/sqlx-prepare

deny: # licences, sources and advisories of the dependencies
	packaging/check-dependencies

rpm: # build the RPM for CentOS 7; VARIANT=el8 or el9, RELEASE=2
	packaging/build-rpm

check-rpm: # build the RPM, install it in all situations, and follow the steps of the README
	built=$$(packaging/build-rpm) && echo "$$built" && packaging/check-rpm "$$(echo "$$built" | head -n 1)"

check-reproducible: # build the RPM twice and compare
	packaging/check-reproducible

bench: # compare POEM with nginx; writes benchmark/RESULTS.md
	benchmark/run

# Fuzzes a parser of untrusted input: make fuzz TARGET=dump SECONDS=600. Needs cargo-fuzz. RUSTC_BOOTSTRAP lets the
# stable compiler accept its nightly options.
TARGET ?= ini
SECONDS ?= 300
fuzz:
	mkdir -p fuzz/corpus/$(TARGET) && cp tests/fuzz/corpus/$(TARGET)/* fuzz/corpus/$(TARGET)/
	RUSTC_BOOTSTRAP=1 cargo fuzz run $(TARGET) -- -max_total_time=$(SECONDS)
