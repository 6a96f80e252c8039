"""Phones with the caller's eyes: being one's own phone in the browser, and which phones there are."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict
from crm_core.ground.ids import new_id
from hub.accounts.directory import Directory
from hub.calling import PhoneControl
from hub.channel import Account
from hub.errors import ChannelError, SetupError
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.phone import MyPhone, PhoneAt, PhoneLine, PhoneOut, SoundWay
from hub.store.call_collections import PHONE_SOCKETS
from hub.store.client import Database, Doc
from hub.vault import derived_key

SIP_DOMAIN = "mainstem.invalid"
"""A name for SIP's sake: phones in browsers are reached through the hub and nowhere else (RFC 2606)."""
SOCKET_PATH = "/ws/sip"
_EXTENSION = re.compile(r"[A-Za-z0-9_-]{1,32}")
_MOST_PEOPLE = 5000


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's extension, and the PBX where a browser may be its phone."""

    account: str
    extension: str
    line: PhoneLine


class Phones:
    """Knows whose phone is where."""

    def __init__(self, db: Database, directory: Directory, audit: Audit, key: bytes) -> None:
        self._db = db
        self._directory = directory
        self._audit = audit
        self._key = derived_key(key, "phones")

    async def extension(self, caller: Caller) -> str | None:
        """The caller's extension; None where there is none that a phone could have."""
        person = await self._db["record_user"].find_one({"_id": caller.user}, {"extension": 1})
        extension = str((person or {}).get("extension") or "")
        return extension if _EXTENSION.fullmatch(extension) else None

    async def seat(self, caller: Caller) -> Seat | None:
        """Where the caller's browser may be a phone; None without an extension, or where no PBX takes browsers."""
        extension = await self.extension(caller)
        if extension is None:
            return None
        async for name, account, control in self._pbxs():
            line = control.line(account, caller.user)
            if line is not None:
                return Seat(name, extension, line)
        return None

    async def sign_in(self, caller: Caller, far: FarEnd) -> MyPhone:
        """Let the caller's browser be the caller's phone: a password for this sign-in, which ends all older ones.

        Raises:
            Conflict: the caller has no extension, or the PBX has no phone for it.
            SetupError: no PBX takes browsers.
        """
        seat = await self._own_seat(caller)
        entry, account, control = await self._one(seat.account)
        password = self._password(seat, caller)
        kind = await control.admit(account, seat.extension, password)
        if kind is None:
            raise Conflict(f"the PBX {entry} has no phone {seat.extension}: an administrator adds it there")
        await self._audit.write("phone.signed-in", who=caller.user, far=far, about=seat.extension, account=entry)
        here = kind == "browser"
        return MyPhone(
            account=entry,
            extension=seat.extension,
            kind=kind,
            sip_uri=f"sip:{seat.extension}@{SIP_DOMAIN}" if here else "",
            password=password if here else "",
            ws_url=SOCKET_PATH if here else "",
            **_way(seat.line if here else None),
        )

    async def way(self, caller: Caller) -> SoundWay:
        """The way of the sound with fresh passwords; raises `Conflict` where the caller has no phone in a browser."""
        return _way((await self._own_seat(caller)).line)

    async def _own_seat(self, caller: Caller) -> Seat:
        seat = await self.seat(caller)
        if seat is None:
            raise Conflict("you have no extension for a phone in the browser: an administrator gives you one")
        return seat

    def _password(self, seat: Seat, caller: Caller) -> str:
        """The same for all tabs of one sign-in, another for each sign-in; nowhere kept."""
        said = f"{seat.account}\n{seat.extension}\n{caller.sign_in}".encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()

    @asynccontextmanager
    async def connected(self, seat: Seat, caller: Caller, far: FarEnd) -> AsyncIterator[None]:
        """Remember from where the browser is the phone, as long as it is."""
        place, socket = {"_id": f"{seat.account}|{seat.extension}"}, new_id()
        doc = {"socket": socket, "user": caller.user, "address": far.address, "agent": far.agent, "since": now()}
        await self._db[PHONE_SOCKETS].replace_one(place, doc, upsert=True)
        try:
            yield
        finally:
            await self._db[PHONE_SOCKETS].delete_one({**place, "socket": socket})  # another one may have come

    async def every(self) -> list[PhoneOut]:
        """All phones of all PBXs, and the extensions that people have; by extension.

        Raises:
            ChannelError: none of the PBXs can be asked.
        """
        people = await self._people()
        sockets = {doc["_id"]: doc async for doc in self._db[PHONE_SOCKETS].find().limit(_MOST_PEOPLE)}
        found: list[PhoneOut] = []
        trouble: ChannelError | None = None
        asked = False
        async for name, account, control in self._pbxs():
            try:
                phones = await control.phones(account)
            except ChannelError as error:
                trouble = error
                continue
            asked = True
            found += [_out(name, each, people, sockets.get(f"{name}|{each.extension}", {})) for each in phones]
        if trouble is not None and not asked:
            raise trouble
        known = {each["extension"] for each in found}
        found += [_lost(extension, person) for extension, person in people.items() if extension not in known]
        return sorted(found, key=lambda each: (each["extension"], each["account"]))

    async def _people(self) -> dict[str, Doc]:
        """Extension -> who has it; the first by id where several have it, as calls take it."""
        where = {"extension": {"$gt": ""}, "state": "active"}
        docs = self._db["record_user"].find(where, {"name": 1, "extension": 1}).sort("_id", -1).limit(_MOST_PEOPLE)
        return {doc["extension"]: doc async for doc in docs}

    async def _pbxs(self) -> AsyncIterator[tuple[str, Account, PhoneControl[Any]]]:
        for entry in await self._directory.all():
            if entry.enabled and entry.channel is not None and entry.account is not None and entry.channel.phones:
                yield entry.id, entry.account, entry.channel.phones

    async def _one(self, wanted: str) -> tuple[str, Account, PhoneControl[Any]]:
        async for name, account, control in self._pbxs():
            if name == wanted:
                return name, account, control
        raise SetupError(f"the PBX {wanted} is not there any more")


def _way(line: PhoneLine | None) -> SoundWay:
    if line is None:
        return SoundWay(ice_servers=[], relay_only=False, renew_in_s=None)
    renew_in_s = line.lasts_s // 2 if line.lasts_s is not None else None
    return SoundWay(ice_servers=line.ice_servers, relay_only=line.relay_only, renew_in_s=renew_in_s)


def _out(account: str, phone: PhoneAt, people: dict[str, Doc], socket: Doc) -> PhoneOut:
    person, here = people.get(phone.extension), phone.registered
    browser = phone.kind == "browser" and here
    return PhoneOut(
        account=account,
        extension=phone.extension,
        kind=phone.kind,
        state=phone.state,
        registered=here,
        registered_from=(socket.get("address") or phone.contact) if browser else phone.contact,
        agent=(socket.get("agent") or phone.agent) if browser else phone.agent,
        since=socket.get("since") if browser else None,
        user={"id": person["_id"], "name": person["name"]} if person else None,
    )


def _lost(extension: str, person: Doc) -> PhoneOut:
    """An extension that somebody has and no PBX knows."""
    return PhoneOut(
        account="", extension=extension, kind=None, state="", registered=False, registered_from="", agent="",
        since=None, user={"id": person["_id"], "name": person["name"]},
    )  # fmt: skip
