"""How the business assistant reminds a person: the person's choices, under the house's switch. (S2.1.2-01, -03, -07, -08)"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from crm_core.access.actor import system
from crm_core.declare.registry import Registry
from crm_core.records.change import change
from hub.desk.parameters import ASSISTANT, Parameters
from hub.identity.people import USERS
from hub.store.records import StoreUnit
from hub.store.unit import Unit, Units


class AssistantChoices(TypedDict):
    """What a person wants. `push`: the browser's own notifications while no tab is looked at."""

    window: bool
    flash: bool
    sound: bool
    push: bool


class AssistantOut(AssistantChoices):
    """The choices, and whether the house lets the assistant remind at all."""

    enabled: bool


USUAL = AssistantChoices(window=True, flash=True, sound=True, push=False)


class Assistant:
    """Reads and keeps the choices, in the field `assistant` of the person's record."""

    def __init__(self, units: Units, registry: Registry, parameters: Parameters) -> None:
        self._units, self._registry, self._parameters = units, registry, parameters

    async def show(self, user: str) -> AssistantOut:
        """As it is for this person now."""
        found = await self._units.db[USERS].find_one({"_id": user}, {"assistant": 1})
        kept: dict[str, Any] = (found or {}).get("assistant") or {}
        chosen = {name: bool(kept.get(name, usual)) for name, usual in USUAL.items()}
        return AssistantOut(
            enabled=await self._parameters.on(ASSISTANT),
            window=chosen["window"],
            flash=chosen["flash"],
            sound=chosen["sound"],
            push=chosen["push"],
        )

    async def choose(self, user: str, choices: AssistantChoices) -> AssistantOut:
        """Keep what the person chose; it needs no right on records, because it concerns nobody else."""

        async def work(unit: Unit) -> None:
            body = {"assistant": dict(choices)}
            await change(StoreUnit(unit), self._registry, system(), "user", user, body, None)

        await self._units.run(work)
        return await self.show(user)
