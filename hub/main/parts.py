"""What a room of the hub has in common with the others: its parts, found by their type."""

from __future__ import annotations

from typing import Any


class Parts:
    """The parts of one room, wired when it is made. Every public attribute is a part that route handlers may ask for."""

    def by_type(self) -> dict[type, Any]:
        """The parts as route handlers ask for them."""
        return {type(part): part for name, part in vars(self).items() if not name.startswith("_")}
