"""The same thing twice: refused where the declaration says so (a unique index stands behind it), else told."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import may
from crm_core.declare.duplicates import DuplicateRule
from crm_core.declare.record import Kept
from crm_core.declare.shape import shapes_of
from crm_core.ground.errors import Conflict
from crm_core.ground.ports import Doc, RecordReads

_ENDINGS = re.compile(r"(股份有限公司|有限责任公司|有限公司|集团公司|公司|coltd|limited|ltd|gmbh|inc|llc)$")
_FREE_MAIL = frozenset(
    [
        "qq.com",
        "foxmail.com",
        "163.com",
        "126.com",
        "yeah.net",
        "sina.com",
        "sina.cn",
        "sohu.com",
        "139.com",
        "189.cn",
        "aliyun.com",
        "gmail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "proton.me",
        "protonmail.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "mail.ru",
        "yandex.ru",
    ]
)
_TOLD_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Warned:
    """A record that may be the same thing. `id` and `label` only where the actor may see it, `owner` (a name) always."""

    rule: str
    owner: str | None
    id: str | None = None
    label: str | None = None


def folded(text: str) -> str:
    """For exact rules: width and case do not count."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def alike(text: str) -> str:
    """For names: nor do spaces, punctuation and company endings."""
    plain = "".join(c for c in folded(text) if c.isalnum())
    return _ENDINGS.sub("", plain) or plain


def key_fields(record: Kept) -> Doc:
    """The keys by which collisions are found; a field without keys is left out, as the unique index wants it."""
    unique = [k for rule in record.duplicates if rule.then == "refuse" for k in _keys(rule, record)]
    near = [k for rule in record.duplicates if rule.then == "warn" for k in _keys(rule, record)]
    return {**({"unique_keys": unique} if unique else {}), **({"near_keys": near} if near else {})}


def _keys(rule: DuplicateRule, record: Kept) -> list[str]:
    if rule.when and not getattr(record, rule.when):
        return []
    if rule.fields == ("addresses",):
        return []  # found through the address keys, which have an index of their own
    if rule.fields == ("mail_domain",):
        domains = {row.address.rpartition("@")[2] for row in getattr(record, "mails", ())} - _FREE_MAIL
        return [f"mail_domain={domain}" for domain in sorted(domains)]
    parts = [_part(rule, record, name) for name in rule.fields]
    return [] if None in parts else [f"{rule.name}={'|'.join(map(str, parts))}"]


def _part(rule: DuplicateRule, record: Kept, name: str) -> str | None:
    """One field's part of a key; an empty link counts as a value (two roots of the same name collide), empty text not."""
    value = getattr(record, name)
    if value in (None, ""):
        return "" if shapes_of(type(record))[name].links else None
    return (alike if rule.alike else folded)(value) if isinstance(value, str) else str(value)


async def check_duplicates(
    reads: RecordReads, actor: Actor, declared: type[Kept], before: Doc | None, after: Doc
) -> list[Warned]:
    """Look for collisions of the keys that are new.

    Returns:
        what the actor should be told.
    Raises:
        Conflict: a rule refuses; the answer names the rule and the other's owner.
    """
    if fresh := _fresh("unique_keys", before, after):
        await _refuse(reads, actor, declared, fresh, after)
    warned = await _like(reads, actor, declared, "near_keys", before, after)
    if any(rule.fields == ("addresses",) for rule in declared.duplicates):
        warned += await _like(reads, actor, declared, "addresses", before, after)
    return list({(w.rule, w.id, w.label, w.owner): w for w in warned}.values())[:_TOLD_AT_MOST]


def _fresh(name: str, before: Doc | None, after: Doc) -> list[str]:
    known = (before or {}).get(name) or ()
    return [key for key in after.get(name, ()) if key not in known]


async def _refuse(reads: RecordReads, actor: Actor, declared: type[Kept], keys: list[str], after: Doc) -> None:
    other = await reads.first(declared.meta.key, {"unique_keys": {"$in": keys}, "_id": {"$ne": after["_id"]}})
    if other is None:
        return
    rule = next(k for k in keys if k in other["unique_keys"]).partition("=")[0]
    told = await _told(reads, actor, declared, rule, other)
    owner = f", which belongs to {told.owner}" if told.owner else ""
    raise Conflict(
        f"there is already such a {declared.meta.label.lower()} (same {rule.replace('+', ' and ')}){owner}",
        reason="duplicate", rule=rule, owner=told.owner, id=told.id, label=told.label,
    )  # fmt: skip


async def _like(
    reads: RecordReads, actor: Actor, declared: type[Kept], name: str, before: Doc | None, after: Doc
) -> list[Warned]:
    fresh = _fresh(name, before, after)
    if not fresh:
        return []
    where = {name: {"$in": fresh}, "_id": {"$ne": after["_id"]}}
    others = await reads.find(declared.meta.key, where, limit=_TOLD_AT_MOST)
    return [await _told(reads, actor, declared, _rule(name, fresh, other), other) for other in others]


def _rule(name: str, keys: list[str], other: Doc) -> str:
    if name == "addresses":
        return "addresses"
    return next(k for k in keys if k in other[name]).partition("=")[0]


async def _told(reads: RecordReads, actor: Actor, declared: type[Kept], rule: str, other: Doc) -> Warned:
    owner: Any = await reads.first("user", {"_id": other["owner"]}) if other.get("owner") else None
    name = owner["name"] if owner else None
    if may(actor, "read", declared, other, "basic"):
        return Warned(rule, name, other["_id"], str(other.get(declared.meta.title)))
    return Warned(rule, name)
