"""Rules before the inbox, as supervisors keep them. `hub.stream.rules` says what they do, the stream does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.addresses import mail_key
from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Invalid, NotFound, StaleRevision
from crm_core.ground.ids import new_id
from hub.desk.sight import seen_message
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import QUEUES
from hub.store.mail_collections import RULES
from hub.store.unit import Unit, Units
from hub.stream.patterns import BadPattern, check_pattern
from hub.stream.rules import apply_rules, facts_of_stored

MOST_RULES = 500


class RuleOut(TypedDict):
    """A rule. Rules act in order of `place`; `when` and `then` hold only what was given."""

    id: str
    name: str
    place: int
    enabled: bool
    when: dict[str, Any]
    then: dict[str, Any]
    stop: bool
    revision: int
    changed_by: str
    changed_at: datetime


class Tried(TypedDict):
    """What rules would do with a message: each that holds, and all together."""

    ruled: list[dict[str, Any]]
    queue: str | None
    assignee: str | None
    tags: list[str]
    state: str | None
    forward: list[str]


class MailRules:
    """Reads, checks and writes rules; each change is audited in the same unit of work."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._db = units.db
        self._rules = units.db[RULES]
        self._audit = audit

    async def all(self) -> list[RuleOut]:
        """Every rule, in order."""
        return [_out(doc) async for doc in self._rules.find().sort("place", 1).limit(MOST_RULES)]

    async def add(self, fields: Mapping[str, Any], by: Caller, far: FarEnd) -> RuleOut:
        """Add a rule, at the end where no place is named.

        Raises:
            Invalid: names each field that cannot be.
            Conflict: there are `MOST_RULES` already.
        """
        doc = {"_id": new_id(), "revision": 1, **await self._checked(fields)}

        async def work(unit: Unit) -> None:
            last = await unit.db[RULES].find_one({}, {"place": 1}, sort=[("place", -1)], session=unit.session)
            if await unit.db[RULES].count_documents({}, session=unit.session) >= MOST_RULES:
                raise Conflict(f"there are {MOST_RULES} rules already")
            if doc.get("place") is None:
                doc["place"] = (last["place"] if last else 0) + 10
            doc.update(changed_by=by.user, changed_at=now())
            await unit.db[RULES].insert_one(doc, session=unit.session)
            await self._audit.write("rule.added", who=by.user, far=far, about=f"rule:{doc['_id']}", unit=unit,
                                    name=doc["name"])  # fmt: skip

        await self._units.run(work)
        return _out(doc)

    async def change(self, rule: str, fields: Mapping[str, Any], revision: int, by: Caller, far: FarEnd) -> RuleOut:
        """Change what is named; `when` and `then` are replaced whole.

        Raises:
            NotFound, Invalid; StaleRevision: somebody was quicker.
        """
        before = await self._rules.find_one({"_id": rule})
        if before is None:
            raise NotFound("there is no such rule", rule=rule)
        kept = {name: before[name] for name in ("name", "place", "enabled", "when", "then", "stop")}
        checked = await self._checked(kept | dict(fields))
        after = {**checked, "changed_by": by.user, "changed_at": now()}

        async def work(unit: Unit) -> None:
            done = await unit.db[RULES].update_one(
                {"_id": rule, "revision": revision}, {"$set": after, "$inc": {"revision": 1}}, session=unit.session
            )
            if not done.matched_count:
                raise StaleRevision("somebody changed this rule; read it again", rule=rule)
            await self._audit.write("rule.changed", who=by.user, far=far, about=f"rule:{rule}", unit=unit,
                                    fields=sorted(fields))  # fmt: skip

        await self._units.run(work)
        return _out({**before, **after, "revision": revision + 1})

    async def remove(self, rule: str, by: Caller, far: FarEnd) -> None:
        """Remove a rule; what it did stays."""

        async def work(unit: Unit) -> None:
            gone = await unit.db[RULES].delete_one({"_id": rule}, session=unit.session)
            if not gone.deleted_count:
                raise NotFound("there is no such rule", rule=rule)
            await self._audit.write("rule.removed", who=by.user, far=far, about=f"rule:{rule}", unit=unit)

        await self._units.run(work)

    async def try_on(self, caller: Caller, message: str, fields: Mapping[str, Any] | None) -> Tried:
        """What the rules, or one that is not saved yet, would do with a stored message. Changes nothing."""
        stored = await seen_message(self._db, caller, message)
        if fields is None:
            rules = [r async for r in self._rules.find().sort("place", 1).limit(MOST_RULES) if r["enabled"]]
        else:
            rules = [{"_id": "", **await self._checked(fields)}]
        effects = apply_rules(rules, facts_of_stored(stored))
        assignee = effects.assignee["id"] if effects.assignee else None
        return Tried(ruled=effects.ruled, queue=effects.queue, assignee=assignee, tags=effects.tags,
                     state=effects.state, forward=[*effects.forward])  # fmt: skip

    async def _checked(self, fields: Mapping[str, Any]) -> Doc:
        """The rule as stored: empty conditions and actions left out, names and addresses looked up."""
        when = {name: value for name, value in fields["when"].items() if value not in (None, [], "")}
        then = {name: value for name, value in fields["then"].items() if value not in (None, [], "", False)}
        wrong: list[FieldError] = []
        if not when:
            wrong.append(FieldError("when", "missing", "give at least one condition"))
        if not then:
            wrong.append(FieldError("then", "missing", "say what is to be done"))
        if pattern := when.get("subject_matches"):
            try:
                check_pattern(pattern)
            except BadPattern as error:
                wrong.append(FieldError("when.subject_matches", "pattern", str(error)))
        for name in ("from", "to"):
            when |= {name: [each.strip().lower() for each in when[name]]} if name in when else {}
        await self._check_targets(then, wrong)
        if wrong:
            raise Invalid("; ".join(f"{each.path}: {each.detail}" for each in wrong), fields=tuple(wrong))
        return {**fields, "when": when, "then": then}

    async def _check_targets(self, then: dict[str, Any], wrong: list[FieldError]) -> None:
        if (queue := then.get("queue")) and await self._db[QUEUES].find_one({"_id": queue}, {"_id": 1}) is None:
            wrong.append(
                FieldError("then.queue", "value", f"there is no queue {queue!r}", {"rule": "no-queue", "what": queue})
            )
        if assignee := then.get("assignee"):
            user = assignee["id"] if isinstance(assignee, Mapping) else assignee
            found = await self._db["record_user"].find_one({"_id": user, "state": "active"}, {"name": 1})
            if found is None:
                wrong.append(
                    FieldError("then.assignee", "value", "there is no such active colleague", {"rule": "no-colleague"})
                )
            else:
                then["assignee"] = {"id": user, "name": found["name"]}
        if "forward" in then:
            keys = [(each, mail_key(each)) for each in then["forward"]]
            bad = [each for each, key in keys if key is None]
            if bad:
                listed = ", ".join(bad)[:200]
                said = {"rule": "no-mail-address", "what": listed}
                wrong.append(FieldError("then.forward", "value", f"no mail address: {listed}", said))
            then["forward"] = list(dict.fromkeys(key.split(":", 1)[1] for _, key in keys if key))


def _out(doc: Doc) -> RuleOut:
    then = dict(doc["then"])
    if then.get("assignee"):
        then["assignee"] = then["assignee"]["id"]
    return RuleOut(
        id=doc["_id"], name=doc["name"], place=doc["place"], enabled=doc["enabled"], when=doc["when"], then=then,
        stop=doc["stop"], revision=doc["revision"], changed_by=doc["changed_by"], changed_at=doc["changed_at"],
    )  # fmt: skip
