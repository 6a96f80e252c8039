"""Which accounts there are: those of the settings file and those made on screen, each validated by its channel.

A broken one is listed with its error and never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ValidationError

from crm_core.ground.errors import MainstemError, NotFound
from hub.accounts.secrets import opened_config
from hub.channel import Account, AnyChannel, load
from hub.errors import SetupError
from hub.problems import from_validation
from hub.settings import AccountSettings
from hub.store.client import Database, Doc
from hub.store.collections import ACCOUNTS
from hub.vault import Vault

Source = Literal["file", "store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One configured account. `account` and `channel` are there exactly when `error` is not.

    Attributes:
        revision: of the stored document; 0 for an account of the settings file.
        config: the channel's fields as stored, secrets sealed; empty for an account of the settings file.
    """

    id: str
    kind: str
    source: Source
    enabled: bool
    queue: str
    revision: int
    config: Mapping[str, Any]
    account: Account | None = None
    channel: AnyChannel | None = None
    error: str | None = None

    def ready(self) -> tuple[AnyChannel, Account]:
        """The channel and the account.

        Raises:
            SetupError: the configuration is broken; the detail says where.
        """
        if self.channel is None or self.account is None:
            raise SetupError(f"account {self.id} needs mending: {self.error}", account=self.id)
        return self.channel, self.account


class Directory:
    """Reads accounts afresh at each call: they are few, and a change on one hub must be seen on all."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        in_file: Mapping[str, AccountSettings],
        load_channel: Callable[[str], AnyChannel] = load,
    ) -> None:
        self._stored = db[ACCOUNTS]
        self._vault = vault
        self._load = load_channel
        self._in_file = {name: self._from_file(name, account) for name, account in in_file.items()}

    async def all(self) -> list[Entry]:
        """Every account, by id. One of the settings file goes before a stored one of the same id."""
        stored = {doc["_id"]: self._from_store(doc) async for doc in self._stored.find()}
        return [entry for _, entry in sorted({**stored, **self._in_file}.items())]

    async def one(self, account: str) -> Entry:
        """One account.

        Raises:
            NotFound: there is none of this id.
        """
        if entry := self._in_file.get(account):
            return entry
        doc = await self._stored.find_one({"_id": account})
        if doc is None:
            raise NotFound(f"there is no account {account!r}", account=account)
        return self._from_store(doc)

    def validated(self, account: str, kind: str, fields: Mapping[str, Any]) -> tuple[AnyChannel, Account]:
        """The account that these fields make.

        Raises:
            NotFound: there is no such channel.
            Invalid: names each field that breaks the channel's rules.
        """
        channel = self._load(kind)
        try:
            return channel, channel.account_model.model_validate({**fields, "id": account, "channel": kind})
        except ValidationError as error:
            raise from_validation(error) from None

    def _from_file(self, account: str, settings: AccountSettings) -> Entry:
        entry = Entry(
            id=account, kind=settings.channel, source="file", enabled=settings.enabled, queue=settings.queue,
            revision=0, config={},
        )  # fmt: skip
        return self._complete(entry, settings.model_dump(exclude={"channel"}))

    def _from_store(self, doc: Doc) -> Entry:
        entry = Entry(
            id=doc["_id"], kind=doc["channel"], source="store", enabled=doc["enabled"], queue=doc["queue"],
            revision=doc["revision"], config=doc["config"],
        )  # fmt: skip
        try:
            opened = opened_config(doc["config"], self._vault)
        except SetupError as error:
            return replace(entry, error=error.detail)
        return self._complete(entry, {**opened, "queue": doc["queue"], "enabled": doc["enabled"]})

    def _complete(self, entry: Entry, fields: Mapping[str, Any]) -> Entry:
        try:
            channel, account = self.validated(entry.id, entry.kind, fields)
        except MainstemError as error:
            return replace(entry, error=error.detail)
        return replace(entry, channel=channel, account=account)
