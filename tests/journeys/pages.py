"""The one way to open a page in a journey: every browser is watched from before its first page."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, BrowserContext

from tests.journeys.link import Link
from tests.journeys.watch import Noticed, Watched, watch

_SHOWN = 2500
"""So much of the text of each page of a failed test is printed, in characters."""


class Pages:
    """The pages of one test, in as many browsers as it has people."""

    def __init__(self, browser: Browser, link: Link) -> None:
        self._browser = browser
        self._link = link
        self._browsers: list[tuple[BrowserContext, Noticed]] = []

    async def fresh(self, path: str, **looks: Any) -> Watched:
        """A page in a browser that nobody has used yet; `looks` as Playwright's `new_context` takes them."""
        context = await self._browser.new_context(**looks)
        noticed = watch(context)
        self._browsers.append((context, noticed))
        return await self._at(path, context, noticed)

    async def beside(self, page: Watched, path: str) -> Watched:
        """One more tab of the browser that has this page."""
        return await self._at(path, page.page.context, page.noticed)

    async def _at(self, path: str, context: BrowserContext, noticed: Noticed) -> Watched:
        page = Watched(await context.new_page(), self._link, noticed)
        await page.page.goto(f"{self._link.url}{path}")
        return page

    async def tell(self) -> None:
        """Print where each page is and what stands on it: of a test that failed, nothing else is left."""
        for context, _ in self._browsers:
            for page in context.pages:
                print(f"--- {page.url}\n{(await page.locator('body').inner_text(timeout=5000))[:_SHOWN]}")

    async def shut(self) -> None:
        """Close all of them."""
        for context, _ in self._browsers:
            await context.close()

    async def close(self) -> None:
        """Close all; then nothing may have broken, come from elsewhere or been against the content policy."""
        await self.shut()
        for _, noticed in self._browsers:
            noticed.assert_clean(self._link)
