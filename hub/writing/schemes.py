"""Saved mailings: made, shown, changed, removed. What they say is checked when they are saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound, StaleRevision
from crm_core.ground.ids import new_id
from crm_core.templates.usual import usual_scope
from hub.desk.attachments import Attachments
from hub.desk.ports import SendingAccounts
from hub.identity.caller import Caller
from hub.model.conversation import PersonRef
from hub.store.client import Database, Doc
from hub.store.desk_indexes import FILES
from hub.store.records import Records
from hub.writing.audience import Segment, single
from hub.writing.indexes import MAILINGS, RUNS
from hub.writing.letters import Letter, Texts
from hub.writing.merging import hand_of

_MOST = 500


class SegmentOut(TypedDict):
    """A kind of receivers with its filters."""

    kind: str
    filters: dict[str, str]


class AttachedOut(TypedDict):
    """A file that goes with a mailing; `size` in bytes."""

    id: str
    name: str
    size: int


class MailingOut(TypedDict):
    """A saved mailing. `owner` is who made it; `files` describes the attachments."""

    id: str
    name: str
    channel: str
    account: str
    language: Literal["zh", "en"]
    subject: str
    text: str
    html: str
    attachments: list[str]
    files: list[AttachedOut]
    segments: list[SegmentOut]
    addresses: list[str]
    owner: PersonRef
    changed_at: datetime
    revision: int


class Schemes:
    """The saved mailings; whoever may write to many sees all of them."""

    def __init__(self, db: Database, records: Records, attachments: Attachments, accounts: SendingAccounts) -> None:
        self._mailings, self._runs, self._files = db[MAILINGS], db[RUNS], db[FILES]
        self._records, self._attachments, self._accounts = records, attachments, accounts

    async def list_all(self) -> list[MailingOut]:
        """The mailings, last changed first."""
        docs = await self._mailings.find().sort("changed_at", -1).limit(_MOST).to_list()
        return await self._out(docs)

    async def show(self, mailing: str) -> MailingOut:
        """One; raises `NotFound`."""
        return (await self._out([await self.read(mailing)]))[0]

    async def read(self, mailing: str) -> Doc:
        """The stored document; raises `NotFound`."""
        doc = await self._mailings.find_one({"_id": mailing})
        if doc is None:
            raise NotFound("there is no such mailing", mailing=mailing)
        return doc

    async def create(self, caller: Caller, fields: Mapping[str, Any]) -> MailingOut:
        """Save a new one.

        Raises:
            Invalid: names the account, the address or the template's fault with its place.
        """
        doc = await self._checked(caller, fields)
        owner = {"id": caller.user, "name": caller.name}
        doc |= {"_id": new_id(), "owner": owner, "changed_at": now(), "revision": 1}
        await self._mailings.insert_one(doc)
        return (await self._out([doc]))[0]

    async def change(self, caller: Caller, mailing: str, fields: Mapping[str, Any], revision: int) -> MailingOut:
        """Change fields of a mailing that was read at `revision`; runs that were started keep what they had."""
        before = await self.read(mailing)
        merged = {name: fields.get(name, before.get(name)) for name in _FIELDS}
        doc = await self._checked(caller, merged, before["attachments"])
        after = await self._mailings.find_one_and_update(
            {"_id": mailing, "revision": revision},
            {"$set": {**doc, "changed_at": now()}, "$inc": {"revision": 1}},
            return_document=True,
        )
        if after is None:
            raise StaleRevision("somebody changed this mailing in the meantime; read it again", mailing=mailing)
        return (await self._out([after]))[0]

    async def remove(self, mailing: str) -> None:
        """Delete it; what was sent stays, with its results.

        Raises:
            Conflict: it is being sent.
        """
        busy = {"mailing": mailing, "state": {"$in": ["planned", "running", "paused"]}}
        if await self._runs.find_one(busy, {"_id": 1}):
            raise Conflict("this mailing is being sent; cancel that first")
        if not (await self._mailings.delete_one({"_id": mailing})).deleted_count:
            raise NotFound("there is no such mailing", mailing=mailing)

    async def _out(self, docs: Sequence[Doc]) -> list[MailingOut]:
        """As the screen gets them; the names of all their files in one query."""
        ids = [file for doc in docs for file in doc["attachments"]]
        found = self._files.find({"_id": {"$in": ids}}, {"name": 1, "size": 1})
        about: dict[str, AttachedOut] = {
            one["_id"]: {"id": one["_id"], "name": one["name"], "size": one["size"]} async for one in found
        }
        return [_mailing_out(doc, [about[file] for file in doc["attachments"] if file in about]) for doc in docs]

    async def _checked(self, caller: Caller, fields: Mapping[str, Any], known: list[str] | None = None) -> Doc:
        account, _ = await self._accounts.sending_account(fields["channel"], fields["account"] or None)
        await asyncio.to_thread(letter_of, fields, self._records)
        list(single(fields["addresses"]))
        fresh = [file for file in fields["attachments"] if file not in (known or ())]
        await self._attachments.check_usable(caller, fresh)
        await self._files.update_many({"_id": {"$in": fresh}}, {"$set": {"kept": True}})  # no message carries them yet
        return {name: fields[name] for name in _FIELDS} | {"account": account}


_FIELDS = (
    "name", "channel", "account", "language", "subject", "text", "html", "attachments", "segments", "addresses",
)  # fmt: skip


def _mailing_out(doc: Doc, files: list[AttachedOut]) -> MailingOut:
    shown = {name: doc[name] for name in (*_FIELDS, "owner", "changed_at", "revision")}
    return {"id": doc["_id"], "files": files} | shown  # type: ignore[return-value]


def letter_of(fields: Mapping[str, Any], records: Records, time_zone: str = "UTC") -> Letter:
    """The compiled texts of a mailing; raises `Invalid` with each fault."""
    texts = Texts(fields["subject"], fields["text"], fields["html"])
    return Letter(texts, usual_scope(records.registry), hand_of(fields["language"], time_zone))


def segments_of(fields: Mapping[str, Any]) -> list[Segment]:
    """The segments of a stored mailing."""
    return [Segment(each["kind"], each["filters"]) for each in fields["segments"]]
