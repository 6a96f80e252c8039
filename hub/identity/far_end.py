"""Where an act came from, as shown in the list of sessions and in the audit log."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class FarEnd:
    """The address and the program at the other end."""

    address: str
    agent: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "agent", self.agent[:_LONGEST_AGENT])


COMMAND_LINE = FarEnd("local", "mainstem command")
