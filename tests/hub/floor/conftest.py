"""Consoles of the whole hub, for what is pushed."""

from tests.hub.test_console_hub import Listen, listen

__all__ = ["Listen", "listen"]
