"""Tests read as specifications; they run against real servers that they start and stop themselves."""
