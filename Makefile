# The commands of a developer; CONTRIBUTING.md says when to use which.

.PHONY: try check check-all fmt lint test test-browser test-postgresql-10 test-collation sqlx deny bench fuzz

try: # start POEM with demo data
	./try

check: # everything a change must pass, before every push
	./check

check-all: # what CI runs
	./check --all

fmt: # put the code into its form
	cargo fmt

lint: # what clippy says
	cargo clippy --all-targets -- -D warnings

test: # all tests; they start a PostgreSQL of their own
	cargo test

test-browser: # every page and the journeys of people in a Chromium; pictures into target/screenshots
	cargo build --bin poem && cargo test --test it templates::
	packaging/check-browser --all

test-postgresql-10: # all tests over the oldest PostgreSQL that is supported
	packaging/check-postgresql 10

test-collation: # all tests over a cluster whose collation is not C
	packaging/check-postgresql collation

sqlx: # describe the queries into .sqlx, after changing a query or a migration
	packaging/sqlx-prepare

deny: # licences, sources and advisories of the dependencies
	packaging/check-dependencies

bench: # measure POEM beside nginx, into benchmark/RESULTS.md
	benchmark/run

# The long run over a parser of untrusted input: make fuzz TARGET=dump SECONDS=600. Wants cargo-fuzz; the compiler of
# the day is told to allow what it takes for that.
TARGET ?= ini
SECONDS ?= 300
fuzz:
	mkdir -p fuzz/corpus/$(TARGET) && cp tests/fuzz/corpus/$(TARGET)/* fuzz/corpus/$(TARGET)/
	RUSTC_BOOTSTRAP=1 cargo fuzz run $(TARGET) -- -max_total_time=$(SECONDS)
