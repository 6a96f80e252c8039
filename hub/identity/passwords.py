"""Passwords: argon2id with the library's current parameters, off the event loop, and only a few at once."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from crm_core.ground.errors import FieldError, Invalid, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST = 10
LONGEST = 256
_WAITING = 50


def check_password(password: str, login: str = "") -> None:
    """Refuse a password that is easily guessed or absurdly long.

    Raises:
        Invalid: names the field `password` and the rule.
    """
    if len(password) < SHORTEST:
        raise _invalid("too-short", f"use at least {SHORTEST} characters", least=SHORTEST)
    if len(password) > LONGEST:
        raise _invalid("too-long", f"use at most {LONGEST} characters", most=LONGEST)
    if len(set(password)) < 4 or (login and login.casefold() in password.casefold()):
        raise _invalid("too-simple", "do not repeat a few characters, and leave the login out of it")


def _invalid(code: str, detail: str, **speaks_of: int) -> Invalid:
    return Invalid(f"password: {detail}", fields=(FieldError("password", code, detail, speaks_of),))


class Passwords:
    """Hashes and checks. Each takes about 0.2 s and 64 MB (measured on 2 busy cores), hence the bound on how many run at once."""

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._nobodys = _unmatchable(self._hasher)

    async def hashed(self, password: str) -> str:
        """The form to store."""
        return await self._off_the_loop(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one.

        `stored` is None for a login that does not exist or has no password: then the same work is done for nothing, so
        that the time of the answer does not tell which logins exist.
        """
        if len(password) > LONGEST:
            password = password[:LONGEST] + "\0"  # never matches; bounded work
        matched = await self._off_the_loop(self._verify, stored or self._nobodys, password)
        return matched and stored is not None

    def is_old(self, stored: str) -> bool:
        """Whether the stored hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False

    async def _off_the_loop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= _WAITING:
            raise Unavailable("too many sign-ins at once; try again in a few seconds", retry_after=5)
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work, *args, **kwargs)
        finally:
            self._waiting -= 1


def _unmatchable(hasher: PasswordHasher) -> str:
    """A hash in today's parameters that belongs to no password."""
    salt, value = (b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${value}"
