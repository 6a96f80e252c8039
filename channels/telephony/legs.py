"""Which channels of the PBX a call has now, and which of them is the agent's phone. Pure, but for one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from channels.telephony.ami import Ami, Fields
from channels.telephony.events import is_helper
from crm_core.ground.errors import Conflict


@dataclass(frozen=True, slots=True)
class Legs:
    """The channels of one call.

    Attributes:
        own: the agent's phone.
        others: who is in the same bridge.
        all: every channel of the call, the agent's too.
    """

    own: Fields
    others: tuple[Fields, ...]
    all: tuple[Fields, ...]

    @property
    def other(self) -> Fields:
        """The one who talks with the agent.

        Raises:
            Conflict: there is nobody, or more than one.
        """
        if len(self.others) != 1:
            raise Conflict("there is nobody on the other side" if not self.others else "this is a conference")
        return self.others[0]

    @property
    def asks(self) -> bool:
        """A consultation: somebody of the call waits alone while the agent speaks with somebody else."""
        bridges = [each.get("BridgeId") for each in self.all if each.get("BridgeId")]
        mine = self.own.get("BridgeId")
        return any(bridge != mine and bridges.count(bridge) == 1 for bridge in bridges)


async def channels_of(ami: Ami, linkedids: Sequence[str]) -> list[Fields]:
    """The channels of a call, without those that only serve the hub."""
    listed = await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel")
    return [each for each in listed if each.get("Linkedid") in linkedids and not is_helper(each.get("Channel", ""))]


async def legs_of(ami: Ami, linkedids: Sequence[str], phone: str, *, ringing: bool = False) -> Legs:
    """The call as the phone (`PJSIP/1001`) is in it.

    Args:
        ringing: a phone that only rings will do.

    Raises:
        Conflict: the phone is not in the call (any more).
    """
    every = tuple(await channels_of(ami, linkedids))
    mine = [each for each in every if each["Channel"].startswith(f"{phone}-")]
    own = next((each for each in mine if ringing or each.get("BridgeId")), None)
    if own is None:
        raise Conflict("the phone is not in this call" if ringing else "the phone does not talk in this call")
    bridge = own.get("BridgeId")
    others = tuple(each for each in every if bridge and each.get("BridgeId") == bridge and each is not own)
    return Legs(own, others, every)
