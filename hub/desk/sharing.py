"""Things that people keep for themselves or share: with a queue, or with everyone.

`shared_with` is `me`, `everyone` or `queue:ID`. In the store it is the room of those who have it (`scope`), so what is
visible to somebody is one indexed condition.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from crm_core.ground.errors import Forbidden, NotFound, StaleRevision
from crm_core.ground.events import EVERYONE, Room, queue_room, user_room
from hub.identity.caller import Caller
from hub.store.client import Doc

SharedWith = Annotated[str, StringConstraints(pattern=r"^(me|everyone|queue:[\w.-]{1,60})$")]
"""Who has it besides the owner."""


def visible_to(caller: Caller) -> Doc:
    """The store filter of what the caller has: their own, what their queues share, what everyone has.

    Supervisors have what every queue shares: they keep it in order.
    """
    if _keeps_order(caller):
        return {"$or": [{"scope": user_room(caller.user)}, {"scope": {"$gte": "everyone", "$lt": "queue;"}}]}
    return {"scope": {"$in": [user_room(caller.user), EVERYONE, *map(queue_room, sorted(caller.queues))]}}


def scope_of(caller: Caller, shared_with: str) -> Room:
    """The room behind `shared_with`, where the caller may share so.

    Raises:
        Forbidden: sharing with everyone is the supervisors'; sharing with a queue, also its members'.
    """
    if shared_with == "me":
        return user_room(caller.user)
    if _keeps_order(caller):
        return shared_with
    if shared_with == EVERYONE:
        raise Forbidden("only supervisors share with everyone")
    if shared_with.removeprefix("queue:") not in caller.queues:
        raise Forbidden("only members of a queue share with it")
    return shared_with


def shared_with(scope: Room) -> str:
    """`scope` as everybody outside the store says it."""
    return "me" if scope.startswith("user:") else scope


def may_change(caller: Caller, doc: Doc) -> bool:
    """Whether the caller may change or remove it: the owner, and of shared things the supervisors."""
    return bool(doc["owner"]["id"] == caller.user) or (_keeps_order(caller) and not doc["scope"].startswith("user:"))


def check_change(caller: Caller, doc: Doc | None, revision: int | None) -> Doc:
    """The document, if the caller may change it as read.

    Raises:
        NotFound, Forbidden, StaleRevision.
    """
    if doc is None:
        raise NotFound("there is nothing of this id")
    if not may_change(caller, doc):
        raise Forbidden("it belongs to somebody else")
    if revision is not None and doc["revision"] != revision:
        raise StaleRevision("it was changed meanwhile; read it again", revision=doc["revision"])
    return doc


def shown(caller: Caller, doc: Doc) -> dict[str, Any]:
    """What is the same of everything shared, as everybody outside the store sees it."""
    return {
        "id": doc["_id"],
        "owner": doc["owner"],
        "shared_with": shared_with(doc["scope"]),
        "may_change": may_change(caller, doc),
        "revision": doc["revision"],
    }


def _keeps_order(caller: Caller) -> bool:
    return caller.supervisor or caller.admin
