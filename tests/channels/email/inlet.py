"""A hub in memory, for tests of the SMTP protocol alone; the tests of the whole way use the real one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.channel import Raw
from hub.model.envelope import Envelope
from hub.model.message import MessageOut


@dataclass
class MemoryInlet:
    """Keeps what it is given. `refuse` is raised by the next calls of `ingest`; `refuse_raw` by those of `keep_raw`."""

    raws: list[Raw] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    refuse: Exception | None = None
    refuse_raw: Exception | None = None
    detail: str = ""

    async def keep_raw(self, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        if self.refuse_raw:
            raise self.refuse_raw
        raw = Raw(id=new_id(), account="mail", content=content, at=now(), note=note or {}, correlation=new_id())
        self.raws.append(raw)
        return raw

    async def ingest(self, envelope: Envelope) -> MessageOut:
        if self.refuse:
            raise self.refuse
        self.envelopes.append(envelope)
        return cast(MessageOut, {"id": new_id(), "external_id": envelope.external_id})

    async def amend(self, external_id: str, change: Mapping[str, Any]) -> MessageOut | None:
        return None

    async def position(self) -> dict[str, Any]:
        return {}

    async def move_to(self, position: Mapping[str, Any]) -> None:
        return None

    async def holds(self, external_ids: list[str]) -> set[str]:
        return {each.external_id for each in self.envelopes} & set(external_ids)

    def connected(self, detail: str = "") -> None:
        self.detail = detail

    def heard(self) -> None:
        return None

    def sign(self, purpose: str, value: str) -> str:
        return f"{value}x{purpose[:2]}"

    def check(self, purpose: str, token: str) -> str | None:
        return token.removesuffix(f"x{purpose[:2]}") if token.endswith(f"x{purpose[:2]}") else None
