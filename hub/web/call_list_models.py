"""What is sent to call lists."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from crm_core.ground.faults import unfit
from hub.model.call_list import EntryState, ListState, Mode
from hub.web.queues import QueueId

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class HoursIn(BaseModel):
    """When may be called: days of the week (1 = Monday), from and until by the clock of a time zone."""

    model_config = ConfigDict(extra="forbid")

    zone: Annotated[str, Field(min_length=1, max_length=64)]
    days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    begin: Clock = Field(alias="from")
    until: Clock

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise unfit("time-zone", "no such time zone; write it like Asia/Shanghai") from None
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begin >= self.until:
            raise unfit("from-until", "`from` must be before `until`")
        return self


class RetryIn(BaseModel):
    """Again after so many minutes, until there were `most` attempts in all."""

    model_config = ConfigDict(extra="forbid")

    after_min: Annotated[int, Field(ge=0, le=43_200)]
    most: Annotated[int, Field(ge=1, le=20)]


class ListSegmentIn(BaseModel):
    """A kind of people; filters as in the record list of that kind (`level`, `name__contains`)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["customers", "contacts", "suppliers"]
    filters: Annotated[
        dict[Annotated[str, Field(max_length=80)], Annotated[str, Field(max_length=500)]], Field(max_length=20)
    ] = {}


class CallListIn(BaseModel):
    """A list: who calls (a `queue`, or `agents`), whom (`segments`, `numbers` in any spelling), with what `script`.

    `retries`: by outcome, of the PBX (`no_answer busy failed rejected`) or of the house's list of call outcomes.
    `mode`: `preview`, or `progressive` with `pace_s` seconds between the calls of an agent.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    queue: QueueId | None = None
    agents: Annotated[list[Id], Field(max_length=200)] = []
    account: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    segments: Annotated[list[ListSegmentIn], Field(max_length=20)] = []
    numbers: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=5000)] = []
    script: Annotated[str, Field(max_length=20_000)] = ""
    retries: Annotated[dict[Code, RetryIn], Field(max_length=40)] | None = None
    hours: HoursIn | None = None
    mode: Mode = "preview"
    pace_s: Annotated[int, Field(ge=1, le=240)] = 10


class CallListChange(CallListIn):
    """What is to be changed; the rest stays. `state` starts (`running`), pauses or ends (`done`) it."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = "unchanged"
    state: Literal["running", "paused", "done"] | None = None


class CallListsQuery(BaseModel):
    """Those in one state; `after`: the id of the last one seen."""

    model_config = ConfigDict(extra="forbid")

    state: ListState | None = None
    limit: int = Field(default=50, ge=1, le=200)
    after: Id | None = None


class EntriesQuery(BaseModel):
    """Those in one state; `after`: the number of the last one seen."""

    model_config = ConfigDict(extra="forbid")

    state: EntryState | None = None
    limit: int = Field(default=50, ge=1, le=200)
    after: Annotated[int, Field(ge=0)] = 0


class ResultIn(BaseModel):
    """What came of it: a code of the house's call outcomes. `again_at`: to be called again then."""

    model_config = ConfigDict(extra="forbid")

    outcome: Code
    note: Annotated[str, Field(max_length=4000)] = ""
    again_at: AwareDatetime | None = None


class SeatIn(BaseModel):
    """`ready` takes calls, `paused` does not; without a state it stays as it is. Said again at least every minute."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["ready", "paused"] | None = None
