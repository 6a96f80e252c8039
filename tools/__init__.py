"""Scripts of the set-up, run by the Makefile: `tools/python -m tools.setup`."""
