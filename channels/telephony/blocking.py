"""The numbers that the PBX refuses: a family of Asterisk's own database, brought in step with the hub's list.

AMI's `DBPut` needs the right `system`, which beside `originate` would let a call run programs on the PBX. So a context of
our dialplan writes, and AMI only reads (docs/channels/telephony.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime

import phonenumbers

from channels.telephony.ami import Ami
from crm_core.ground.ids import new_id
from hub.errors import Transient

FAMILY = "mainstem-blocked"
_LINE = 800
"""Characters of one variable; a line of AMI holds 1,024."""
_LOOK_AGAIN_S = 0.1


async def bring_in_step(ami: Ami, blocked: Mapping[str, datetime | None], region: str, within_s: float) -> None:
    """Make the PBX refuse these numbers and no others.

    Args:
        blocked: number in E.164 -> until when; None = always.

    Raises:
        Permanent: the PBX refuses to tell or to write.
        Transient: the list is not written in time; its dialplan may lack the context.
    """
    wanted = {text: _value(until) for number, until in blocked.items() for text in spellings(number, region)}
    clock = asyncio.get_running_loop().time
    there = await _listed(ami)
    if there == wanted:
        return
    for line in _lines(there, wanted):
        await ami.ask({
            "Action": "Originate", "Channel": f"Local/s@{FAMILY}-list/n", "Application": "Wait", "Data": "1",
            "Async": "true", "ChannelId": f"mainstem-list-{new_id()}", "Variable": f"__MAINSTEM_LIST={line}",
        })  # fmt: skip
    until = clock() + within_s
    while await _listed(ami) != wanted:
        if clock() > until:
            raise Transient(f"the PBX did not take the list of blocked numbers: is [{FAMILY}-list] in its dialplan?")
        await asyncio.sleep(_LOOK_AGAIN_S)


def spellings(number: str, region: str) -> list[str]:
    """How a carrier may write a number (E.164): with and without country, with the prefixes for going abroad and home."""
    parsed = phonenumbers.parse(number, None)
    digits, national = number.removeprefix("+"), phonenumbers.national_significant_number(parsed)
    written = [number, digits, f"00{digits}"]
    if phonenumbers.region_code_for_country_code(parsed.country_code or 0) == region:
        written += [national, f"0{national}"]
    return list(dict.fromkeys(written))


def _value(until: datetime | None) -> str:
    return str(int(until.timestamp())) if until else "0"


async def _listed(ami: Ami) -> dict[str, str]:
    found = await ami.listing({"Action": "DBGetTree", "Family": FAMILY}, "DBGetTreeResponse")
    return {each["Key"].rpartition("/")[2]: each.get("Val", "") for each in found if each.get("Key")}


def _lines(there: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    """`NUMBER:UNTIL&NUMBER:UNTIL`; without UNTIL the number is let in again."""
    changes = [f"{number}:{value}" for number, value in wanted.items() if there.get(number) != value]
    changes += [f"{number}:" for number in there if number not in wanted]
    line = ""
    for change in changes:
        if line and len(line) + len(change) >= _LINE:
            yield line
            line = ""
        line += f"&{change}" if line else change
    if line:
        yield line
