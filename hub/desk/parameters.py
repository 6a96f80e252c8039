"""System parameters: a declared list with defaults; administrators change values, each change is audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid
from hub.events import ParameterChanged
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.mail_collections import PARAMETERS
from hub.store.unit import Unit, Units

Value = bool | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One declared parameter. `least` and `most` bound a number."""

    name: str
    default: Value
    en: str
    zh: str
    least: int = 0
    most: int = 0

    def check(self, value: object) -> str | None:
        """What is wrong with a value; None when it can be set."""
        if isinstance(self.default, bool):
            return None if isinstance(value, bool) else "true or false"
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            return f"a whole number from {self.least} to {self.most}"
        return None

    @property
    def fits(self) -> dict[str, str | int]:
        """What a value must be, for words in any language."""
        number: dict[str, str | int] = {"rule": "range", "least": self.least, "most": self.most}
        return {"rule": "bool_type"} if isinstance(self.default, bool) else number


SUPERIORS_READ = "superiors-read-mail"
ASSISTANT = "assistant"
BROWSER_PUSH = "browser-push"
OWN_RECORDINGS = "hear-own-recordings"
DECLARED = (
    Parameter(name=SUPERIORS_READ, default=False, en="Superiors may read their subordinates' conversations",
              zh="查看下属邮件"),
    Parameter(name="automatic-per-address-hour", default=10, least=1, most=1000,
              en="Most automatic messages to one address in an hour", zh="每小时发往同一地址的自动邮件上限"),
    Parameter(name="automatic-per-conversation-hour", default=10, least=1, most=1000,
              en="Most automatic messages in one conversation in an hour", zh="每小时同一会话中的自动邮件上限"),
    Parameter(name=ASSISTANT, default=True, en="The business assistant reminds signed-in people", zh="启用业务助手"),
    Parameter(name=BROWSER_PUSH, default=False, en="Reminders may go through the push services of browser makers",
              zh="可经浏览器厂商的推送服务提醒"),
    Parameter(name=OWN_RECORDINGS, default=False, en="Agents may hear the recordings of their own calls",
              zh="座席可收听本人通话录音"),
)  # fmt: skip
_BY_NAME = {parameter.name: parameter for parameter in DECLARED}


class WordsOut(TypedDict):
    """A word in both languages."""

    en: str
    zh: str


class ParameterOut(TypedDict):
    """A parameter as it stands. `changed_by` is None while it has its default and nobody touched it."""

    name: str
    label: WordsOut
    value: Value
    default: Value
    least: int | None
    most: int | None
    changed_by: str | None
    changed_at: datetime | None


class Parameters:
    """Reads and changes parameters. Read afresh each time: a change on one hub holds at once on all."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._stored = units.db[PARAMETERS]
        self._audit = audit

    async def on(self, name: str) -> bool:
        """Whether a yes-or-no parameter is set."""
        return bool(await self._value(name))

    async def number(self, name: str) -> int:
        """The value of a number."""
        return int(await self._value(name))

    async def all(self) -> list[ParameterOut]:
        """Every declared parameter with its value."""
        stored = {doc["_id"]: doc async for doc in self._stored.find({"_id": {"$in": list(_BY_NAME)}})}
        return [_out(parameter, stored.get(parameter.name)) for parameter in DECLARED]

    async def change(self, values: Mapping[str, object], by: Caller, far: FarEnd) -> list[ParameterOut]:
        """Set values, all or none.

        Raises:
            Invalid: names each parameter that there is not, or whose value cannot be.
        """
        wrong = [
            FieldError(name, "value", said, _BY_NAME[name].fits if name in _BY_NAME else {"rule": "unknown"})
            for name, value in values.items()
            if (said := _BY_NAME[name].check(value) if name in _BY_NAME else "there is no such parameter")
        ]
        if wrong:
            raise Invalid("; ".join(f"{each.path}: {each.detail}" for each in wrong), fields=tuple(wrong))

        async def work(unit: Unit) -> None:
            for name, value in values.items():
                change = {"$set": {"value": value, "by": by.user, "at": now()}}
                await unit.db[PARAMETERS].update_one({"_id": name}, change, upsert=True, session=unit.session)
                await self._audit.write(
                    "parameter.changed", who=by.user, far=far, about=f"parameter:{name}", unit=unit, value=value
                )
                unit.announce(ParameterChanged(id=name))

        await self._units.run(work)
        return await self.all()

    async def _value(self, name: str) -> Value:
        found = await self._stored.find_one({"_id": name}, {"value": 1})
        value: Value = found["value"] if found else _BY_NAME[name].default
        return value


def _out(parameter: Parameter, stored: Mapping[str, object] | None) -> ParameterOut:
    number = not isinstance(parameter.default, bool)
    return {
        "name": parameter.name,
        "label": {"en": parameter.en, "zh": parameter.zh},
        "value": stored["value"] if stored else parameter.default,  # type: ignore[typeddict-item]
        "default": parameter.default,
        "least": parameter.least if number else None,
        "most": parameter.most if number else None,
        "changed_by": stored["by"] if stored else None,  # type: ignore[typeddict-item]
        "changed_at": stored["at"] if stored else None,  # type: ignore[typeddict-item]
    }
