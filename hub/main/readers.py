"""Who reads the stream to its end, each with a bookmark of its own."""

from __future__ import annotations

from hub.desk.call_reader import CallReader
from hub.desk.floor.fact_reader import FactReader
from hub.desk.forwards import Forwards
from hub.desk.lost_callers import LostCallers
from hub.desk.notice_reader import NoticeReader
from hub.desk.party_links import PartyLinks
from hub.desk.push.push_reader import PushReader
from hub.desk.search_filler import SearchFiller
from hub.identity.rights_watch import WANTS as RIGHTS_WANTS
from hub.main.house import House
from hub.readers import Reader


def durable_readers(house: House) -> list[Reader]:
    """One line per reader."""
    ground, telephony = house.ground, house.telephony
    db, units = ground.db, ground.units
    return [
        SearchFiller(db, ground.records).reader(),
        PartyLinks(units).reader(),
        Reader("rights", RIGHTS_WANTS, ground.identity.rights_watch.handle),
        Forwards(db, house.mail.auto_sending).reader(),
        NoticeReader(units).reader(),
        house.notices.rule_reader.reader(),
        PushReader(db, house.notices.push_sender.wake).reader(),
        FactReader(db, house.floor.wallboard.wake).reader(),
        CallReader(telephony.after_calls, LostCallers(units), telephony.call_notes).reader(),
        house.outbound.entry_fates.reader(),
    ]
