"""All parts of identity, built once and handed on by type."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from crm_core.declare.registry import Registry
from hub.identity.audit import Audit
from hub.identity.identity import Identity
from hub.identity.passwords import Passwords
from hub.identity.people import People
from hub.identity.rights_watch import RightsWatch
from hub.identity.second_factor import SecondFactor
from hub.identity.sessions import SessionLife, Sessions
from hub.identity.sign_in import SignIn
from hub.identity.staff import Staff
from hub.identity.throttle import Throttle
from hub.identity.tokens import Tokens
from hub.settings import Settings
from hub.store.unit import Units
from hub.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityParts:
    """What `hub.main` keeps of this room."""

    audit: Audit
    people: People
    passwords: Passwords
    throttle: Throttle
    sessions: Sessions
    tokens: Tokens
    second_factor: SecondFactor
    sign_in: SignIn
    staff: Staff
    identity: Identity
    rights_watch: RightsWatch

    def by_type(self) -> dict[type, Any]:
        """The parts as route handlers ask for them."""
        return {type(part): part for part in (getattr(self, f.name) for f in fields(self))}


def build_identity(
    units: Units, registry: Registry, vault: Vault, settings: Settings, passwords: Passwords | None = None
) -> IdentityParts:
    """Wire the room. `passwords` is given where its cost should differ from the usual."""
    db, audit, limits = units.db, Audit(units.db), settings.limits
    passwords = passwords or Passwords()
    life = SessionLife(timedelta(days=limits.session_days), timedelta(hours=limits.session_idle_hours))
    people, throttle = People(db, registry), Throttle(db)
    sessions, tokens = Sessions(units, audit, life), Tokens(units, audit)
    second_factor = SecondFactor(units, audit, vault, settings.company)
    sign_in = SignIn(
        db,
        people=people,
        passwords=passwords,
        second_factor=second_factor,
        throttle=throttle,
        sessions=sessions,
        audit=audit,
    )
    return IdentityParts(
        audit=audit,
        people=people,
        passwords=passwords,
        throttle=throttle,
        sessions=sessions,
        tokens=tokens,
        second_factor=second_factor,
        sign_in=sign_in,
        staff=Staff(units, registry, people, passwords, sessions, audit),
        identity=Identity(db, sessions, tokens, people),
        rights_watch=RightsWatch(units, people, sessions, audit),
    )
