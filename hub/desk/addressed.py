"""Who is meant: colleagues by name, departments with all below them, roles. Only people who can sign in."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.ground.errors import FieldError, Invalid
from hub.identity.people import ROLES, SUPERVISOR, USERS
from hub.store.client import Database, Doc

MOST_RECEIVERS = 5000
_DEPARTMENTS = "record_department"
_WITH_LOGIN: Doc = {"state": {"$ne": "left"}, "login": {"$gt": ""}}


async def people_of(db: Database, users: Sequence[str], departments: Sequence[str]) -> list[str]:
    """The ids of these users and of everybody in these departments or below them, each once.

    Raises:
        Invalid: a user or department does not exist, or they are more than 5,000 people.
    """
    await _check(db, "users", USERS, users)
    await _check(db, "departments", _DEPARTMENTS, departments)
    meant: Doc = {"$or": [{"_id": {"$in": list(users)}}, {"department_path": {"$in": list(departments)}}]}
    return await _found(db, meant)


async def everybody(db: Database) -> list[str]:
    """All who can sign in."""
    return await _found(db, {})


async def supervisors(db: Database) -> list[str]:
    """Supervisors and administrators."""
    which = {"$or": [{"code": SUPERVISOR}, {"admin": True}], "state": "active"}
    roles = [role["_id"] async for role in db[ROLES].find(which, {"_id": 1})]
    return await _found(db, {"roles": {"$in": roles}})


async def holders(db: Database, role: str) -> list[str]:
    """Who holds a role, by its id."""
    return await _found(db, {"roles": role})


async def _found(db: Database, meant: Doc) -> list[str]:
    found = db[USERS].find({**_WITH_LOGIN, **meant}, {"_id": 1}).sort("_id", 1).limit(MOST_RECEIVERS + 1)
    people = [doc["_id"] async for doc in found]
    if len(people) > MOST_RECEIVERS:
        raise Invalid(f"at most {MOST_RECEIVERS} people can be told at once; choose fewer departments")
    return people


async def _check(db: Database, field: str, collection: str, ids: Sequence[str]) -> None:
    known = {doc["_id"] async for doc in db[collection].find({"_id": {"$in": list(ids)}}, {"_id": 1})}
    wrong = [
        FieldError(f"{field}.{at}", "unknown", "there is none of this id") for at, i in enumerate(ids) if i not in known
    ]
    if wrong:
        raise Invalid(f"{wrong[0].path}: {wrong[0].detail}", fields=tuple(wrong))
