# Two commands on a fresh machine: `make crawl` and `make test`. Works with GNU make 3.81, which macOS has.
BIN = .venv/bin
CACHES = .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov

.PHONY: help crawl test stores check lint types docs schema faults benchmark clean

help: ## Say what can be made (what plain `make` does)
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

crawl: ## Set up, then crawl URL=https://… (without it the bundled sample site, to sample/); ARGS="…" is passed on
	@$(if $(or $(URL),$(filter undefined,$(origin URL))),,echo "URL= is empty: pass URL=https://…, or leave it out for the sample site" >&2; exit 2)
	@sh scripts/setup crawl
	@$(BIN)/scrapy collect $(if $(URL),"$$URL") $(ARGS)

test: ## Set up, then run every check: lint, format, types, docs, tests with coverage
	@sh scripts/setup dev
	@sh scripts/check

stores: ## The tests that use a Redis, on Debian's and on that with TLS, a password and an ACL
	@sh scripts/setup dev
	@sh scripts/stores

check: test ## The same as test

lint: ## Run the linter, and look at the format
	@sh scripts/setup dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: ## Check the types
	@sh scripts/setup dev
	@$(BIN)/mypy

docs: ## Write the generated parts of docs/ anew
	@sh scripts/setup dev
	@$(BIN)/python -m docs.generate && $(BIN)/python -m tests.request_ends

schema: ## Write docs/schema/ anew
	@sh scripts/setup dev
	@$(BIN)/python -m docs.generate schema

faults: ## The long fault tests, ours beside stock scrapy-redis; ARGS="…" is passed on
	@sh scripts/setup dev
	@$(BIN)/python -m tests.faults $(ARGS); ours=$$?; $(BIN)/python -m tests.faults --stock $(ARGS); exit $$ours

benchmark: ## Measure threads, processes and instances, and write docs/concurrency.md anew (5 minutes); ARGS="…" is passed on
	@sh scripts/setup dev
	@$(BIN)/python -m benchmarks.concurrency --page docs/concurrency.md $(ARGS)

clean: ## Remove .venv and caches; never records or the state of a crawl
	@rm -rf .venv $(CACHES)
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
