"""What a plan may say. Every value has an alphabet of its own, so that none can leave its place in a line of Asterisk's."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from crm_core.ground.faults import unfit

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""Of a queue, a menu, opening hours; as the hub names its queues."""
Number = Annotated[str, Field(pattern=r"^\+?[0-9]{2,20}$")]
"""A number that is called, as the carrier sends it."""
Prompt = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*$", max_length=80)]
"""A sound file of the PBX, below its folder of sounds and without its ending: `custom/welcome`."""
Key = Annotated[str, Field(pattern=r"^[0-9*]$")]
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Strategy = Literal["ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "wrandom"]
"""Not `linear`: Asterisk does not change to it without a restart."""

_RESERVED = frozenset({"general", "globals"})
_PHONE = re.compile(r"[1-9][0-9]{1,7}")
_MAILBOX = re.compile(r"[0-9]{2,8}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Part):
    """Where a call goes. `name`: of the queue or menu; the extension; the mailbox; nothing where it is hung up."""

    to: Literal["queue", "menu", "extension", "voicemail", "hangup"]
    name: str = Field(default="", validate_default=True)

    @field_validator("name")
    @classmethod
    def _fits(cls, name: str, info: ValidationInfo) -> str:
        match info.data.get("to"):
            case "hangup" if name:
                raise unfit("hung-up", "a call that is hung up goes nowhere: leave the name away")
            case "extension" if not _PHONE.fullmatch(name):
                raise unfit("extension-digits", "an extension has 2 to 8 digits and does not begin with 0")
            case "voicemail" if not _MAILBOX.fullmatch(name):
                raise unfit("mailbox-digits", "a mailbox has 2 to 8 digits")
            case "queue" | "menu" if not _NAME.fullmatch(name):
                raise unfit("name-of-plan", "give the name of one of this plan")
        return name


HANG_UP = Target(to="hangup")


class Queue(_Part):
    """A queue. `wait_s`: so long a caller waits; then, or where nobody takes calls, `otherwise` counts."""

    strategy: Strategy = "rrmemory"
    ring_s: int = Field(default=15, ge=3, le=300)
    weight: int = Field(default=0, ge=0, le=1000)
    wait_s: int = Field(default=600, ge=5, le=7200)
    greeting: Prompt | None = None
    announce_position: bool = False
    announce_hold_time: bool = False
    announce_every_s: int = Field(default=60, ge=15, le=3600)
    periodic: Prompt | None = None
    periodic_every_s: int = Field(default=60, ge=15, le=3600)
    otherwise: Target = HANG_UP


class Span(_Part):
    """Open from a minute until before another one; over midnight there are two of them."""

    opens: Clock
    closes: Clock

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.opens >= self.closes:
            raise unfit(
                "closes-early", "closes before it opens: over midnight, write one span until 24:00 and one from 00:00"
            )
        return self


Spans = Annotated[list[Span], Field(max_length=12)]


class Day(_Part):
    """A day unlike its weekday: closed (a holiday), or open at hours of its own."""

    date: date
    open: Spans = []
    note: str = Field(default="", max_length=200)
    """For people; it is not rendered."""


class Hours(_Part):
    """Opening hours: per weekday, and days that differ. A weekday that is not named is closed."""

    zone: str
    week: dict[Weekday, Spans] = {}
    days: list[Day] = Field(default=[], max_length=400)

    @field_validator("zone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise unfit("time-zone", "there is no such time zone: write one such as Asia/Shanghai")
        return zone

    @field_validator("days")
    @classmethod
    def _once(cls, days: list[Day]) -> list[Day]:
        dates = [each.date for each in days]
        if twice := sorted({each for each in dates if dates.count(each) > 1}):
            raise unfit("twice", "{what} stands there twice", what=twice[0].isoformat())
        return days


class Menu(_Part):
    """A menu. Silence and a wrong key each repeat it, `repeats` times in all; then the branch of what came last counts."""

    prompt: Prompt
    keys: dict[Key, Target] = Field(min_length=1)
    timeout_s: int = Field(default=5, ge=1, le=60)
    repeats: int = Field(default=2, ge=0, le=9)
    invalid_prompt: Prompt | None = None
    on_timeout: Target = HANG_UP
    on_invalid: Target = HANG_UP


class Closed(_Part):
    """What a caller hears outside opening hours, and then: voicemail, or the end."""

    prompt: Prompt | None = None
    then: Target = HANG_UP

    @field_validator("then")
    @classmethod
    def _ends(cls, then: Target) -> Target:
        if then.to not in ("voicemail", "hangup"):
            raise unfit("closed-ends", "who calls while it is closed may leave a message, or is hung up")
        return then


class Entrance(_Part):
    """Where a number leads; without `hours` always."""

    open: Target
    hours: Name | None = None
    closed: Closed = Closed()


class Plan(_Part):
    """All of it."""

    queues: dict[Name, Queue] = Field(default={}, max_length=200)
    hours: dict[Name, Hours] = Field(default={}, max_length=50)
    menus: dict[Name, Menu] = Field(default={}, max_length=200)
    numbers: dict[Number, Entrance] = Field(default={}, max_length=500)

    @field_validator("queues")
    @classmethod
    def _free(cls, queues: dict[str, Queue]) -> dict[str, Queue]:
        if taken := sorted(name for name in queues if name in _RESERVED or name.startswith("mainstem-")):
            raise unfit(
                "reserved-name", "{what} is a name that Asterisk, or its configuration, keeps for itself", what=taken[0]
            )
        return queues
