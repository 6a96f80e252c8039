"""The protocol of the far side, as a channel speaks it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from crm_core.ground.addresses import mail_key
from crm_core.ground.errors import Malformed
from hub.channel import Capabilities, Channel, Hook, HookAnswer, HookRequest, Inlet, Marks, Raw, Receipt
from hub.errors import InDoubt, Permanent, Transient
from hub.model.address import Address
from hub.model.delivery import Delivery
from hub.model.envelope import Envelope, ThreadKey
from tests.lab.echo_channel.echo.account import EchoAccount


class Line:
    """A connection to the far side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, line: dict[str, Any]) -> dict[str, Any]:
        self._writer.write(json.dumps(line).encode() + b"\n")
        await self._writer.drain()
        return await self.next()

    async def next(self) -> dict[str, Any]:
        line = await self._reader.readline()
        if not line:
            raise EOFError("the far side hung up")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def _line(account: EchoAccount) -> AsyncIterator[Line]:
    try:
        reader, writer = await asyncio.open_connection(account.host, account.port)
    except OSError as error:
        raise Transient(f"{account.host}:{account.port} cannot be reached") from error
    try:
        line = Line(reader, writer)
        if "error" in await line.ask({"do": "login", "secret": account.secret.get_secret_value()}):
            raise Permanent("the far side refuses the secret")
        yield line
    finally:
        writer.close()


class EchoChannel(Channel[EchoAccount]):
    """Sends and receives lines."""

    kind = "echo"
    account_model = EchoAccount
    can = Capabilities(text=True)

    def __init__(self) -> None:
        self.hooks = (
            Hook(path="in", verify=_genuine, handle=self._take_in),
            Hook(path="report", verify=_genuine, handle=self._take_report),
        )

    async def probe(self, account: EchoAccount) -> None:
        async with _line(account):
            return

    async def receive(self, account: EchoAccount, inlet: Inlet) -> None:
        async with _line(account) as line:
            inlet.connected(f"{account.host}:{account.port}")
            after = (await inlet.position()).get("n", 0)
            if account.rude == "raise":
                raise KeyError("a bug in the channel")
            message = await line.ask({"do": "listen", "after": after})
            while True:
                if "n" in message:
                    raw = await inlet.keep_raw(json.dumps(message).encode())
                    await self.replay(account, raw, inlet)
                    await inlet.move_to({"n": message["n"]})
                message = await line.next()

    async def replay(self, account: EchoAccount, raw: Raw, inlet: Inlet) -> None:
        await inlet.ingest(_envelope(account, raw))

    async def send(self, account: EchoAccount, delivery: Delivery, inlet: Inlet) -> Receipt:
        if account.rude == "raise":
            raise KeyError("a bug in the channel")
        ask = {"do": "send", "id": delivery.external_id, "to": delivery.to[0].key, "text": delivery.text}
        async with _line(account) as line, asyncio.timeout(account.timeout_s):
            answer = await line.ask(ask)
        if answer.get("error") == "permanent":
            raise Permanent(answer["why"])
        if "error" in answer:
            raise Transient(answer["why"])
        return Receipt(far_id=answer["far_id"])

    async def find_sent(self, account: EchoAccount, delivery: Delivery) -> Receipt | None:
        async with _line(account) as line:
            answer = await line.ask({"do": "find", "id": delivery.external_id})
        if "error" in answer:
            raise InDoubt("the far side does not say what it has")
        return None if answer["found"] is None else Receipt(far_id=f"far-{answer['found'] + 1}")

    async def follow(self, account: EchoAccount, marks: Sequence[Marks], inlet: Inlet) -> None:
        async with _line(account) as line, asyncio.timeout(account.timeout_s):
            for mark in marks:
                ask = {"do": "mark", "id": mark.external_id, "places": list(mark.places)}
                answer = await line.ask(ask | {"seen": mark.seen, "deleted": mark.deleted})
                if "error" in answer:
                    raise Transient(answer["why"])

    async def _take_in(self, account: EchoAccount, call: HookRequest, inlet: Inlet) -> HookAnswer:
        if account.rude == "hook":
            await asyncio.sleep(60)
        raw = await inlet.keep_raw(call.body, {"url": call.url})
        await self.replay(account, raw, inlet)
        return HookAnswer(status=202, content_type="application/json", body=b'{"taken":true}')

    async def _take_report(self, account: EchoAccount, call: HookRequest, inlet: Inlet) -> HookAnswer:
        message = await inlet.amend(call.query["far_id"], {"delivery.state": call.query["state"]})
        return HookAnswer(status=200 if message else 404)


def signature(secret: str, method: str, url: str, body: bytes) -> str:
    """How the far side signs a hook call."""
    return hmac.new(secret.encode(), f"{method} {url} ".encode() + body, hashlib.sha256).hexdigest()


def _genuine(account: EchoAccount, call: HookRequest) -> bool:
    expected = signature(account.secret.get_secret_value(), call.method, call.url, call.body)
    return hmac.compare_digest(expected, call.headers.get("x-signature", ""))


def _envelope(account: EchoAccount, raw: Raw) -> Envelope:
    try:
        line = json.loads(raw.content)
        sender = mail_key(line["from"]) or f"raw:{line['from']}"
        external_id, text = str(line["id"]), str(line["text"])
    except (ValueError, KeyError) as error:
        raise Malformed(f"this is no line of ours: {error}") from None
    return Envelope(
        account=account.id,
        channel="echo",
        external_id=external_id,
        sender=Address(sender),
        at=raw.at,
        text=text,
        full_text=text,
        thread_keys=(ThreadKey("exact", f"echo:{account.id}:{sender}"),),
        raw=raw.id,
        queue=account.queue,
        correlation=raw.correlation,
    )


channel = EchoChannel()
