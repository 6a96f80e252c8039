"""The one wrapper around panoramisk: an AMI connection with bounded waits and typed fields.

Traps it takes care of (panoramisk 1.4, Asterisk 22):
- `QueueAdd` waits for ever unless `as_list=False`; a refused list does unless `as_list=None`.
- The stream is decoded chunk by chunk, so a UTF-8 character that a chunk cuts in two would be lost: the line is read as
  Latin-1, which loses nothing, and each value is decoded by itself.
- It would send the secret in plain text: the challenge of the protocol is used instead.
- The library connects again by itself and sends old actions once more: here a lost connection is an end.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from channels.telephony.ami_tls import tls_refusal
from crm_core.ground.clock import now
from hub.errors import Permanent, Transient

Fields = dict[str, str]
Action = Mapping[str, str | Sequence[str]]

_WIRE = "latin-1"
_MOST_WAITING = 50_000
"""Events not yet taken. More than that means that the store is away for long: the connection is given up, and the
snapshot after the next one tells what happened."""

log = logging.getLogger(__name__)


class _Protocol(AMIProtocol):  # type: ignore[misc]  # the library has no types
    def __init__(self, line: _Line) -> None:
        self._line = line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory, self.config, self.encoding = self._line, self._line.config, _WIRE
        self.log = self._line.log
        self._line.protocol = self


class _Line(Manager):  # type: ignore[misc]  # the library has no types
    """A manager without the library's own reconnecting, pinging and logging."""

    def __init__(self, **config: Any) -> None:
        super().__init__(log=logging.getLogger(f"{__name__}.library"), encoding=_WIRE, **config)
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def protocol_of(self) -> _Protocol:
        return _Protocol(self)

    def connection_lost(self, exc: object) -> None:
        if not self.lost.done():
            self.lost.set_result(None)


class Ami:
    """One signed-in connection. Use as `async with await open_ami(...) as ami`.

    Attributes:
        came_at: when the first of what was handed out last (`events`, `waiting`) came in.
    """

    def __init__(self, line: _Line, timeout_s: float) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self.came_at = self._first_at = now()
        self._events: list[Fields] = []
        self._news = asyncio.Event()
        self._overrun = False
        line.register_event("*", self._hear)
        line.lost.add_done_callback(lambda _: self._news.set())

    async def __aenter__(self) -> Ami:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up at once: whoever does not read any more, or not TLS's word of the end, does not keep the connection."""
        self._line.awaiting_actions.clear()
        self._line.close()
        self._line.protocol.transport.abort()
        self._line.connection_lost(None)

    async def ask(self, action: Action) -> Fields:
        """One action, one answer.

        Raises:
            Permanent: the PBX refuses; the detail has its words.
            Transient: it does not answer in time, or the connection is lost.
        """
        answer = await self._send(action, as_list=False)
        return _accepted(action, _fields(answer))

    async def tell(self, action: Action) -> bool:
        """One action that may come too late; whether the PBX did it. Raises `Transient`."""
        answer = await self._send(action, as_list=False)
        return _fields(answer).get("Response") == "Success"

    async def listing(self, action: Action, event: str) -> list[Fields]:
        """The events of one kind that answer an action which lists.

        Raises:
            Permanent, Transient: as `ask`.
        """
        answer = await self._send(action, as_list=None)
        found = [_fields(each) for each in (answer if isinstance(answer, list) else [answer])]
        _accepted(action, found[0])
        return [each for each in found if each.get("Event") == event]

    async def events(self, wait_s: float) -> list[Fields]:
        """What has been heard, in order; waits for the first. Empty when nothing came within `wait_s`.

        Raises:
            Transient: the connection is lost (what was heard before is given first).
        """
        if not self._events and not self._line.lost.done():
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                return []
        heard = self.waiting()
        if not heard and self._overrun:
            raise Transient("more PBX events than could be stored; reading the state anew")
        if not heard and self._line.lost.done():
            raise Transient("the PBX closed the AMI connection")
        return heard

    def waiting(self) -> list[Fields]:
        """What has been heard until now, without waiting."""
        heard, self._events = self._events, []
        self.came_at = self._first_at
        self._news.clear()
        return heard

    def _hear(self, _manager: object, message: Any) -> None:
        if len(self._events) >= _MOST_WAITING:
            self._overrun = True
            self.close()
        else:
            if not self._events:
                self._first_at = now()
            self._events.append(_fields(message))
            self._news.set()

    async def _send(self, action: Action, *, as_list: bool | None) -> Any:
        if self._line.lost.done():
            raise Transient("the AMI connection is lost")
        wire = {name: _wire(name, value) for name, value in action.items()}
        future: asyncio.Future[Any] = self._line.send_action(wire, as_list=as_list)
        done, _ = await asyncio.wait(
            {future, self._line.lost}, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        if future in done:
            return future.result()
        future.cancel()
        why = "the connection was lost" if done else f"no answer within {self._timeout_s:g} s"
        raise Transient(f"AMI {action['Action']}: {why}")


async def open_ami(
    host: str, port: int, username: str, secret: str, *, timeout_s: float, tls: ssl.SSLContext | None = None
) -> Ami:
    """Connect and sign in.

    Raises:
        Transient: nobody answers there.
        Permanent: the PBX does not take this user or secret, or its certificate cannot be trusted.
    """
    line = _Line(host=host, port=port)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            await loop.create_connection(line.protocol_of, host, port, ssl=tls)
    except ssl.SSLError as error:
        raise tls_refusal(error, host, port) from error
    except (OSError, TimeoutError) as error:
        raise Transient(f"no AMI at {host}:{port}: {str(error) or 'no answer'}") from error
    ami = Ami(line, timeout_s)
    try:
        challenge = (await ami.ask({"Action": "Challenge", "AuthType": "MD5"}))["Challenge"]
        key = hashlib.md5(f"{challenge}{secret}".encode(), usedforsecurity=False).hexdigest()  # as the protocol has it
        await ami.ask({"Action": "Login", "AuthType": "MD5", "Username": username, "Key": key})
    except Permanent:
        ami.close()
        raise Permanent(
            f"the PBX at {host}:{port} does not let {username!r} in: check user, secret and permit"
        ) from None
    except BaseException:
        ami.close()
        raise
    return ami


def _accepted(action: Action, answer: Fields) -> Fields:
    if answer.get("Response", "Success") not in ("Success", "Follows", "Goodbye"):
        raise Permanent(f"AMI {action['Action']}: {answer.get('Message') or 'refused'}")
    return answer


def _fields(message: Any) -> Fields:
    """Plain text fields; of a header that comes several times the last counts."""
    return {str(name): _text(value) for name, value in message.items() if name != "content"}


def _text(value: Any) -> str:
    last = value[-1] if isinstance(value, list) else value
    return str(last).encode(_WIRE, "replace").decode("utf-8", "replace")


def _wire(name: str, value: str | Sequence[str]) -> str | list[str]:
    """A value as it may go out. A line break would begin a header of its own."""
    if not isinstance(value, str):
        return [str(_wire(name, each)) for each in value]
    if any(ord(char) < 32 for char in value):
        raise Permanent(f"AMI: {name} must not hold control characters")
    return value.encode("utf-8").decode(_WIRE)
