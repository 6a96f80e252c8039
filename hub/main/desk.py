"""Wires the desk: conversations and their messages, who is there, which queues there are."""

from __future__ import annotations

from hub.desk.attachments import Attachments
from hub.desk.bulk import Bulk
from hub.desk.canned import Canned
from hub.desk.conversations import Conversations
from hub.desk.drafts import KeptDrafts
from hub.desk.export import Export
from hub.desk.home import Home
from hub.desk.inbox_search import Inbox
from hub.desk.job_list import JobList
from hub.desk.messages import Messages
from hub.desk.outside import OutsideApps
from hub.desk.parameters import Parameters
from hub.desk.pictures import Pictures
from hub.desk.presence import Presence
from hub.desk.quarantine import Quarantine
from hub.desk.queue_removal import QueueRemoval
from hub.desk.queues import Queues
from hub.desk.readiness import Readiness
from hub.desk.removal import Removal
from hub.desk.schedule import Schedule
from hub.desk.search import Search
from hub.desk.superiors import Superiors
from hub.desk.traffic import Traffic
from hub.desk.views import Views
from hub.main.accounts import AccountParts
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.stream import StreamParts
from hub.web.picture_fetch import PictureFetcher


class DeskParts(Parts):
    """What agents work with, whatever the channel."""

    def __init__(self, ground: Ground, stream: StreamParts, accounts: AccountParts) -> None:
        db, units, settings, audit = ground.db, ground.units, ground.settings, ground.identity.audit
        self.parameters = Parameters(units, audit)
        superiors = Superiors(db, self.parameters, audit)
        self.search = Search(db, ground.records)
        self.attachments = Attachments(db, ground.files, ground.records)
        self.conversations = Conversations(db, units, ground.records, superiors)
        self.inbox = Inbox(db, self.search, superiors)
        self.views = Views(db)
        self.bulk = Bulk(self.conversations, self.inbox)
        self.canned = Canned(db, ground.records)
        self.drafts = KeptDrafts(db, stream.hints)
        self.messages = Messages(
            stream.stream,
            self.attachments,
            stream.raws,
            ground.records,
            accounts.sending,
            settings.default_region,
            superiors,
            accounts.marks,
        )
        self.pictures = Pictures(db, PictureFetcher(), superiors)
        self.removal = Removal(units, accounts.marks, audit)
        self.export = Export(db, ground.files, accounts.directory, accounts.inlets, audit)
        self.quarantine = Quarantine(units, accounts.directory, accounts.inlets, audit)
        self.readiness = Readiness(db, ground.supervisor)
        self.presence, self.queues = Presence(units), Queues(units)
        self.queue_removal = QueueRemoval(units, accounts.directory, audit, settings.queues)
        self.job_list = JobList(units, audit)
        self.home, self.outside = Home(units, audit), OutsideApps(units, audit)
        self.schedule, self.traffic = Schedule(db), Traffic(db)
