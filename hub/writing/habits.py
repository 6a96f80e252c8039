"""How somebody writes: the signatures of persons and accounts, and for how long a message can be taken back.

A signature is a template of plain text over `sender` and `company`, in two languages. A person's own for an account goes
before the person's general one, and that before the account's.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.errors import Invalid
from crm_core.templates.usual import usual_scope
from crm_core.templates.writing import Language
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.records import Records
from hub.writing.indexes import HABITS
from hub.writing.letters import Letter, Texts
from hub.writing.merging import Merging, Receiver, hand_of

UNDO_S = 10
MARK = "-- "
"""The line that divides a signature from a text (RFC 3676, 4.3)."""
Wanted = Literal["auto", "zh", "en", "none"]
_HAN = re.compile(r"[\u3400-\u9fff]")


class Signature(TypedDict):
    """One signature in both languages; an empty one is none."""

    zh: str
    en: str


class HabitsOut(TypedDict):
    """How a person writes. `undo_s`: seconds in which a message can be taken back; `accounts`: signatures by account."""

    undo_s: int
    signature: Signature
    accounts: dict[str, Signature]


class Habits:
    """Reads and writes habits, and puts signatures under texts."""

    def __init__(self, db: Database, records: Records, company: str) -> None:
        self._habits = db[HABITS]
        self._records, self._company = records, company

    async def of(self, user: str) -> HabitsOut:
        """A person's habits; the usual ones where nothing was set."""
        doc = await self._habits.find_one({"_id": f"user:{user}"}) or {}
        return {
            "undo_s": doc.get("undo_s", UNDO_S),
            "signature": _signature(doc.get("signature")),
            "accounts": {name: _signature(one) for name, one in (doc.get("accounts") or {}).items()},
        }

    async def keep(self, user: str, fields: Mapping[str, Any]) -> HabitsOut:
        """Change the named habits; raises `Invalid` where a signature has a fault."""
        signatures = [("signature", fields.get("signature")), *(fields.get("accounts") or {}).items()]
        for name, signature in signatures:
            self._check(name, signature)
        await self._habits.update_one({"_id": f"user:{user}"}, {"$set": dict(fields)}, upsert=True)
        return await self.of(user)

    async def of_account(self, account: str) -> Signature:
        """The account's own signature."""
        doc = await self._habits.find_one({"_id": f"account:{account}"}) or {}
        return _signature(doc.get("signature"))

    async def keep_account(self, account: str, signature: Signature) -> Signature:
        """Set the account's own signature."""
        self._check("signature", {"zh": signature["zh"], "en": signature["en"]})
        change = {"$set": {"signature": dict(signature)}}
        await self._habits.update_one({"_id": f"account:{account}"}, change, upsert=True)
        return signature

    async def signature_for(self, caller: Caller, account: str | None, text: str, wanted: Wanted) -> str:
        """The merged signature; empty where there is none. `auto` takes the language of the text."""
        if wanted == "none":
            return ""
        language: Language = ("zh" if _HAN.search(text) else "en") if wanted == "auto" else wanted
        source = await self._source(caller.user, account, language)
        if not source.strip():
            return ""
        hand = hand_of(language, "UTC")
        letter = Letter(Texts(text=source), usual_scope(self._records.registry), hand)
        merging = Merging(self._records, caller.actor, hand, self._company)
        nobody = Receiver(kind="address", key="")
        return letter.merge(await merging.values(nobody, letter.links)).text

    async def _source(self, user: str, account: str | None, language: Language) -> str:
        own = await self.of(user)
        places = [own["accounts"].get(account or ""), own["signature"]]
        if account:
            places.append(await self.of_account(account))
        return next((place[language] for place in places if place and place[language].strip()), "")

    def _check(self, name: str, signature: Mapping[str, str] | None) -> None:
        for language, source in (signature or {}).items():
            try:
                Letter(Texts(text=source), usual_scope(self._records.registry), hand_of("en", "UTC"))
            except Invalid as error:
                place = f"{name}.{language}"
                fields = tuple(replace(each, path=place) for each in error.fields)
                raise Invalid(f"{place}: {fields[0].detail}", fields=fields, **error.data) from None


def sign_text(text: str, signature: str) -> str:
    """The text with the signature under it, once."""
    if not signature or text.rstrip().endswith(signature.strip()):
        return text
    return f"{text.rstrip()}\n\n{MARK}\n{signature}"


def sign_html(html: str, signature: str) -> str:
    """The HTML with the signature under it, once; a signature is text, so nothing in it is markup."""
    lines = "<br>".join(entities.escape(line) for line in signature.split("\n"))
    if not signature or lines in html:
        return html
    return f"{html}<p>{MARK.strip()}<br>{lines}</p>"


def _signature(doc: Doc | None) -> Signature:
    return {"zh": (doc or {}).get("zh", ""), "en": (doc or {}).get("en", "")}
