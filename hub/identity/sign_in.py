"""Signing in: throttle, password, second factor, session. Every refusal looks and lasts the same, whoever is asked for."""

from __future__ import annotations

from crm_core.ground.errors import Forbidden, SignInNeeded
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.identity.passwords import Passwords
from hub.identity.people import People, Person, normal_login
from hub.identity.second_factor import SecondFactor
from hub.identity.sessions import Sessions
from hub.identity.throttle import Throttle
from hub.store.client import Database, Doc
from hub.store.collections import CREDENTIALS


class SignInFailed(SignInNeeded):
    """Login or password is wrong; which of the two is not said."""

    code, title = "sign-in-failed", "Sign-in failed"


class OtpNeeded(SignInNeeded):
    """The password is right; the one-time code of the second factor is missing."""

    code, title = "otp-needed", "One-time code needed"


class OtpWrong(SignInNeeded):
    """The one-time code is wrong or was used before."""

    code, title = "otp-wrong", "Wrong one-time code"


class PasswordWrong(Forbidden):
    """Somebody who is signed in gave a wrong password where it is asked for once more."""

    code, title = "password-wrong", "Wrong password"


class SignIn:
    """The one place where passwords are compared."""

    def __init__(
        self,
        db: Database,
        *,
        people: People,
        passwords: Passwords,
        second_factor: SecondFactor,
        throttle: Throttle,
        sessions: Sessions,
        audit: Audit,
    ) -> None:
        self._credentials = db[CREDENTIALS]
        self._people, self._passwords, self._second_factor = people, passwords, second_factor
        self._throttle, self._sessions, self._audit = throttle, sessions, audit

    async def sign_in(self, login: str, password: str, otp: str | None, far: FarEnd) -> tuple[str, Person]:
        """A new session's secret and the person.

        Raises:
            SignInFailed, OtpNeeded, OtpWrong: as their names say.
            Throttled: too many tries for this login or from this address.
        """
        login = normal_login(login)
        await self._throttle.take(login, far.address)
        credentials = await self._credentials.find_one({"login": login})
        person = await self._matching(login, credentials, password)
        if credentials is None or person is None:
            await self._audit.write("sign-in.refused", who=None, about=(credentials or {}).get("_id"), far=far)
            raise SignInFailed("login or password is wrong")
        await self._check_otp(credentials, login, otp, far)
        await self._throttle.succeed(login, far.address)
        await self._renew_hash(credentials, password)
        bearer = await self._sessions.begin(person.user, far)
        await self._audit.write("signed-in", who=person.user, about=person.user, far=far)
        return bearer, person

    async def confirm_password(self, user: str, password: str, far: FarEnd) -> None:
        """Before an act that a stolen session must not do: the password once more.

        Raises:
            PasswordWrong, Throttled: as their names say.
        """
        credentials = await self._credentials.find_one({"_id": user})
        login = credentials["login"] if credentials else user
        await self._throttle.take(login, far.address)
        if not await self._passwords.matches((credentials or {}).get("password"), password):
            await self._audit.write("password.refused", who=user, about=user, far=far)
            raise PasswordWrong("the present password is wrong")
        await self._throttle.succeed(login, far.address)

    async def _matching(self, login: str, credentials: Doc | None, password: str) -> Person | None:
        """The person, when the password is right and the person may sign in under this login (still)."""
        if not await self._passwords.matches((credentials or {}).get("password"), password) or credentials is None:
            return None
        person = await self._people.fresh(credentials["_id"])
        return person if person is not None and person.may_sign_in and person.login == login else None

    async def _check_otp(self, credentials: Doc, login: str, otp: str | None, far: FarEnd) -> None:
        if not credentials.get("otp"):
            return
        if not otp:
            await self._throttle.give_back(login, far.address)
            raise OtpNeeded("enter the code that your authenticator shows")
        if not await self._second_factor.accept(credentials, otp):
            await self._audit.write("otp.refused", who=None, about=credentials["_id"], far=far)
            raise OtpWrong("the code is wrong or was used before; wait for the next one")

    async def _renew_hash(self, credentials: Doc, password: str) -> None:
        if self._passwords.is_old(credentials["password"]):
            stronger = await self._passwords.hashed(password)
            await self._credentials.update_one(
                {"_id": credentials["_id"], "password": credentials["password"]}, {"$set": {"password": stronger}}
            )
