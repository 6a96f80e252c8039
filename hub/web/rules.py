"""Rules before the inbox over HTTP (S2.9.3-10): supervisors keep them, and try them on messages that are there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from hub.desk.mail_rules import MailRules, RuleOut, Tried
from hub.identity.caller import Caller
from hub.web.conversation_models import Name, Tag
from hub.web.far_side import far_end
from hub.web.may import ARRANGE, SUPERVISE
from hub.web.routes import Revision, Routes

routes = Routes("rules")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
Texts = Annotated[list[Text], Field(max_length=100)]
Kind = Literal["normal", "bounce", "auto_reply", "calendar", "report"]


class When(BaseModel):
    """Conditions; all that are given must hold. A list holds when one of it does. An address is `ada@example.com`, or
    `@example.com` for a whole domain; `subject_matches` is an RE2 pattern, without regard to case."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    accounts: Annotated[list[Name], Field(max_length=100)] = []
    from_: Texts = Field(default=[], alias="from")
    to: Texts = []
    subject_contains: Texts = []
    subject_matches: Annotated[str, Field(max_length=500)] | None = None
    has_attachment: bool | None = None
    kinds: Annotated[list[Kind], Field(max_length=5)] = []
    automatic: bool | None = None
    authentication_failed: bool | None = None


class Then(BaseModel):
    """What is done. `assignee` is a user id. `close` and `archive` leave alone what people are working on."""

    model_config = ConfigDict(extra="forbid")

    queue: Name | None = None
    assignee: Name | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] = []
    close: bool = False
    archive: bool = False
    forward: Annotated[list[Text], Field(max_length=5)] = []


class NewRule(BaseModel):
    """A rule to add; without `place` it acts last. `stop`: no later rule acts after it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    when: When
    then: Then
    place: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    enabled: bool = True
    stop: bool = False


class RuleChange(BaseModel):
    """What is to change; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = "unchanged"
    when: When = When()
    then: Then = Then()
    place: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    enabled: bool = True
    stop: bool = False


class Trial(BaseModel):
    """A stored message; with `rule` that one alone, as if it were saved, else all that are."""

    model_config = ConfigDict(extra="forbid")

    message: Name
    rule: NewRule | None = None


class RulePage(TypedDict):
    """All rules, in order."""

    items: list[RuleOut]
    next: str | None


@routes.get("/api/rules", may=SUPERVISE)
async def list_rules(rules: MailRules) -> RulePage:
    """The rules before the inbox, in the order in which they act."""
    return {"items": await rules.all(), "next": None}


@routes.post("/api/rules", may=ARRANGE, status=201)
async def create_rule(body: NewRule, who: Caller, request: web.Request, rules: MailRules) -> RuleOut:
    """Add a rule; it acts on what comes in from now on."""
    return await rules.add(_fields(body), who, far_end(request))


@routes.patch("/api/rules/{rule}", may=ARRANGE)
async def change_rule(
    rule: str, body: RuleChange, revision: Revision, who: Caller, request: web.Request, rules: MailRules
) -> RuleOut:
    """Change a rule; `when` and `then` are replaced whole."""
    return await rules.change(rule, _fields(body, unset=False), revision, who, far_end(request))


@routes.delete("/api/rules/{rule}", may=ARRANGE)
async def remove_rule(rule: str, who: Caller, request: web.Request, rules: MailRules) -> None:
    """Remove a rule; what it did stays."""
    await rules.remove(rule, who, far_end(request))


@routes.post("/api/rules/try", may=SUPERVISE)
async def try_rules(body: Trial, who: Caller, rules: MailRules) -> Tried:
    """What would happen with a message that is there already. Nothing is done."""
    return await rules.try_on(who, body.message, _fields(body.rule) if body.rule else None)


def _fields(body: NewRule | RuleChange, *, unset: bool = True) -> dict[str, Any]:
    return body.model_dump(by_alias=True, exclude_unset=not unset) | {
        name: getattr(body, name).model_dump(by_alias=True)
        for name in ("when", "then")
        if name in body.model_fields_set
    }
