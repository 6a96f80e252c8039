"""A signed-in person as the console sees them."""

from __future__ import annotations

from typing_extensions import TypedDict

from hub.identity.people import Person


class UserOut(TypedDict):
    """Who I am."""

    id: str
    login: str
    name: str
    admin: bool
    supervisor: bool
    roles: list[str]
    queues: list[str]
    locale: str
    time_zone: str


class RightOut(TypedDict):
    """What I may do on one record type, and on which rows."""

    type: str
    action: str
    part: str
    scope: str


def user_out(person: Person) -> UserOut:
    """The public part of a person."""
    return UserOut(
        id=person.user,
        login=person.login,
        name=person.name,
        admin=person.actor.admin,
        supervisor=person.supervisor,
        roles=sorted(person.roles),
        queues=sorted(person.queues),
        locale=person.locale,
        time_zone=person.time_zone,
    )


def rights_out(person: Person) -> list[RightOut]:
    """The rights that count, one line per type, action and part of the record."""
    scopes = sorted(person.actor.rights.scopes.items())
    return [RightOut(type=key, action=action, part=part, scope=scope) for (key, action, part), scope in scopes]
