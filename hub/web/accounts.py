"""Accounts over HTTP: how they are, for supervisors; what they are, for administrators. Secrets go in and never come out."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from crm_core.ground.clock import now
from hub.accounts.changes import Changes
from hub.accounts.directory import Directory, Entry
from hub.accounts.health import AccountHealth, HealthBook
from hub.accounts.secrets import secret_names, shown_config
from hub.channel import AnyChannel, Section, kinds, load
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER, SIGNED_IN, SUPERVISE
from hub.web.routes import Revision, Routes

routes = Routes("accounts")

_BESIDE = frozenset({"id", "channel", "queue", "enabled"})
_COMMON = Section(
    "Limits", "限制", {"rate_per_minute": ("Messages sent per minute at most", "每分钟最多发送条数")}, fine=True
)
"""What every account has beside what is its channel's own."""
Fields = Annotated[dict[str, Any], Field(max_length=200)]
"""The channel's own fields; `GET /api/channels` has their JSON Schema."""


class NewAccount(BaseModel):
    """An account to add."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    channel: Annotated[str, Field(max_length=40)]
    queue: Annotated[str, Field(max_length=40)] = "general"
    enabled: bool = True
    config: Fields = {}


class AccountChange(BaseModel):
    """What is to change. A field of `config` that is None is taken away; one that is not named stays."""

    model_config = ConfigDict(extra="forbid")

    queue: Annotated[str, Field(max_length=40)] | None = None
    enabled: bool | None = None
    config: Fields = {}


class AccountPage(TypedDict):
    """All accounts."""

    items: list[AccountHealth]
    next: str | None


class AccountOut(TypedDict):
    """What an administrator sees of an account. `secrets` names those that are set; `config` never holds them. `keeps`:
    the far side keeps what came, so it can be compared with, and filled in from."""

    id: str
    channel: str
    source: str
    queue: str
    enabled: bool
    config: dict[str, Any]
    secrets: list[str]
    error: str | None
    keeps: bool
    revision: int


class WordsOut(TypedDict):
    """A word in both languages."""

    en: str
    zh: str


class FormFieldOut(TypedDict):
    """A field of the account form; `name` is a place in the JSON Schema (`outer.inner` where it is nested)."""

    name: str
    label: WordsOut


class FormSectionOut(TypedDict):
    """Fields that belong together; a `fine` section is shown folded."""

    label: WordsOut
    fine: bool
    fields: list[FormFieldOut]


class ChannelOut(TypedDict):
    """A kind of channel: what it can carry, the JSON Schema of its accounts (secrets are `writeOnly`), and how their
    form is laid out."""

    kind: str
    capabilities: dict[str, Any]
    receives: bool
    account: dict[str, Any]
    form: list[FormSectionOut]


class ChannelPage(TypedDict):
    """The channels that are installed."""

    items: list[ChannelOut]
    next: str | None


class Backfill(BaseModel):
    """From when on."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime


class BackfillBegun(TypedDict):
    """The job that does it."""

    job: str


class Probed(TypedDict):
    """The far side answered."""

    ok: bool


@routes.get("/api/accounts", may=SUPERVISE)
async def list_accounts(directory: Directory, health: HealthBook) -> AccountPage:
    """How every account is."""
    return {"items": await health.of(await directory.all()), "next": None}


@routes.get("/api/accounts/{account}", may=ADMINISTER)
async def show_account(account: str, directory: Directory) -> AccountOut:
    """How an account is configured, without its secrets."""
    return account_out(await directory.one(account))


@routes.post("/api/accounts", may=ADMINISTER, status=201)
async def create_account(body: NewAccount, who: Caller, request: web.Request, changes: Changes) -> AccountOut:
    """Add an account; every hub takes note at once."""
    fields = {**body.config, "queue": body.queue, "enabled": body.enabled}
    return account_out(await changes.create(body.id, body.channel, fields, by=who.user, far=far_end(request)))


@routes.patch("/api/accounts/{account}", may=ADMINISTER)
async def change_account(
    account: str, body: AccountChange, revision: Revision, who: Caller, request: web.Request, changes: Changes
) -> AccountOut:
    """Change an account; its owner connects anew."""
    given = body.model_dump(include={"queue", "enabled"}, exclude_none=True)
    fields = {**body.config, **given}
    return account_out(await changes.change(account, fields, revision, by=who.user, far=far_end(request)))


@routes.delete("/api/accounts/{account}", may=ADMINISTER)
async def remove_account(account: str, who: Caller, request: web.Request, changes: Changes) -> None:
    """Remove an account; its messages stay."""
    await changes.remove(account, by=who.user, far=far_end(request))


@routes.post("/api/accounts/{account}/probe", may=ADMINISTER)
async def probe_account(account: str, changes: Changes) -> Probed:
    """Try the connection to the far side; a problem says what is wrong."""
    await changes.probe(account)
    return {"ok": True}


@routes.post("/api/accounts/{account}/backfill", may=ADMINISTER, status=202)
async def backfill_account(
    account: str, body: Backfill, who: Caller, request: web.Request, changes: Changes
) -> BackfillBegun:
    """Take in what the far side has since a day; `job.changed` tells the progress."""
    return {"job": await changes.fill_in(account, body.since, by=who.user, far=far_end(request))}


@routes.get("/api/channels", may=SIGNED_IN)
async def list_channels() -> ChannelPage:
    """The kinds of channel there are: the composer and the account form are drawn from this."""
    return {"items": [channel_out(load(kind)) for kind in kinds()], "next": None}


def account_out(entry: Entry) -> AccountOut:
    """The account without its secrets."""
    return {
        "id": entry.id,
        "channel": entry.kind,
        "source": entry.source,
        "queue": entry.queue,
        "enabled": entry.enabled,
        "config": shown_config(entry.config),
        "secrets": secret_names(entry.config),
        "error": entry.error,
        "keeps": _keeps(entry),
        "revision": entry.revision,
    }


def _keeps(entry: Entry) -> bool:
    if entry.channel is None or entry.account is None:
        return False
    return entry.channel.inventory(entry.account, now()) is not None


def channel_out(channel: AnyChannel) -> ChannelOut:
    """The channel as a form can be drawn from it: the schema says only what is the channel's own."""
    schema = channel.account_model.model_json_schema()
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k not in _BESIDE}
    schema["required"] = [name for name in schema.get("required", ()) if name not in _BESIDE]
    return {
        "kind": channel.kind,
        "capabilities": {name: getattr(channel.can, name) for name in channel.can.__dataclass_fields__},
        "receives": channel.receives,
        "account": schema,
        "form": [_section_out(section) for section in (*channel.form, _COMMON)],
    }


def _section_out(section: Section) -> FormSectionOut:
    fields: list[FormFieldOut] = [
        {"name": name, "label": {"en": en, "zh": zh}} for name, (en, zh) in section.fields.items()
    ]
    return {"label": {"en": section.en, "zh": section.zh}, "fine": section.fine, "fields": fields}
