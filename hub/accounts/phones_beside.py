"""Supervisors' phones beside calls: kept as the PBX says, and told to whoever has the phone, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from hub.accounts.call_people import people_at
from hub.calling import PhoneBeside
from hub.events import CallSupervised
from hub.store.call_collections import CALLS, PHONES_BESIDE
from hub.store.client import Doc
from hub.store.unit import Unit, Units


async def keep_beside(units: Units, account: str, phones: Sequence[PhoneBeside]) -> None:
    """All phones of the account that are beside a call now. Again is no change."""
    before = {doc["_id"]: doc async for doc in units.db[PHONES_BESIDE].find({"account": account})}
    after = {doc["_id"]: doc for doc in [await _document(units, account, phone) for phone in phones]}
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if not changed:
        return
    people = await people_at(units.db, {(after.get(key) or before[key])["extension"] for key in changed})

    async def work(unit: Unit) -> None:
        for key in changed:
            doc, was = after.get(key), before.get(key)
            if doc is None:
                await unit.db[PHONES_BESIDE].delete_one({"_id": key}, session=unit.session)
            else:
                await unit.db[PHONES_BESIDE].replace_one({"_id": key}, doc, upsert=True, session=unit.session)
            shown: Doc = doc or was or {}
            if person := people.get(shown["extension"]):
                mode = doc["mode"] if doc else None
                unit.announce(CallSupervised(call=shown["message"], mode=mode, _user=person["id"]))

    await units.run(work)


async def _document(units: Units, account: str, phone: PhoneBeside) -> Doc:
    where = {"linkedids": phone.linkedid, "account": account, "merged_into": None}
    call = await units.db[CALLS].find_one(where, {"message": 1}) if phone.linkedid else None
    return {
        "_id": f"{account}|{phone.extension}", "account": account, "extension": phone.extension,
        "message": call["message"] if call else None, "mode": phone.mode,
    }  # fmt: skip
