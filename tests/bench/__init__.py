"""The performance budgets: `python -m tests.bench [NAME ...] [--scale S]`, which is what `make bench` calls.

One module per budget. Each measures the product and, in the same run on the same machine, a floor: the least that the same
work costs without the product. What is printed also goes to `results.json` and from there to `docs/benchmarks.md`.
"""
