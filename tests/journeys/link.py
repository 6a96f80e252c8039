"""A piece of network that a test can cut."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.lab.proxy import Proxy


class Link(Proxy):
    """The way from a browser to a hub."""

    def __init__(self, hub_url: str) -> None:
        super().__init__(urlsplit(hub_url).port or 80)

    @property
    def url(self) -> str:
        """Where the browser finds the hub."""
        return f"http://127.0.0.1:{self.port}"
