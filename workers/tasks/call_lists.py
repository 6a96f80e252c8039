"""Putting people on call lists, with the rights of whoever started the list."""

from __future__ import annotations

from collections.abc import AsyncIterator

from crm_core.ground.errors import Forbidden, Invalid, NotFound
from crm_core.load import load
from hub.desk.outbound.call_lists import FILL
from hub.desk.outbound.filling import Callee, Filling
from hub.identity.people import People
from hub.problems import problem
from hub.store.client import Doc
from hub.store.outbound_collections import CALL_LISTS
from hub.store.records import Records
from hub.writing.audience import BY_PHONE, Audience, Candidate
from hub.writing.schemes import segments_of
from workers.task import Work, task


@task(FILL, retries=20)
async def fill_call_list(work: Work, call_list: str, person: str) -> str:
    """Write the entries of a list. Safe to repeat: an entry's id is made of list and number."""
    doc = await work.db[CALL_LISTS].find_one({"_id": call_list})
    if doc is None or doc["filled"] or doc["state"] == "draft":
        return "nothing to do"
    try:
        count = await Filling(work.units, call_list).fill(_callees(work, doc, person))
    except (Invalid, Forbidden, NotFound) as error:  # back to the desk of whoever started it, with the reason
        fields = error.fields if isinstance(error, Invalid) else ()
        reason = "; ".join([error.detail, *(f"{field.path}: {field.detail}" for field in fields)])
        change = {"state": "draft", "reason": reason[:1000], "problem": problem(error)}
        await work.db[CALL_LISTS].update_one({"_id": call_list, "filled": False}, {"$set": change})
        raise
    return f"{count} entries"


async def _callees(work: Work, doc: Doc, person: str) -> AsyncIterator[Callee]:
    """Single numbers first, then the segments; who comes again is left out."""
    numbers = set(doc["numbers"])
    for number in doc["numbers"]:
        yield Callee(number)
    starter = await People(work.db, load()).fresh(person)
    if starter is None or not starter.may_sign_in:
        raise Invalid("whoever started this list may not sign in any more")
    audience = Audience(Records(work.units, load()), starter.actor, segments_of(doc), (), reach=BY_PHONE)
    done = 0
    async for candidate in audience.candidates():
        yield _callee(candidate, numbers)
        done += 1
        if done % 200 == 0:
            await work.tell(done, None, "")


def _callee(candidate: Candidate, numbers: set[str]) -> Callee:
    receiver = candidate.receiver
    number = receiver.key.removeprefix("phone:")
    why = {"no_address": "no_number", "duplicate_address": "duplicate"}.get(candidate.why or "", candidate.why)
    if why is None and number in numbers:
        why = "duplicate"
    record = f"{receiver.record[0]}:{receiver.id}" if receiver.record else None
    return Callee(number, receiver.name, record, why)
