"""Take the README's pictures anew: `make screenshots`. Starts the demo as `make run` does, in a folder of its own, lets
its people do a morning's work over HTTP, and looks at their screens with the machine's Chromium.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
from playwright.async_api import Browser, async_playwright

from hub.cli.seed import DEMO_PASSWORD, DOOR_PORT
from hub.settings import inherited_environment

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
PORT = 8801
URL = f"http://127.0.0.1:{PORT}"
_READY_S = 120
KATRIN, TOMAS, ZHOU = "Calibration certificates", "Spectrum analyser", "LJ-2204"
LETTERS = (
    ("吴磊 <wu.lei@hengxin.example>", "万用表年度校准安排", "您好，\n\n我司 36 台万用表的年度校准下月到期，能否安排工程师到苏州现场校准？\n\n吴磊"),
    ("Mei Tanaka <tanaka@kita-optics.example>", "Delivery date of PO 7731", "Hello,\n\nour line stops on the 14th. Can the last two power supplies of PO 7731 leave this week?\n\nMei Tanaka"),
    ("刘洋 <liuyang@qingdao-haiyan.example>", "发票抬头变更", "贵公司：\n\n我公司名称已变更，请将下一张发票抬头改为青岛海研测控有限公司。\n\n刘洋"),
    ("Omar Haddad <o.haddad@levant-power.example>", "Thank you", "The repaired LJ-1102 came back on Tuesday and works well. Please thank your workshop.\n\nOmar Haddad"),
)  # fmt: skip


@asynccontextmanager
async def demo() -> AsyncIterator[None]:
    """The product with its demo data."""
    with tempfile.TemporaryDirectory(prefix="mainstem-screens-") as folder:
        env = inherited_environment(MAINSTEM_PORT=str(PORT), MAINSTEM_DATA=folder)
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "hub.cli", "up", "--demo", env=env)
        try:
            await _answers()
            yield
        finally:
            process.terminate()
            await process.wait()


async def _answers() -> None:
    async with asyncio.timeout(_READY_S), aiohttp.ClientSession(URL) as http:
        while True:
            try:
                async with http.get("/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.2)


class Person:
    """Somebody of the demo, signed in."""

    def __init__(self, http: aiohttp.ClientSession, csrf: str, user: str) -> None:
        self._http = http
        self._csrf = csrf
        self.user = user

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the hub answers."""
        async with self._http.request(method, path, json=body, headers={"X-CSRF-Token": self._csrf}) as answer:
            answer.raise_for_status()
            return await answer.json() if "json" in answer.content_type else None

    async def place(self, subject: str) -> str:
        """Where the conversation is, once its mail has come."""
        async with asyncio.timeout(_READY_S):
            while True:
                for one in (await self.ask("GET", "/api/conversations"))["items"]:
                    if subject in one["subject"]:
                        return f"/api/conversations/{one['id']}"
                await asyncio.sleep(0.2)


async def sign_in(stack: AsyncExitStack, login: str) -> Person:
    """As the console does it."""
    http = await stack.enter_async_context(aiohttp.ClientSession(URL, cookie_jar=aiohttp.CookieJar(unsafe=True)))
    async with asyncio.timeout(_READY_S):
        while True:  # the people are made after the hub is ready
            async with http.post("/api/session", json={"login": login, "password": DEMO_PASSWORD}) as answer:
                if answer.status == 200:
                    body = await answer.json()
                    return Person(http, body["csrf"], body["user"]["id"])
            await asyncio.sleep(1)


async def write(sender: str, subject: str, text: str) -> None:
    """A customer's mail to the demo's door."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@demo.local", subject
    mail.set_content(text)
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=DOOR_PORT)


async def work(agent: Person, sales: Person, supervisor: Person) -> None:
    """A morning: taken, answered, noted, tagged, attached."""
    await sales.ask("POST", "/api/queues/support/join", {})
    for person in (agent, sales):
        await person.ask("PUT", "/api/me/presence", {"state": "available"})
    katrin, zhou, tomas = [await supervisor.place(subject) for subject in (KATRIN, ZHOU, TOMAS)]
    for letter in LETTERS:
        await write(*letter)
        await supervisor.place(letter[1])
    await agent.ask("PATCH", zhou, {"assignee": agent.user, "tags": ["返修"]})
    await agent.ask(
        "POST",
        f"{zhou}/messages",
        {"kind": "reply", "text": "周敏您好，\n\n已为您登记返修单，工程师周四上午到苏州现场，备机一并带到。\n\n李娜"},
    )
    await sales.ask("PATCH", katrin, {"assignee": sales.user, "tags": ["certificates"]})
    await sales.ask(
        "POST",
        f"{katrin}/messages",
        {"kind": "note", "text": "The lab has 118-0443 ready; 118-0450 was measured again this morning."},
    )
    await sales.ask(
        "POST",
        f"{katrin}/messages",
        {
            "kind": "reply",
            "text": "Dear Katrin,\n\nboth certificates will be with you as PDF today before 17:00, well ahead of the audit.\n\nDaniel Reyes",
        },
    )
    await write(
        "Katrin Vogel <k.vogel@brandt-mess.example>",
        f"Re: {KATRIN} for order 45-1180",
        "Perfect, thank you Daniel!\n\nKatrin",
    )
    await supervisor.ask("PATCH", tomas, {"assignee": sales.user})
    for place, name in ((katrin, "Brandt"), (zhou, "恒信")):
        found = await sales.ask("GET", f"/api/records/customer?name__contains={name}")
        await supervisor.ask("PUT", f"{place}/records/customer/{found['items'][0]['id']}")


async def look(browser: Browser, login: str, language: str, place: str, name: str) -> None:
    """One screen, as that person has it."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, locale=language, timezone_id="Asia/Shanghai"
    )
    page = await context.new_page()
    await page.goto(f"{URL}/console/sign-in")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", DEMO_PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".app-shell")
    await page.goto(f"{URL}/console{place}")
    await page.wait_for_selector("html[data-ready]")
    await page.wait_for_selector('.live-mark[data-mark="live"]')
    await page.wait_for_selector("[data-message]")
    await page.wait_for_timeout(1500)  # nothing moves any more: it is a picture, not a check
    await page.screenshot(path=PICTURES / f"{name}.png")
    await context.close()


async def main() -> None:
    """Both pictures."""
    async with demo(), AsyncExitStack() as stack, async_playwright() as playwright:
        agent, sales, supervisor = [await sign_in(stack, login) for login in ("agent", "sales", "supervisor")]
        await work(agent, sales, supervisor)
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for login, language, subject, name in (
            ("sales", "en-GB", KATRIN, "inbox"), ("agent", "zh-CN", ZHOU, "inbox-zh"),
        ):  # fmt: skip
            place = (await supervisor.place(subject)).removeprefix("/api/conversations/")
            await look(browser, login, language, f"/inbox/{place}", name)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
