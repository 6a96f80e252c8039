"""What a rule did is written down with what it told, in one unit: told again, it changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict
from hub.desk.notice_store import AT_ONCE, News, store_some
from hub.store.client import Doc
from hub.store.notice_collections import RULE_FIRINGS
from hub.store.record_codec import records_of
from hub.store.unit import Unit, Units
from hub.writing.message_rules.book import RULES, Case

log = logging.getLogger(__name__)

_KEEP = timedelta(days=400)
_LONGEST = 500


async def fire(
    units: Units, rule: Doc, case: Case, key: str, news: Sequence[News], chosen: list[str] | None = None
) -> None:
    """Store the notices, once for this key.

    Args:
        chosen: whom the one who saved picked, where the rule asks.
    Raises:
        Conflict: others were picked for this firing before.
    """
    for start in range(0, len(news), AT_ONCE):
        await units.run(
            partial(_share, rule=rule, case=case, key=key, news=news[start : start + AT_ONCE], chosen=chosen)
        )


async def _share(unit: Unit, rule: Doc, case: Case, key: str, news: Sequence[News], chosen: list[str] | None) -> None:
    revision = case.what.revision
    known = await unit.db[RULE_FIRINGS].find_one({"_id": key}, session=unit.session)
    if known is None:
        await _write_down(unit, rule, case, key, chosen)
    elif chosen is not None and (known["revision"], known["chosen"]) != (revision, chosen):
        raise Conflict("this was told already", reason="told")
    elif known["revision"] != revision:  # another change fired it; of this one a reader may have been killed halfway
        return
    await store_some(unit, news)


async def _write_down(unit: Unit, rule: Doc, case: Case, key: str, chosen: list[str] | None) -> None:
    at = now()
    doc = {
        "_id": key, "rule": rule["_id"], "record": case.what.record, "revision": case.what.revision, "chosen": chosen,
        "at": at, "ends_at": None if rule["once_per"] == "record" else at + _KEEP,
    }  # fmt: skip
    await unit.db[RULE_FIRINGS].insert_one(doc, session=unit.session)
    fired: Doc = {
        "$inc": {"fired": 1},
        "$set": {"last_fired_at": at, "last_fault": None, "last_fault_detail": None, "last_fault_at": None},
    }
    await records_of(unit.db, RULES).update_one({"_id": rule["_id"]}, fired, session=unit.session)


async def note_fault(units: Units, rule: Doc, part: str, detail: str) -> None:
    """Show on the rule, and in the log, what keeps it from telling."""
    log.warning("message rule is broken", extra={"rule": rule["_id"], "part": part, "detail": detail})
    said = {
        "last_fault": part,
        "last_fault_detail": " ".join(detail.split())[:_LONGEST] or None,
        "last_fault_at": now(),
    }

    async def work(unit: Unit) -> None:
        await records_of(unit.db, RULES).update_one({"_id": rule["_id"]}, {"$set": said}, session=unit.session)

    await units.run(work)
