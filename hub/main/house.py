"""All rooms of a hub, built in order; each is handed those that it stands on."""

from __future__ import annotations

from typing import Any

from hub.main.accounts import AccountParts
from hub.main.consoles import ConsoleParts
from hub.main.desk import DeskParts
from hub.main.floor import FloorParts
from hub.main.ground import Ground
from hub.main.mail import MailParts
from hub.main.notices import NoticeParts
from hub.main.outbound import OutboundParts
from hub.main.parts import Parts
from hub.main.stream import StreamParts
from hub.main.telephony import CallParts
from hub.main.web import WebParts
from hub.settings import Settings


class House:
    """Every part there is; nothing runs yet."""

    def __init__(self, settings: Settings, hub_id: str) -> None:
        self.ground = Ground(settings, hub_id)
        self.streaming = StreamParts(self.ground)
        self.accounts = AccountParts(self.ground, self.streaming, hub_id)
        self.desk = DeskParts(self.ground, self.streaming, self.accounts)
        self.mail = MailParts(self.ground, self.streaming, self.accounts, self.desk)
        self.telephony = CallParts(self.ground, self.streaming, self.accounts, self.desk)
        self.outbound = OutboundParts(self.ground, self.telephony)
        self.floor = FloorParts(self.ground, self.streaming)
        self.notices = NoticeParts(self.ground, self.desk)
        self.consoles = ConsoleParts(self.ground, self.streaming, self.desk)
        self.web = WebParts(self.ground)

    def parts(self) -> dict[type, Any]:
        """What route handlers may ask for, by type."""
        rooms = [room for room in vars(self).values() if isinstance(room, Parts)]
        return {kind: part for room in rooms for kind, part in room.by_type().items()}
