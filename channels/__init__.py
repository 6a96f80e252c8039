"""One folder per kind of communication; found by name, imported by nobody.

A folder holds `account.py` (what an operator configures), `channel.py` (the protocol), `promises.toml` (what it
promises, each with the test that shows it) and exports `channel`. How to add one: `docs/adding-a-channel.md`.
"""
