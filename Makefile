# The commands of a developer; CONTRIBUTING.md says when to use which.

.PHONY: try check fmt lint test sqlx deny bench

try: # start POEM with demo data
	./try

check: # everything a change must pass
	./check

fmt: # put the code into its form
	cargo fmt

lint: # what clippy says
	cargo clippy --all-targets -- -D warnings

test: # all tests; they start a PostgreSQL of their own
	cargo test

sqlx: # describe the queries into .sqlx, after changing a query or a migration
	packaging/sqlx-prepare

deny: # licences and sources of the dependencies
	cargo deny --all-features check bans licenses sources

bench: # measure POEM beside nginx, into benchmark/RESULTS.md
	benchmark/run
