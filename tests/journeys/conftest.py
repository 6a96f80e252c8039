"""A browser before a real hub: Debian's Chromium, a link that can be cut, a mail server for the answers."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.async_api import Browser, Error, Page, async_playwright

from hub.main import Hub
from hub.settings import AccountSettings, Settings
from tests.conftest import PASSWORD, SignIn
from tests.journeys.link import Link
from tests.journeys.pages import Pages
from tests.journeys.watch import Watched
from tests.lab.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "agents_ui" / "dist" / "index.html"
AXE = ROOT / "agents_ui" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
]


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fixtures are to know how the test itself ended."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)


class SentMail:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(content)
        return "250 OK"


@pytest.fixture
async def sent_mail() -> AsyncIterator[tuple[SentMail, int]]:
    """The far mail server and its port."""
    kept = SentMail()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(kept, loop=loop), "127.0.0.1", 0)
    yield kept, server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.fixture
def settings(settings: Settings, sent_mail: tuple[SentMail, int]) -> Settings:
    """The usual settings with one mailbox: a door for what comes, a mail server for what goes."""
    mailbox = AccountSettings.model_validate(
        {
            "channel": "email",
            "queue": "support",
            "addresses": ["support@demo.local", "@demo.local"],
            "from_name": "Lanjing Instruments",
            "door_port": free_port(),
            "smtp_host": "127.0.0.1",
            "smtp_port": sent_mail[1],
            "tls": "none",
        }
    )
    return settings.model_copy(update={"accounts": {"support-mail": mailbox}})


@pytest.fixture
async def link(hub: Hub) -> AsyncIterator[Link]:
    """The network between browser and hub."""
    async with Link(hub.url) as link:
        yield link


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, as Debian ships it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine: apt install chromium fonts-noto-cjk")
    if not BUILT.is_file() or not AXE.is_file():
        pytest.skip("the console is not built: npm ci && npm run build in agents_ui")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        yield browser
        await browser.close()


OpenConsole = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def pages(browser: Browser, link: Link, request: pytest.FixtureRequest) -> AsyncIterator[Pages]:
    """Where every page comes from. At the end: no page error, no foreign host, no CSP violation in any of them."""
    pages = Pages(browser, link)
    yield pages
    if request.node.stash.get(FAILED, False):
        with suppress(Error):
            await pages.tell()
    await pages.close()


@pytest.fixture
def console(pages: Pages, signed_in: SignIn) -> OpenConsole:
    """`await console("agent")`: a person's signed-in page, in a browser of their own."""

    async def open_console(
        login: str = "agent",
        *,
        roles: tuple[str, ...] = ("SU",),
        language: str = "en",
        width: int = 1440,
        path: str = "/console/inbox",
        workers: Literal["allow", "block"] = "block",
        undo_s: int = 0,
    ) -> Watched:
        person = await signed_in(login, roles=roles, queues=["support"], locale="zh" if language == "zh-CN" else "en")
        status, _ = await person.call("PATCH", "/api/me/writing", {"undo_s": undo_s})
        assert status == 200
        page = await pages.fresh(
            path,
            locale="zh-CN" if language == "zh-CN" else "en-GB",
            viewport={"width": width, "height": 900 if width > 700 else 844},
            service_workers=workers,
        )
        await sign_in(page.page, login)
        return page

    return open_console


async def sign_in(page: Page, login: str) -> None:
    """As a person does it."""
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".app-shell")
    await page.wait_for_selector("html[data-ready]")
