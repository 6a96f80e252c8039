# run: the product with demo data.  test: every check and test.  bench: the performance budgets.
.PHONY: run test check bench bench-email ui lock screenshots clean

run:
	@tools/python -m tools.setup
	@.venv/bin/mainstem up --demo

test:
	@tools/python -m tools.setup
	@tools/python -m tools.checks

check:
	@tools/python -m tools.setup
	@tools/python -m tools.checks static

bench:
	@tools/python -m tools.setup
	@.venv/bin/python -m tests.bench

bench-email:
	@tools/python -m tools.setup
	@.venv/bin/python -m tests.bench door mailbox

bench-%:
	@tools/python -m tools.setup
	@.venv/bin/python -m tests.bench $*

ui:
	@tools/python -m tools.setup console

screenshots:
	@.venv/bin/python -m tools.screenshots

lock:
	@.venv/bin/python -m tools.lock

clean:
	@rm -rf .venv agents_ui/node_modules agents_ui/dist agents_ui/openapi.json .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
