"""A page under watch: errors of it, hosts it spoke to, rules of the content policy that it broke."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Request, WebError

from tests.journeys.link import Link

SCREENS = Path(__file__).resolve().parents[2] / ".lab" / "screens"
AXE_FILE = Path(__file__).resolve().parents[2] / "agents_ui" / "node_modules" / "axe-core" / "axe.min.js"
_STILL = "Promise.allSettled(document.getAnimations().map((each) => each.finished)).then(() => null)"
_CALL = """async ([method, path, body]) => {
  const me = await (await fetch('/api/me')).json()
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf}
  const answer = await fetch(path, {method, headers, body: body === null ? undefined : JSON.stringify(body)})
  return [answer.status, await answer.json().catch(() => null)]
}"""
_RUN_AXE = """async () => {
  const found = await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
  return found.violations.map(v => `${v.id}: ` + v.nodes.map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | '))
}"""


@dataclass
class Noticed:
    """What the pages of one browser did, those that open by themselves too."""

    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    policy: list[str] = field(default_factory=list)

    def assert_clean(self, link: Link) -> None:
        """Nothing broke, nothing was fetched from elsewhere, the content policy held."""
        assert self.errors == [], "\n".join(self.errors)
        assert self.policy == [], "\n".join(self.policy)
        assert self.hosts == {urlsplit(link.url).netloc}, f"hosts: {sorted(self.hosts)}"


@dataclass
class Watched:
    """A page of a browser that is watched."""

    page: Page
    link: Link
    noticed: Noticed

    def find(self, selector: str) -> Locator:
        """What the selector names."""
        return self.page.locator(selector)

    def text(self, words: str) -> Locator:
        """What shows these words."""
        return self.page.get_by_text(words)

    async def go(self, path: str) -> None:
        """Open a place of the console and wait until it has its data."""
        await self.page.goto(f"{self.link.url}/console{path}")
        await self.page.wait_for_selector("html[data-ready]")

    async def choose(self, select: Locator, words: str) -> None:
        """Open a select and take what shows these words: from its own list, since another may just be fading out."""
        await select.click()
        combobox = select.locator("[role=combobox]")
        options = await combobox.get_attribute("aria-controls")
        await self.page.locator(f"[id='{options}'] [role=option]", has_text=words).first.click()

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the hub in the name of whoever is signed in on the page."""
        status, answer = await self.page.evaluate(_CALL, [method, path, body])
        return int(status), answer

    async def mark(self, kind: str) -> None:
        """Wait until the mark in the top bar says so."""
        await self.page.wait_for_selector(f'.live-mark[data-mark="{kind}"]', timeout=20_000)

    async def violations(self) -> list[str]:
        """What axe finds against WCAG 2.0 to 2.2, levels A and AA."""
        await self.page.evaluate(_STILL)  # a dialog that is fading in has no contrast yet
        await self.page.evaluate(AXE_FILE.read_text())
        found: Any = await self.page.evaluate(_RUN_AXE)
        return [str(line) for line in found]

    async def shot(self, name: str) -> None:
        """Keep a picture for people to look at."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENS / f"{name}.png")

    async def fits(self) -> bool:
        """Whether nothing sticks out sideways."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def watch(context: BrowserContext) -> Noticed:
    """Begin to watch a browser: before its first page opens."""
    noticed = Noticed()

    def on_error(error: WebError) -> None:
        noticed.errors.append(error.error.stack or str(error.error))

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            noticed.policy.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:", "about:")):
            noticed.hosts.add(urlsplit(request.url).netloc)

    context.on("weberror", on_error)
    context.on("console", on_console)
    context.on("request", on_request)
    return noticed
