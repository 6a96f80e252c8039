"""Wires what people are told: notices, messages among themselves, announcements, browser push."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hub.desk.announcements import Announcements
from hub.desk.assistant import Assistant
from hub.desk.internal_messages import InternalMessages
from hub.desk.notices import Notices
from hub.desk.push.parcels import Parcels
from hub.desk.push.sender import PushSender
from hub.desk.push.subscriptions import Subscriptions
from hub.desk.push.vapid import Vapid
from hub.main.desk import DeskParts
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.settings import Settings
from hub.vault import derived_key_pair
from hub.web.push_post import PushPost
from hub.writing.message_rules.asks import RuleAsks
from hub.writing.message_rules.book import RuleBook
from hub.writing.message_rules.engine import Engine
from hub.writing.message_rules.reader import RuleReader


class NoticeParts(Parts):
    """All ways to reach a person of the house."""

    def __init__(self, ground: Ground, desk: DeskParts) -> None:
        db, units, parameters, push = ground.db, ground.units, desk.parameters, ground.settings.push
        self.notices = Notices(units)
        self.internal_messages = InternalMessages(units)
        self.announcements = Announcements(units, ground.identity.audit)
        self.assistant = Assistant(units, ground.registry, parameters)
        book, settings = RuleBook(db, ground.registry), ground.settings
        engine = Engine(units, ground.records, ground.identity.people, settings.company, ZoneInfo(settings.time_zone))
        self.rule_reader, self.rule_asks = RuleReader(book, engine), RuleAsks(book, engine)
        vapid = Vapid(derived_key_pair(ground.key, "vapid"), _contact(ground.settings))
        self.push_subscriptions = Subscriptions(db, parameters, ground.vault, vapid, push)
        parcels = Parcels(db, ground.vault, vapid)
        self.push_sender = PushSender(db, parameters, self.assistant, parcels, push, PushPost(push))


def _contact(settings: Settings) -> str | None:
    """At which a push service finds the operator."""
    url = settings.public_url or ""
    return settings.push.contact or (url if url.startswith("https://") else None)
