"""The phones of the PBX: which there are, where they are registered, and browsers as phones.

A browser's password goes into Asterisk's own database, where `deploy/asterisk/sorcery.conf` has PJSIP look for it: it
counts at once, without a reload. Both that and asking PJSIP need the AMI right `system`, so a second AMI user does it,
who can do nothing with calls (docs/decisions/0011-browser-phones.md).
"""

from __future__ import annotations

import json

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami, Fields, open_ami
from channels.telephony.ice import ice_servers, lasts_s
from channels.telephony.leg_steps import PHONE
from channels.telephony.link import connect
from hub.errors import Permanent
from hub.model.phone import PhoneAt, PhoneKind, PhoneLine

WEB_TRANSPORT = "transport-ws"
_LOST = frozenset({"Unreachable", "Unavailable", "Removed"})
_AWAY = frozenset({"UNAVAILABLE", "INVALID", "Unavailable", "Invalid"})


class PhoneSets:
    """See `hub.calling.PhoneControl`."""

    def line(self, account: TelephonyAccount, user: str) -> PhoneLine | None:
        """Where the PBX speaks SIP over a websocket, where the account says it."""
        if not account.sip_ws_url:
            return None
        servers = ice_servers(account, user)
        return PhoneLine(
            url=account.sip_ws_url, ice_servers=servers, relay_only=account.relay_only, lasts_s=lasts_s(servers)
        )

    async def admit(self, account: TelephonyAccount, extension: str, password: str) -> PhoneKind | None:
        """Write the password of a phone in a browser. Older ones are worth nothing from then on."""
        async with await keeper(account) as ami:
            kind = await _kind(ami, extension)
            if kind == "browser":
                entry = json.dumps({"auth_type": "userpass", "username": extension, "password": password})
                await ami.ask({"Action": "DBPut", "Family": "mainstem/auth", "Key": extension, "Val": entry})
            return kind

    async def phones(self, account: TelephonyAccount) -> list[PhoneAt]:
        """Every phone; without a user for phones, those whose state the PBX tells, without their places."""
        if not account.phones_username:
            return await _by_state(account)
        async with await keeper(account) as ami:
            endpoints = await _listed(ami, "PJSIPShowEndpoints", "EndpointList")
            contacts = await _listed(ami, "PJSIPShowContacts", "ContactList")
        at = {each.get("Endpoint", ""): each for each in contacts}
        named = [each for each in endpoints if PHONE.fullmatch(each.get("ObjectName", ""))]
        return [_phone(each, at.get(each["ObjectName"], {})) for each in named]


async def keeper(account: TelephonyAccount) -> Ami:
    """A connection of the AMI user for phones, whom the account must name; raises `Transient`, `Permanent`."""
    assert account.phones_secret is not None
    return await open_ami(
        account.host, account.port, account.phones_username, account.phones_secret.get_secret_value(),
        timeout_s=account.timeout_s, tls=account.tls_context(),
    )  # fmt: skip


async def _kind(ami: Ami, extension: str) -> PhoneKind | None:
    try:
        found = await ami.listing({"Action": "PJSIPShowEndpoint", "Endpoint": extension}, "EndpointDetail")
    except Permanent:
        return None
    return _kind_of(found[0]) if found else None


def _kind_of(endpoint: Fields) -> PhoneKind:
    return "browser" if endpoint.get("Transport") == WEB_TRANSPORT else "desk"


def _phone(endpoint: Fields, contact: Fields) -> PhoneAt:
    """A contact that registered is listed; one that is written down is only named with its endpoint."""
    state = endpoint.get("DeviceState", "")
    fixed = endpoint.get("Contacts", "").partition(",")[0].partition("/")[2]
    return PhoneAt(
        extension=endpoint["ObjectName"],
        kind=_kind_of(endpoint),
        state=state,
        registered=contact["Status"] not in _LOST if "Status" in contact else bool(fixed) and state not in _AWAY,
        contact=_place(contact.get("Uri") or fixed),
        agent=contact.get("UserAgent", ""),
    )


def _place(uri: str) -> str:
    return uri.partition(";")[0].rpartition("@")[2]


async def _by_state(account: TelephonyAccount) -> list[PhoneAt]:
    async with await connect(account) as ami:
        told = await ami.listing({"Action": "DeviceStateList"}, "DeviceStateChange")
    found = []
    for each in told:
        technology, _, extension = each.get("Device", "").partition("/")
        if technology == account.technology and PHONE.fullmatch(extension):
            state = each.get("State", "")
            found.append(PhoneAt(extension=extension, kind="desk", state=state, registered=state not in _AWAY))
    return found


async def _listed(ami: Ami, action: str, event: str) -> list[Fields]:
    """What a listing has; the PBX refuses one that would be empty."""
    try:
        return await ami.listing({"Action": action}, event)
    except Permanent as error:
        if "No " in str(error.detail):
            return []
        raise
