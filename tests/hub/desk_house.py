"""The desk and its HTTP edge on a test's own database: real store, real stream, real HTTP; sign-in is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from crm_core.access.actor import Actor, system
from crm_core.ground.clock import now
from crm_core.load import load
from hub.accounts.directory import Directory
from hub.accounts.sending import Sending
from hub.desk.attachments import Attachments
from hub.desk.bulk import Bulk
from hub.desk.canned import Canned
from hub.desk.conversations import Conversations
from hub.desk.drafts import KeptDrafts
from hub.desk.inbox_search import Inbox
from hub.desk.messages import Messages
from hub.desk.pictures import Pictures
from hub.desk.search import Search
from hub.desk.search_filler import SearchFiller
from hub.desk.views import Views
from hub.feed.hints import Hints
from hub.identity.caller import Caller
from hub.readers import Readers
from hub.settings import AccountSettings
from hub.store.client import Doc
from hub.store.files import Files
from hub.store.records import Records
from hub.stream.conversations import links_of
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream
from hub.vault import Vault
from hub.web import bulk, canned, conversations, docs, drafts, files, messages, pictures, search, views
from hub.web.far_side import Proxies
from hub.web.middleware import correlated, told_as_problems
from hub.web.openapi import Documentation
from hub.web.picture_fetch import PictureFetcher
from hub.web.routes import CALLER, Route, mount
from hub.writing.composing import Composing
from hub.writing.habits import Habits

EDGE: list[Route] = [
    route
    for noun in (conversations, bulk, views, drafts, canned, messages, files, search, docs, pictures)
    for route in noun.routes.routes
]
MAILBOX = AccountSettings.model_validate(
    {"channel": "email", "queue": "general", "addresses": ["support@demo.local"], "smtp_host": "127.0.0.1"}
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def agent(user: str, *queues: str, supervisor: bool = False, admin: bool = False, **more: Any) -> Caller:
    """A signed-in colleague."""
    return Caller(
        user=user,
        login=user,
        name=user.title(),
        admin=admin,
        supervisor=supervisor,
        queues=frozenset(queues),
        actor=Actor(user, admin=admin),
        sign_in="s",
        **more,
    )


ANN = agent("ann", "general")
BOB = agent("bob", "sales")
SUE = agent("sue", supervisor=True)
ADA = agent("ada", admin=True)


@dataclass
class Desk:
    """The desk's parts on one stream."""

    stream: Stream
    limit_bytes: int = 1_000_000
    people: dict[str, Caller] = field(default_factory=lambda: {p.user: p for p in (ANN, BOB, SUE, ADA)})

    def __post_init__(self) -> None:
        self.owner = ""
        db, units = self.stream.db, self.stream.units
        self.db = db
        self.records = Records(units, load())
        self.files = Files(db, self.limit_bytes)
        self.raws = RawKeeper(db)
        self.attachments = Attachments(db, self.files, self.records)
        self.conversations = Conversations(db, units, self.records)
        self.search = Search(db, self.records, budget_s=5)
        self.inbox = Inbox(db, self.search)
        self.views = Views(db)
        self.bulk = Bulk(self.conversations, self.inbox)
        self.canned = Canned(db, self.records)
        self.drafts = KeptDrafts(db, Hints(db))
        directory = Directory(db, Vault(b"k" * 32), {"support": MAILBOX})
        sending = Sending(directory)
        self.stream.make_id = sending.make_id
        self.messages = Messages(self.stream, self.attachments, self.raws, self.records, sending)
        self.pictures = Pictures(db, PictureFetcher())
        self.composing = Composing(
            db=db, files=self.files, raws=self.raws, directory=directory, habits=Habits(db, self.records, "Demo")
        )
        self.documentation = Documentation()
        self.filler = SearchFiller(db, self.records)

    def parts(self) -> dict[type, Any]:
        """For `mount`."""
        listed = (
            self.attachments,
            self.conversations,
            self.search,
            self.inbox,
            self.messages,
            self.pictures,
            self.documentation,
            self.composing,
            self.views,
            self.bulk,
            self.canned,
            self.drafts,
        )
        return {type(part): part for part in listed}

    async def index(self) -> None:
        """Let the search index read everything."""
        readers, reader = Readers(self.db), self.filler.reader()
        while await readers.step(reader):
            pass

    async def queues(self, *names: str) -> None:
        """Make queues."""
        await self.db["queues"].insert_many([{"_id": name, "name": name, "members": []} for name in names])

    async def user(self, login: str, **more: Any) -> None:
        """A colleague as conversations refer to one."""
        doc = {"_id": login, "login": login, "name": login.title(), "state": "active"}
        await self.db["record_user"].insert_one(doc | more)

    async def contact(self, name: str, **more: Any) -> str:
        """A contact that belongs to the administrator; its id."""
        if not self.owner:
            company = {"code": "root", "name": "Demo", "kind": "company"}
            department = (await self.records.create(system(), "department", company))["id"]
            owner = {"employee_no": "1", "name": "Ada", "login": "owner", "department": department}
            self.owner = (await self.records.create(system(), "user", owner))["id"]
        row = await self.records.create(ADA.actor, "contact", {"name": name, "owner": self.owner, **more})
        return str(row["id"])

    @asynccontextmanager
    async def http(self) -> AsyncIterator[Http]:
        """A client before a server; `as_` says who calls."""

        @web.middleware
        async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
            if person := self.people.get(request.headers.get("X-Test-Person", "")):
                request[CALLER] = person
            return await handler(request)

        app = web.Application(middlewares=[correlated(Proxies((), None)), told_as_problems, signed_in])
        mount(app, EDGE, self.parts())
        async with TestClient(TestServer(app)) as client:
            yield Http(client)


@dataclass
class Http:
    """Requests in somebody's name."""

    client: TestClient[web.Request, web.Application]

    async def __call__(self, method: str, path: str, as_: Caller | None, **more: Any) -> Answer:
        headers = {**more.pop("headers", {}), **({"X-Test-Person": as_.user} if as_ else {})}
        async with self.client.request(method, path, headers=headers, **more) as response:
            return await Answer.read(response)


@dataclass
class Answer:
    """A response, read."""

    status: int
    headers: Any
    body: bytes
    json: Any

    @classmethod
    async def read(cls, response: ClientResponse) -> Answer:
        body = await response.read()
        is_json = response.content_type.endswith("json")
        return cls(response.status, response.headers, body, await response.json(content_type=None) if is_json else None)


def stored(name: str, seq: int, **more: Any) -> Doc:
    """A conversation document of the store, for tests that need many."""
    base: Doc = {
        "_id": name, "state": "open", "queue": "general", "assignee": None, "subject": name, "channels": ["email"],
        "accounts": ["support"], "parties": [], "party_keys": [], "contacts": [], "customers": [], "records": [],
        "tags": [], "preview": "", "last_at": now(), "last_seq": seq, "message_count": 1,
        "waiting_since": None, "snoozed_until": None, "last_inbound": None, "apart": [], "created_at": now(),
        "revision": 1,
    }  # fmt: skip
    doc = base | more
    return {k: v for k, v in doc.items() if k != "viewers" or v} | {"links": links_of(doc)}
