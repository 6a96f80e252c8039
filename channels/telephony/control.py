"""What the PBX can be told to do. Each act is a short AMI connection of its own, so any hub can do it."""

from __future__ import annotations

from collections.abc import Sequence

from channels.telephony.account import TelephonyAccount
from channels.telephony.link import connect
from channels.telephony.machine import PHONE
from crm_core.ground.addresses import phone_key
from crm_core.ground.errors import FieldError, Invalid
from crm_core.ground.ids import new_id
from hub.channel import PhoneState

_DIALLED = frozenset("0123456789+*#")


class Control:
    """See `hub.channel.CallControl`."""

    async def dial(self, account: TelephonyAccount, extension: str, number: str) -> str:
        """Ring the extension and, when it answers, the number. Returns the linkedid that the call will have.

        Raises:
            Invalid: that is no number.
            Permanent: the PBX refuses.
        """
        target, linkedid = dial_text(number, account.region), f"mainstem-{new_id()}"
        async with await connect(account) as ami:
            await ami.ask({
                "Action": "Originate", "Channel": f"{account.technology}/{extension}", "Context": account.context,
                "Exten": target, "Priority": "1", "Timeout": str(account.ring_s * 1000), "CallerID": target,
                "Async": "true", "ChannelId": linkedid,
            })  # fmt: skip
        return linkedid

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
