"""Hold and mute for phones that cannot be told by SIP: the bridge stays as it is, so that a transfer or a supervisor finds it.

On hold the agent's phone neither hears nor is heard, and a whispering channel plays a sound to the other side. What was
done stands in variables of the agent's channel; who holds is told to every hub by a `UserEvent`, like a hold by the phone.
"""

from __future__ import annotations

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami, Fields
from channels.telephony.legs import Legs
from crm_core.ground.errors import Conflict
from crm_core.ground.ids import new_id
from hub.model.call import MuteDirection

_HELD, _MUTED, _MUSIC = "MAINSTEM_ON_HOLD", "MAINSTEM_MUTED", "MAINSTEM_MUSIC"
_BOTH = ("in", "out")
_DOWN = "-32000"
"""Samples are divided by so much."""


async def hold(ami: Ami, account: TelephonyAccount, legs: Legs) -> None:
    """Put the other side on hold; in a conference the others go on talking. Again is no change."""
    if await is_held(ami, legs.own):
        return
    await _tell(ami, "MainstemHold", legs.own)  # first: a PBX that does not let us has nothing half done
    await _set(ami, legs.own, _HELD, "yes")
    await _silence(ami, legs.own, _BOTH)
    if len(legs.others) == 1:
        await _play_music(ami, account, legs)


async def resume(ami: Ami, legs: Legs) -> None:
    """Take the other side back.

    Raises:
        Conflict: it is not on hold by us; a phone takes back by itself what it holds.
    """
    if not await is_held(ami, legs.own):
        raise Conflict("the call is not on hold here; what the phone itself holds, it takes back itself")
    await let_go(ami, legs)


async def let_go(ami: Ami, legs: Legs) -> None:
    """End a hold of ours, if there is one: before a transfer, whose new party would hear the music."""
    if not await is_held(ami, legs.own):
        return
    await _set(
        ami, legs.own, _MUSIC, ""
    )  # first: what is only about to begin finds by it that nobody wants it any more
    for each in await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel"):
        # both ends of the Local channel: one that waits for the other stays
        if each.get("Uniqueid", "").startswith(_music_ids(legs.own)):
            await ami.tell({"Action": "Hangup", "Channel": each["Channel"], "Cause": "16"})
    await _silence(ami, legs.own, _silenced(await _get(ami, legs.own, _MUTED)))
    await _set(ami, legs.own, _HELD, "")
    await _tell(ami, "MainstemUnhold", legs.own)


async def mute(ami: Ami, legs: Legs, direction: MuteDirection, *, on: bool) -> MuteDirection | None:
    """Mute the agent's phone, or not any more; returns what is muted now."""
    before = set(_silenced(await _get(ami, legs.own, _MUTED)))
    meant = set(_silenced(direction))
    after = before | meant if on else before - meant
    word: MuteDirection | None = "all" if len(after) > 1 else "in" if "in" in after else "out" if after else None
    await _set(ami, legs.own, _MUTED, word or "")
    if not await is_held(ami, legs.own):
        await _silence(ami, legs.own, tuple(after))
    return word


async def is_held(ami: Ami, own: Fields) -> bool:
    """Whether we put the other side on hold."""
    return await _get(ami, own, _HELD) == "yes"


def _silenced(word: str) -> tuple[str, ...]:
    return _BOTH if word == "all" else (word,) if word in _BOTH else ()


async def _silence(ami: Ami, own: Fields, directions: tuple[str, ...]) -> None:
    """What the agent says is turned down to nothing, not cut off: the music needs a stream that it can be mixed into."""
    await _set(ami, own, "VOLUME(RX)", _DOWN if "in" in directions else "0")
    await _set(ami, own, "MUTEAUDIO(out)", "on" if "out" in directions else "off")


async def _set(ami: Ami, own: Fields, name: str, value: str) -> None:
    await ami.ask({"Action": "Setvar", "Channel": own["Channel"], "Variable": name, "Value": value})


async def _get(ami: Ami, own: Fields, name: str) -> str:
    answer = await ami.ask({"Action": "Getvar", "Channel": own["Channel"], "Variable": name})
    return answer.get("Value", "")


async def _tell(ami: Ami, name: str, own: Fields) -> None:
    about = {key: own[key] for key in ("Channel", "Uniqueid", "Linkedid")}
    await ami.ask({"Action": "UserEvent", "UserEvent": name, **about})


async def _play_music(ami: Ami, account: TelephonyAccount, legs: Legs) -> None:
    """Each hold has a channel of its own: Asterisk keeps the last one until the next sound goes to the other side, which is
    never while a phone sends none, and takes no second channel of the same id."""
    music = f"{_music_ids(legs.own)}{new_id()}"
    await _set(ami, legs.own, _MUSIC, music)
    about = {"MAINSTEM_HELD": legs.other["Channel"], "MAINSTEM_HOLDER": legs.own["Channel"], _MUSIC: music}
    await ami.ask({
        "Action": "Originate", "Channel": "Local/music@mainstem-hold/n", "Context": "mainstem-hold",
        "Exten": "whisper", "Priority": "1", "Async": "true", "ChannelId": music,
        "Timeout": str(int(account.timeout_s * 1000)), "Variable": [f"{name}={each}" for name, each in about.items()],
    })  # fmt: skip


def _music_ids(own: Fields) -> str:
    return f"mainstem-hold-{own['Uniqueid']}-"
