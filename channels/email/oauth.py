"""OAuth 2 for mailboxes: a refresh token is exchanged for access tokens (RFC 6749, section 6), each used until it ends."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from crm_core.ground.faults import unfit
from hub.errors import ChannelError, Permanent, Transient

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_EARLY_S = 60.0
"""A token is replaced so long before it ends."""
_MOST_BYTES = 64 * 1024


class OAuth2(BaseModel):
    """How to get access tokens for a mailbox."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: str
    client_id: str
    client_secret: SecretStr | None = None
    refresh_token: SecretStr
    scope: str | None = None

    @field_validator("token_url")
    @classmethod
    def _is_private(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise unfit("https", "token_url must begin with https://")
        return value

    @property
    def key(self) -> str:
        """What its tokens are kept under: another refresh token, another key."""
        secret = self.refresh_token.get_secret_value()
        return hashlib.sha256(f"{self.token_url}\0{self.client_id}\0{self.scope}\0{secret}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    ends: float


_TOKENS: dict[str, _Token] = {}
"""By `OAuth2.key`; in memory only."""


async def access_token(oauth2: OAuth2, within_s: float) -> str:
    """A token that is good for another minute at least.

    Raises:
        Permanent: the grant is refused (withdrawn, or the client is unknown).
        Transient: the token server cannot be asked now.
    """
    clock = asyncio.get_running_loop().time
    if (kept := _TOKENS.get(oauth2.key)) and kept.ends > clock():
        return kept.text
    asked = clock()
    told = await _ask(oauth2, within_s)
    lasts = told.get("expires_in")
    life = float(lasts) if isinstance(lasts, int | float | str) and str(lasts).isdecimal() else 300.0
    token = _Token(str(told["access_token"]), asked + max(life - _EARLY_S, life / 2))
    _TOKENS[oauth2.key] = token
    return token.text


async def token_to_send(oauth2: OAuth2, within_s: float) -> str:
    """The same for sending: a grant that was withdrawn is a fault of the account, and the mails wait.

    Raises:
        Transient: there is no token now.
    """
    try:
        return await access_token(oauth2, within_s)
    except Permanent as error:
        raise Transient(error.detail) from error


def forget(oauth2: OAuth2) -> None:
    """The mail server refused the token: the next one is asked for anew."""
    _TOKENS.pop(oauth2.key, None)


async def _ask(oauth2: OAuth2, within_s: float) -> dict[str, object]:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": oauth2.refresh_token.get_secret_value(),
        "client_id": oauth2.client_id,
    }
    if oauth2.client_secret is not None:
        form["client_secret"] = oauth2.client_secret.get_secret_value()
    if oauth2.scope:
        form["scope"] = oauth2.scope
    where = f"token server {urlsplit(oauth2.token_url).hostname}"
    limit = aiohttp.ClientTimeout(total=within_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as http,
            http.post(oauth2.token_url, data=form, allow_redirects=False) as answer,
        ):
            said = await answer.content.read(_MOST_BYTES)
            status = answer.status
        told = json.loads(said)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError) as error:
        raise Transient(f"{where} cannot be asked: {str(error) or type(error).__name__}") from None
    return _checked(where, status, told)


def _checked(where: str, status: int, told: object) -> dict[str, object]:
    if isinstance(told, dict) and status == 200 and isinstance(told.get("access_token"), str):
        return told
    code = str(told.get("error", ""))[:100] if isinstance(told, dict) else ""
    kind: type[ChannelError] = Permanent if 400 <= status < 500 and status not in {408, 429} else Transient
    raise kind(f"{where} gives no access token: {status} {code}".rstrip())
