"""The second factor: time-based codes (RFC 6238) and one-time recovery codes.

The shared secret is sealed with the installation's key; recovery codes are kept as digests. A code is worth one
sign-in: its time step is noted in the same atomic write that accepts it, so a code seen by a stranger is used up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import pyotp
from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Forbidden, Invalid
from hub.events import RightsChanged
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import CREDENTIALS
from hub.store.unit import Unit, Units
from hub.vault import Vault

_STEP_S = 30
_DRIFT = (0, -1, 1)
_ENROL_WITHIN = timedelta(minutes=15)
_RECOVERY_CODES = 10
_LONGEST_CODE = 40


class SecondFactorNeeded(Forbidden):
    """A role of the person asks for a second factor; until there is one, nothing else may be done."""

    code, title = "second-factor-needed", "Second factor needed"


class Enrolment(TypedDict):
    """What an authenticator app needs; shown once. `uri` is the content of the QR code."""

    uri: str
    secret: str


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time step a code belongs to: the present one, the one before or the one after; None when it is wrong."""
    present = int(at.timestamp()) // _STEP_S
    clock = pyotp.TOTP(secret)
    matching = [step for d in _DRIFT if hmac.compare_digest(clock.generate_otp(step := present + d), code)]
    return matching[0] if matching else None


def plain_code(code: str) -> str:
    """A code as typed, without blanks and dashes."""
    return "".join(c for c in code[:_LONGEST_CODE].lower() if c.isascii() and c.isalnum())


class SecondFactor:
    """Enrols, checks and removes second factors. They live in the person's credentials."""

    def __init__(self, units: Units, audit: Audit, vault: Vault, issuer: str) -> None:
        self._units, self._audit, self._vault, self._issuer = units, audit, vault, issuer
        self._credentials = units.db[CREDENTIALS]

    async def is_on(self, user: str) -> bool:
        """Whether this person signs in with a second factor."""
        return await self._credentials.find_one({"_id": user, "otp": {"$type": "object"}}, {"_id": 1}) is not None

    async def enrol(self, user: str, login: str) -> Enrolment:
        """Propose a secret; it counts after `confirm` within 15 minutes.

        Raises:
            Conflict: there is one already.
        """
        secret = pyotp.random_base32()
        done = await self._credentials.update_one(
            {"_id": user, "otp": None},
            {"$set": {"otp_proposed": {"sealed": self._vault.seal(secret), "until": now() + _ENROL_WITHIN}}},
        )
        if not done.matched_count:
            raise Conflict("a second factor is on already; turn it off first")
        return Enrolment(uri=pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=self._issuer), secret=secret)

    async def confirm(self, user: str, code: str, far: FarEnd) -> list[str]:
        """Turn the proposed secret on, given a code of it; returns recovery codes, shown once.

        Raises:
            Conflict: nothing was proposed in the last 15 minutes.
            Invalid: the code is not of the proposed secret.
        """
        credentials = await self._credentials.find_one({"_id": user}, {"otp_proposed": 1})
        proposed = (credentials or {}).get("otp_proposed")
        if proposed is None or proposed["until"] <= now():
            raise Conflict("start the enrolment first; it is valid for 15 minutes")
        step = step_of(self._vault.open(proposed["sealed"]), plain_code(code), now())
        if step is None:
            raise Invalid(
                "the code is wrong",
                fields=(FieldError("code", "wrong", "take the code shown now", {"rule": "one-time-code"}),),
            )
        codes = [_new_recovery_code() for _ in range(_RECOVERY_CODES)]
        otp = {
            "sealed": proposed["sealed"],
            "last_step": step,
            "since": now(),
            "recovery": [_recovery_digest(plain_code(text)) for text in codes],
        }

        async def work(unit: Unit) -> None:
            done = await self._credentials.update_one(
                {"_id": user, "otp_proposed.sealed": proposed["sealed"]},
                {"$set": {"otp": otp}, "$unset": {"otp_proposed": ""}},
                session=unit.session,
            )
            if not done.matched_count:
                raise Conflict("the enrolment was started anew meanwhile; use the newest secret")
            unit.announce(RightsChanged(user=user))
            await self._audit.write("otp.turned-on", who=user, about=user, far=far, unit=unit)

        await self._units.run(work)
        return codes

    async def accept(self, credentials: Doc, code: str) -> bool:
        """Use up a code (or a recovery code) of these credentials; True when it was good."""
        user, otp, plain = credentials["_id"], credentials["otp"], plain_code(code)
        step = step_of(self._vault.open(otp["sealed"]), plain, now())
        if step is not None:
            used = await self._credentials.update_one(
                {"_id": user, "otp.last_step": {"$lt": step}}, {"$set": {"otp.last_step": step}}
            )
            return used.modified_count == 1
        recovery = _recovery_digest(plain)
        used = await self._credentials.update_one(
            {"_id": user, "otp.recovery": recovery}, {"$pull": {"otp.recovery": recovery}}
        )
        return used.modified_count == 1

    async def turn_off(self, user: str, *, by: str, far: FarEnd) -> None:
        """Sign in without a second factor from now on.

        Raises:
            Conflict: it is off.
        """

        async def work(unit: Unit) -> None:
            done = await self._credentials.update_one(
                {"_id": user, "otp": {"$type": "object"}},
                {"$unset": {"otp": "", "otp_proposed": ""}},
                session=unit.session,
            )
            if not done.matched_count:
                raise Conflict("the second factor is off already")
            unit.announce(RightsChanged(user=user))
            await self._audit.write("otp.turned-off", who=by, about=user, far=far, unit=unit)

        await self._units.run(work)


def _new_recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def _recovery_digest(plain: str) -> str:
    """80 random bits need no slow hash."""
    return hashlib.sha256(plain.encode()).hexdigest()
