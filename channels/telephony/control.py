"""What the PBX can be told to do. Each act is a short AMI connection of its own, so any hub can do it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from channels.telephony import acts, dialling, handing_on, holding
from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami
from channels.telephony.blocking import bring_in_step
from channels.telephony.leg_steps import PHONE
from channels.telephony.legs import Legs, legs_of
from channels.telephony.link import connect
from channels.telephony.phones import keeper
from crm_core.ground.addresses import phone_key
from crm_core.ground.errors import FieldError, Invalid
from hub.calling import DialledCall, PhoneState, Still, new_reference
from hub.model.call import MuteDirection

_DIALLED = frozenset("0123456789+*#")


class Control:
    """See `hub.calling.CallControl`."""

    async def dial(
        self, account: TelephonyAccount, extension: str, number: str, reference: str | None = None,
        still: Still | None = None, *, traced: bool = False,
    ) -> str:  # fmt: skip
        """Ring the extension and, when it answers, the number. Returns the linkedid that the call will have.

        Raises:
            Invalid: that is no number.
            Late, Transient, InDoubt, Permanent: as `dialling.originate`.
        """
        target, linkedid = dial_text(number, account.region), reference or new_reference()
        await dialling.originate(account, extension, target, linkedid, still, traced=traced)
        return linkedid

    async def trace(self, account: TelephonyAccount, reference: str) -> DialledCall:
        """What the PBX knows of a call that was to be dialled."""
        return await dialling.trace(account, reference)

    async def queue(self, account: TelephonyAccount, queue: str, extension: str, name: str, state: PhoneState) -> None:
        """Put the phone into a queue, pause it there (it stays a member), or take it out.

        Raises:
            Permanent: the PBX has no such queue.
        """
        phone = f"{account.technology}/{extension}"
        async with await connect(account) as ami:
            members = await ami.listing({"Action": "QueueStatus", "Queue": queue, "Member": phone}, "QueueMember")
            there = any(each.get("Queue") == queue and each.get("Location") == phone for each in members)
            if state == "out":
                if there:
                    await ami.ask({"Action": "QueueRemove", "Queue": queue, "Interface": phone})
                return
            paused = "true" if state == "paused" else "false"
            if there:
                await ami.ask({"Action": "QueuePause", "Queue": queue, "Interface": phone, "Paused": paused})
            else:
                await ami.ask({
                    "Action": "QueueAdd", "Queue": queue, "Interface": phone, "StateInterface": phone,
                    "MemberName": name, "Paused": paused,
                })  # fmt: skip

    async def hang_up(self, account: TelephonyAccount, linkedids: Sequence[str]) -> int:
        """End all channels of a call; returns how many there were."""
        async with await connect(account) as ami:
            channels = await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel")
            mine = [each["Channel"] for each in channels if each.get("Linkedid") in set(linkedids)]
            ended = 0
            for channel in mine:
                answer = await ami.tell({"Action": "Hangup", "Channel": channel, "Cause": "16"})
                ended += answer  # one may have gone by itself, or with another
            return max(ended, len(mine))

    async def answer(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str) -> None:
        """Have the ringing phone answer, by the AMI user for phones; raises `Conflict` where it must be done by hand."""
        async with _steered(account, linkedids, extension, ringing=True) as (_, legs):
            channel = acts.ringing_channel(legs)
            if not account.phones_username:
                raise acts.by_hand("the account has no AMI user for phones")
            async with await keeper(account) as ami:
                await acts.answer(ami, channel)

    async def hold(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str) -> None:
        """Music for the other side; the phone neither hears nor is heard."""
        async with _steered(account, linkedids, extension) as (ami, legs):
            await holding.hold(ami, account, legs)

    async def resume(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str) -> None:
        """Take the other side back; raises `Conflict` where we did not hold it."""
        async with _steered(account, linkedids, extension) as (ami, legs):
            await holding.resume(ami, legs)

    async def mute(
        self, account: TelephonyAccount, linkedids: Sequence[str], extension: str, direction: MuteDirection, *, on: bool
    ) -> MuteDirection | None:
        """Mute the phone or not; returns what is muted now."""
        async with _steered(account, linkedids, extension) as (ami, legs):
            return await holding.mute(ami, legs, direction, on=on)

    async def transfer(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str, to: str) -> None:
        """Send the other side to somebody without asking."""
        target = dial_text(to, account.region)
        async with _steered(account, linkedids, extension) as (ami, legs):
            await handing_on.transfer(ami, account, legs, target)

    async def consult(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str, to: str) -> None:
        """Ask somebody first; `complete` or `cancel` follows."""
        target = dial_text(to, account.region)
        async with _steered(account, linkedids, extension) as (ami, legs):
            await handing_on.consult(ami, account, legs, target)

    async def complete(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str) -> None:
        """Hand the call over to who was asked."""
        async with _steered(account, linkedids, extension) as (ami, legs):
            await handing_on.complete(ami, legs)

    async def cancel(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str) -> None:
        """Back to the other side."""
        async with _steered(account, linkedids, extension) as (ami, legs):
            await handing_on.cancel(ami, legs)

    async def invite(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str, to: str) -> None:
        """Call somebody into the call."""
        target = dial_text(to, account.region)
        async with _steered(account, linkedids, extension) as (ami, legs):
            await handing_on.invite(ami, account, legs, target)

    async def play(self, account: TelephonyAccount, linkedids: Sequence[str], extension: str, digits: str) -> None:
        """Play keys to the other side."""
        async with _steered(account, linkedids, extension) as (ami, legs):
            await acts.play(ami, legs, digits)

    async def pause_recording(self, account: TelephonyAccount, linkedids: Sequence[str], *, paused: bool) -> int:
        """Let the call's recordings stand still or go on; returns how many there are."""
        async with await connect(account) as ami:
            return await acts.pause_recording(ami, linkedids, paused=paused)

    async def pause_phone(self, account: TelephonyAccount, extension: str, *, paused: bool) -> int:
        """Pause a phone for after-call work, or end that; returns in how many queues."""
        async with await connect(account) as ami:
            return await acts.pause_phone(ami, f"{account.technology}/{extension}", paused=paused)

    async def block(self, account: TelephonyAccount, blocked: Mapping[str, datetime | None]) -> None:
        """Refuse the calls of these numbers and of no others."""
        async with await connect(account) as ami:
            await bring_in_step(ami, blocked, account.region, account.timeout_s)


@asynccontextmanager
async def _steered(
    account: TelephonyAccount, linkedids: Sequence[str], extension: str, *, ringing: bool = False
) -> AsyncIterator[tuple[Ami, Legs]]:
    """A connection, and the call as this phone is in it; raises `Conflict` where it is not."""
    async with await connect(account) as ami:
        yield ami, await legs_of(ami, linkedids, f"{account.technology}/{extension}", ringing=ringing)


def dial_text(number: str, region: str) -> str:
    """A number as it is dialled: an extension as it is, else in E.164, else what was typed without its punctuation.

    Raises:
        Invalid: there is nothing in it that a phone could dial.
    """
    plain = "".join(char for char in number if char not in " -()./\u00a0")
    if plain and not PHONE.fullmatch(plain) and (key := phone_key(plain, region)):
        return key.removeprefix("phone:")
    if not plain or len(plain) > 32 or not set(plain) <= _DIALLED:
        raise Invalid(
            "that is no phone number", fields=(FieldError("to", "phone", "write a number, such as +86 139 0013 9000"),)
        )
    return plain
