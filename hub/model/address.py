"""Who, on the wire: an address key (see `crm_core.ground.addresses`) with the name that stood beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One address in normal form.

    Attributes:
        key: `mail:ada@example.com`, `phone:+86138...`, `im:wechat:ada`, `user:ID`; or `raw:TEXT` where no normal form exists.
        name: the display name that came with it; empty when none did.
    """

    key: str
    name: str = ""

    @property
    def text(self) -> str:
        """The address as people write it: the key without its kind."""
        return self.key.split(":", 1)[1]
