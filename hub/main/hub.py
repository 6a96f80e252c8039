"""Builds and wires all parts of a hub, in order; the only file that knows them all."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import Iterable
from functools import partial
from typing import Any

from aiohttp import web

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from crm_core.load import load as load_record_types
from hub.accounts.changes import Changes
from hub.accounts.directory import Directory
from hub.accounts.health import HealthBook
from hub.accounts.inlet import Inlets
from hub.accounts.keeper import Keeper
from hub.accounts.marks import MarkBook, MarkLanes
from hub.accounts.replays import Replays
from hub.accounts.sending import Sending
from hub.console.connect import Door
from hub.console.consoles import Consoles
from hub.console.keeping import Keeper as ConsoleKeeper
from hub.console.looking import Looking
from hub.console.server import Wire
from hub.console.watching import Watching
from hub.desk.address_facts import AddressFacts
from hub.desk.after_calls import AfterCalls
from hub.desk.announcements import Announcements
from hub.desk.assistant import Assistant
from hub.desk.attachments import Attachments
from hub.desk.auto_sending import AutoSending
from hub.desk.blocked_callers import BlockedCallers
from hub.desk.bulk import Bulk
from hub.desk.call_acts import CallActs
from hub.desk.call_notes import CallNotes
from hub.desk.call_outcomes import CallOutcomes
from hub.desk.call_reader import CallReader
from hub.desk.callbacks import Callbacks
from hub.desk.calls import Calls
from hub.desk.canned import Canned
from hub.desk.conversations import Conversations
from hub.desk.customer_mail import CustomerMail
from hub.desk.drafts import KeptDrafts
from hub.desk.export import Export
from hub.desk.floor.fact_reader import FactReader
from hub.desk.floor.reports import CallReports
from hub.desk.floor.staffing import StaffingHints
from hub.desk.floor.targets import Targets
from hub.desk.floor.wallboard import Wallboard
from hub.desk.forwards import Forwards
from hub.desk.home import Home
from hub.desk.inbox_search import Inbox
from hub.desk.internal_messages import InternalMessages
from hub.desk.job_list import JobList
from hub.desk.lost_callers import LostCallers
from hub.desk.mail_rules import MailRules
from hub.desk.messages import Messages
from hub.desk.notice_reader import NoticeReader
from hub.desk.notices import Notices
from hub.desk.outbound.call_lists import CallLists
from hub.desk.outbound.do_not_call import DoNotCall
from hub.desk.outbound.fates import EntryFates
from hub.desk.outbound.pacing import Pacing
from hub.desk.outbound.seats import Seats
from hub.desk.outbound.tracing import Tracing
from hub.desk.outbound.working import Working
from hub.desk.outside import OutsideApps
from hub.desk.parameters import Parameters
from hub.desk.party_links import PartyLinks
from hub.desk.pbx_plans import PbxPlans
from hub.desk.phones import Phones
from hub.desk.pictures import Pictures
from hub.desk.presence import Presence
from hub.desk.push.parcels import Parcels
from hub.desk.push.push_reader import PushReader
from hub.desk.push.sender import PushSender
from hub.desk.push.subscriptions import Subscriptions
from hub.desk.push.vapid import Vapid
from hub.desk.quarantine import Quarantine
from hub.desk.queue_removal import QueueRemoval
from hub.desk.queues import Queues
from hub.desk.readiness import Readiness
from hub.desk.recordings import Recordings
from hub.desk.removal import Removal
from hub.desk.schedule import Schedule
from hub.desk.score_sheets import ScoreSheets
from hub.desk.scoring import Scoring
from hub.desk.search import Search
from hub.desk.search_filler import SearchFiller
from hub.desk.superiors import Superiors
from hub.desk.supervision import Supervision
from hub.desk.traffic import Traffic
from hub.desk.views import Views
from hub.desk.wrap_ups import WrapUps
from hub.errors import SetupError
from hub.feed.hints import Hints
from hub.feed.replay import Replay
from hub.feed.tail import Feed
from hub.identity.parts import build_identity
from hub.identity.rights_watch import WANTS as RIGHTS_WANTS
from hub.leases import Lease, Leases
from hub.main.indexes import all_indexes
from hub.main.served import ROUTES, served_asks
from hub.outbox.afterthoughts import Afterthoughts
from hub.outbox.journal import Journal
from hub.outbox.lane import LaneParts
from hub.outbox.outbox import Outbox
from hub.readers import Reader, Readers
from hub.reconcile import Reconciler
from hub.settings import Settings
from hub.store.announced import Announced
from hub.store.client import Doc, connect, database
from hub.store.files import Files
from hub.store.migrate import migrate
from hub.store.records import Records
from hub.store.unit import Units
from hub.stream.commit import CommitLoop
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from hub.vault import Signer, Vault, derived_key_pair, installation_key
from hub.web.idempotency import Idempotency
from hub.web.middleware import new_application
from hub.web.openapi import Documentation, openapi
from hub.web.picture_fetch import PictureFetcher
from hub.web.push_post import PushPost
from hub.web.record_docs import record_docs
from hub.web.routes import mount
from hub.web.sip import SipLines
from hub.writing.composing import Composing
from hub.writing.habits import Habits
from hub.writing.optouts import OptOuts
from hub.writing.previews import Previews
from hub.writing.runs import Runs
from hub.writing.schemes import Schemes
from hub.writing.templates import Templates

log = logging.getLogger(__name__)

_SPREAD_S = 5.0
"""Over so many seconds the consoles of a stopping hub come back to the others."""
_SNOOZE_S = 20.0
_FOLLOW_S = 5.0


class Hub:
    """One hub. `open` makes the parts (enough for a command); `start` also runs them and listens."""

    def __init__(self, settings: Settings, hub_id: str | None = None) -> None:
        if settings.mongo_url is None:
            raise SetupError("no MongoDB: set MAINSTEM_MONGO_URL, or use `mainstem up`")
        self.settings = settings
        self.hub_id = hub_id or f"{socket.gethostname()}-{new_id()[-8:]}"
        self.supervisor = Supervisor()
        self._runner: web.AppRunner | None = None
        self.url = ""
        self._build_store(settings.mongo_url.get_secret_value())
        self._build_parts()
        self._build_notices()
        self._build_floor()
        self._build_consoles()
        self._build_call_desk()

    # -- building --------------------------------------------------------------------------------------------

    def _build_store(self, mongo_url: str) -> None:
        self.client = connect(mongo_url)
        self.db = database(self.client, self.settings.database)
        self.announced = Announced()
        self.units = Units(self.client, self.db, self.announced)
        self.files = Files(self.db, self.settings.limits.file_bytes)
        self.registry = load_record_types()
        self.records = Records(self.units, self.registry)
        key = installation_key(self.settings)
        self.vault, self.signer = Vault(key), Signer(key)
        self._key = key

    def _build_parts(self) -> None:
        settings, limits = self.settings, self.settings.limits
        self.leases = Leases(self.db, self.hub_id)
        self.commit = CommitLoop(self.units, limits.commit_batch)
        self.stream = Stream(self.db, self.units, self.files, self.commit)
        self.raws = RawKeeper(self.db)
        self.identity = build_identity(self.units, self.registry, self.vault, settings)
        self.directory = Directory(self.db, self.vault, settings.accounts)
        self.changes = Changes(self.units, self.directory, self.vault, self.identity.audit)
        self.sending = Sending(self.directory)
        self.stream.make_id = self.sending.make_id
        self.health = HealthBook(self.db, self.hub_id)
        self.inlets = Inlets(self.db, self.stream, self.raws, self.signer, self.health)
        self.replays = Replays(self.directory, self.inlets, self.leases)
        self.keeper = Keeper(self.directory, self.leases, self.inlets, self.replays, self.supervisor)
        self.journal = Journal(self.units, self.stream)
        lane = LaneParts(journal=self.journal, files=self.files, inlets=self.inlets)
        self.outbox = Outbox(self.directory, self.leases, lane, self.supervisor)
        self.afterthoughts = Afterthoughts(self.units, self.stream, self.journal)
        self.hints = Hints(self.db)
        self.feed = Feed(self.db, self.hints, self.announced)
        self.replay = Replay(self.db, self.feed, limits.replay_events)
        self.readers = Readers(self.db, idle=lambda: self.commit.idle)
        self.search = Search(self.db, self.records)
        self.attachments = Attachments(self.db, self.files)
        self.parameters = Parameters(self.units, self.identity.audit)
        superiors = Superiors(self.db, self.parameters, self.identity.audit)
        self.conversations = Conversations(self.db, self.units, self.records, superiors)
        self.inbox = Inbox(self.db, self.search, superiors)
        self.views = Views(self.db)
        self.bulk = Bulk(self.conversations, self.inbox)
        self.canned = Canned(self.db, self.records)
        self.drafts = KeptDrafts(self.db, self.hints)
        self.marks = MarkBook(self.db)
        self.mark_lanes = MarkLanes(self.db, self.directory, self.inlets, self.leases, self.supervisor)
        self.removal = Removal(self.units, self.marks, self.identity.audit)
        self.mail_rules = MailRules(self.units, self.identity.audit)
        self.auto_sending = AutoSending(self.stream, self.parameters)
        self.export = Export(self.db, self.files, self.directory, self.inlets, self.identity.audit)
        self.customer_mail = CustomerMail(self.db, self.records)
        self.address_facts = AddressFacts(self.units, self.identity.audit)
        self.messages = Messages(
            self.stream,
            self.attachments,
            self.raws,
            self.records,
            self.sending,
            settings.default_region,
            superiors,
            self.marks,
        )
        self.pictures = Pictures(self.db, PictureFetcher(), superiors)
        self._build_writing()
        self.idempotency = Idempotency(self.db)
        self.documentation = Documentation()
        self.readiness = Readiness(self.db, self.supervisor)
        self.quarantine = Quarantine(self.units, self.directory, self.inlets, self.identity.audit)
        self.calls = Calls(self.db, self.directory, self.identity.audit)
        self.score_sheets = ScoreSheets(self.units, self.identity.audit)
        self.scoring = Scoring(self.units, self.score_sheets, self.identity.audit)
        self.supervision = Supervision(self.db, self.directory, self.identity.audit)
        self.recordings = Recordings(self.stream, self.files, self.parameters, self.identity.audit)
        self.phones = Phones(self.db, self.directory, self.identity.audit, self._key)
        self.sip_lines = SipLines(self.phones, self.identity.identity, settings)
        self.reconciler = Reconciler(self.db, self.directory)

    def _build_call_desk(self) -> None:
        units, audit, region = self.units, self.identity.audit, self.settings.default_region
        self.call_notes = CallNotes(units, self.stream)
        self.call_acts = CallActs(self.db, self.calls, self.call_notes, audit)
        self.call_outcomes = CallOutcomes(units, audit)
        self.after_calls = AfterCalls(units, self.presence, self.directory)
        self.wrap_ups = WrapUps(self.calls, self.call_notes, self.call_outcomes, self.after_calls, audit)
        self.callbacks = Callbacks(units, self.calls, audit, region)
        self.blocked_callers = BlockedCallers(units, self.calls, audit, region)
        self.do_not_call = DoNotCall(units, audit, region)
        self.call_lists = CallLists(units, self.calls, self.call_outcomes, audit, region)
        self.entry_fates = EntryFates(units, Tracing(self.db, self.calls))
        self.working = Working(
            units, self.call_lists, self.calls, self.wrap_ups, self.call_outcomes, self.entry_fates, audit
        )
        self.seats = Seats(units, self.call_lists, audit)
        self.pacing = Pacing(units, self.working, self.calls, self.identity.people)
        self.pbx_plans = PbxPlans(units, self.directory, audit)

    def _build_writing(self) -> None:
        settings, people = self.settings, self.identity.people
        url = settings.public_url or f"http://{settings.host}:{settings.port}"
        self.optouts = OptOuts(self.db, self.signer, url)
        self.habits = Habits(self.db, self.records, settings.company)
        self.templates = Templates(self.records, people, settings.company)
        self.composing = Composing(
            db=self.db, files=self.files, raws=self.raws, directory=self.directory, habits=self.habits
        )
        self.schemes = Schemes(self.db, self.records, self.attachments, self.sending)
        self.previews = Previews(records=self.records, people=people, optouts=self.optouts, company=settings.company)
        self.runs = Runs(self.units, self.schemes, self.afterthoughts)

    def _build_notices(self) -> None:
        audit = self.identity.audit
        self.notices = Notices(self.units)
        self.internal_messages = InternalMessages(self.units)
        self.announcements = Announcements(self.units, audit)
        self.assistant = Assistant(self.units, self.registry, self.parameters)
        self._build_push()
        self.home = Home(self.units, audit)
        self.schedule, self.traffic = Schedule(self.db), Traffic(self.db)
        self.outside = OutsideApps(self.units, audit)
        self.job_list = JobList(self.units, audit)
        self.queue_removal = QueueRemoval(self.units, self.directory, audit, self.settings.queues)

    def _build_push(self) -> None:
        settings, url = self.settings.push, self.settings.public_url or ""
        contact = settings.contact or (url if url.startswith("https://") else None)
        vapid = Vapid(derived_key_pair(self._key, "vapid"), contact)
        self.push_subscriptions = Subscriptions(self.db, self.parameters, self.vault, vapid, settings)
        self.push_sender = PushSender(
            self.db, self.parameters, self.assistant, Parcels(self.db, self.vault, vapid), settings, PushPost(settings)
        )

    def _build_floor(self) -> None:
        self.wallboard = Wallboard(self.db, self.hints, self.leases, self.settings.time_zone)
        self.targets = Targets(self.units, self.identity.audit)
        self.call_reports = CallReports(self.db)
        self.staffing_hints = StaffingHints(self.db)

    def _build_consoles(self) -> None:
        identity, limits = self.identity.identity, self.settings.limits
        self.presence = Presence(self.units)
        self.queues = Queues(self.units)
        self.watching = Watching(self.db, self.hints)
        self.wire = Wire(self.supervisor, self.settings.public_url)
        self.feed.subscribe(self.identity.people.listen)  # before the consoles, which ask for fresh rooms
        self.consoles = Consoles(self.feed, self.wire, limits.console_queue)
        self.looking = Looking(self.db, self.consoles)
        self.console_door = Door(self.wire, self.feed, self.replay, self.consoles, identity, self.supervisor)
        self.console_keeper = ConsoleKeeper(self.consoles, identity, self.presence, self.watching)

    def parts(self) -> dict[type, Any]:
        """What route handlers may ask for, by type."""
        listed: Iterable[Any] = (
            self.settings, self.supervisor, self.db, self.units, self.files, self.records, self.registry, self.vault,
            self.signer, self.leases, self.stream, self.raws, self.directory, self.health, self.inlets, self.replays,
            self.journal, self.outbox, self.hints, self.feed, self.replay, self.readers, self.search,
            self.attachments, self.conversations, self.inbox, self.messages, self.pictures, self.changes, self.afterthoughts,
            self.readiness, self.quarantine, self.reconciler, self.documentation, self.presence, self.queues,
            self.watching, self.consoles, self.views, self.bulk, self.canned, self.drafts, self.parameters, self.marks, self.removal, self.mail_rules, self.auto_sending,
            self.export, self.customer_mail, self.address_facts, self.optouts, self.habits, self.templates, self.composing, self.schemes,
            self.previews, self.runs, self.calls, self.recordings, self.supervision, self.phones, self.sip_lines,
            self.call_acts, self.call_outcomes, self.wrap_ups, self.callbacks, self.blocked_callers,
            self.do_not_call, self.call_lists, self.working, self.seats,
            self.pbx_plans,
            self.score_sheets, self.scoring,
            self.push_subscriptions, self.looking,
            self.notices, self.internal_messages, self.announcements, self.assistant, self.home, self.schedule, self.traffic, self.outside, self.job_list,
            self.queue_removal, self.wallboard, self.targets, self.call_reports, self.staffing_hints,
        )  # fmt: skip
        return {type(part): part for part in listed} | self.identity.by_type()

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document of everything served."""
        described = [route for route in ROUTES if route.path.startswith("/api")]
        return openapi(described, self.parts(), more=record_docs(self.registry))

    # -- life ------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Bring the database up to date and put what must exist there. Enough for commands; nothing runs."""
        await migrate(self.db, all_indexes(self.registry))
        await self.records.install_roles()
        await self.queues.seed(self.settings.queues)
        await self.call_outcomes.seed()

    async def start(self) -> None:
        """Run everything and listen. Returns when the hub answers."""
        try:
            await self.open()
            await self.feed.start()
            self.feed.subscribe(self._hear)
            self._keep_tasks()
            await self.console_keeper.start(self.db, self.supervisor)
            await self._follow()
            await self._listen()
        except BaseException:
            await self.stop()
            raise
        _calm_the_collector()
        log.info("hub ready", extra={"hub": self.hub_id, "url": self.url})

    async def stop(self) -> None:
        """Drain: no new work, what is begun is finished within `limits.drain_s`, then everything stops."""
        self.readiness.draining = True
        self.console_door.shut()
        self.consoles.drain(within_s=_SPREAD_S)
        if self._runner is not None:
            await self.wire.stop()
            await self.sip_lines.close()
            await self._runner.cleanup()
            self._runner = None
        await self.supervisor.stop()
        await self.close()

    async def close(self) -> None:
        """Let go of the store."""
        await self.units.forget()
        await self.client.close()

    async def _follow(self) -> None:
        """Who is let in hears everything. A store that is slow to tell does not keep the hub from answering."""
        try:
            async with asyncio.timeout(_FOLLOW_S):
                await self.feed.following.wait()
        except TimeoutError:
            log.warning("the feed does not follow the store yet")

    def _keep_tasks(self) -> None:
        keep = self.supervisor.keep
        keep("writers", self.units.tend)
        keep("commit", self.commit.run, needed=True)
        keep("raw", self.raws.run, needed=True)
        keep("feed", self.feed.run, needed=True)
        keep("leases", self.leases.run, needed=True)
        keep("health", self.health.run)
        keep("accounts", self.keeper.run)
        keep("replays", self.replays.run)
        keep("outbox", self.outbox.run)
        keep("presence", self.presence.run)
        keep("marks", self.mark_lanes.run)
        keep("snoozed", self._wake_snoozed)
        keep("wallboard", self.wallboard.run)
        keep("after-calls", partial(self.leases.hold, "after-calls", self.after_calls.run))
        keep("looking", self.looking.run)
        keep("push", partial(self.leases.hold, "push", self.push_sender.run))
        keep("callbacks", partial(self.leases.hold, "callbacks", self.callbacks.run))
        keep("call-lists", partial(self.leases.hold, "call-lists", self.entry_fates.run))
        keep("call-pacing", partial(self.leases.hold, "call-pacing", self.pacing.run))
        for reader in self._durable_readers():
            keep(f"reader:{reader.name}", partial(self._read, reader))

    def _durable_readers(self) -> list[Reader]:
        rights = Reader("rights", RIGHTS_WANTS, self.identity.rights_watch.handle)
        forwards = Forwards(self.db, self.auto_sending).reader()
        return [
            SearchFiller(self.db, self.records).reader(),
            PartyLinks(self.units).reader(),
            rights,
            forwards,
            NoticeReader(self.units).reader(),
            PushReader(self.db, self.push_sender.wake).reader(),
            FactReader(self.db, self.wallboard.wake).reader(),
            CallReader(self.after_calls, LostCallers(self.units), self.call_notes).reader(),
            self.entry_fates.reader(),
        ]

    async def _wake_snoozed(self) -> None:
        """Bring conversations back whose time has come; on one hub at a time."""

        async def work(_lease: Lease) -> None:
            while True:
                await self.conversations.wake_due(now())
                await asyncio.sleep(_SNOOZE_S)

        await self.leases.hold("snoozed", work)

    async def _read(self, reader: Reader) -> None:
        async def work(_lease: Lease) -> None:
            await self.readers.run(reader)

        await self.leases.hold(f"reader:{reader.name}", work)

    def _hear(self, events: list[Doc]) -> None:
        """What this hub itself wants to know of the stream."""
        self.readers.wake({event["name"] for event in events})
        self.wallboard.hear(events)
        for event in events:
            match event["name"]:
                case "hub.outbox-filled":
                    self.outbox.wake(event["data"]["account"])
                case "hub.account-changed":
                    self.keeper.wake()
                    self.outbox.accounts_changed()
                    self.mark_lanes.accounts_changed()

    async def _listen(self) -> None:
        app = new_application(self.identity.identity, self.idempotency, self.settings)
        self.documentation.document = self.openapi()
        mount(app, list(ROUTES), self.parts())
        self.wire.attach(app)
        served_asks().serve(self.consoles, self.parts())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=self.settings.limits.drain_s)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port, reuse_address=True)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"


def _calm_the_collector() -> None:
    """What is there now stays; what a hub makes from now on mostly dies young, by reference count. With the usual
    threshold of 700 objects the cyclic collector takes a large part of the time of decoding documents."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
