"""A formatted mail on screen: its own pictures at once, remote ones when asked for, quotes folded, the source to read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import FrameLocator

from hub.main import Hub
from hub.settings import Settings
from hub.web.picture_fetch import PictureFetcher
from tests.journeys.conftest import OpenConsole
from tests.journeys.mails import deliver_formatted, png
from tests.journeys.watch import Watched

_PUMP = 'img[alt="pump"]:not([data-remote-src])'
"""The picture once its frame was drawn anew with it."""
_LOADED = "image => image.complete && image.naturalWidth > 0"


class Strangers:
    """A stranger's web server; counts who looks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(body=png(60, 30), content_type="image/png")


@pytest.fixture
async def strangers(hub: Hub) -> AsyncIterator[Strangers]:
    """A server that the hub takes for one of the internet."""
    server = Strangers()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]

    async def here(_: str) -> list[str]:
        return ["127.0.0.1"]

    hub.desk.pictures.fetch = PictureFetcher(here, lambda address: address == "127.0.0.1", frozenset({server.port}))
    yield server
    await runner.cleanup()


def _html(port: int) -> str:
    return (
        '<h2 style="color:#15803d">Offer</h2><p>Dear <b>colleagues</b>, <a href="https://shop.example/x">look</a>.</p>'
        f'<p><img src="cid:logo" alt="our logo"><img src="http://pictures.example:{port}/pump.png" alt="pump">'
        f'<img src="http://pictures.example:{port}/pixel.gif?reader=1" width="1" height="1" alt=""></p>'
        "<script>document.title = 'acted'</script>"
        "<blockquote>On Monday you wrote: <p>the pump leaks</p></blockquote>"
    )


async def _open(page: Watched) -> FrameLocator:
    await page.text("Offer for the pump").first.click()
    await page.find("[data-formatted]").click()
    frame = page.page.frame_locator("iframe.mail-frame")
    await frame.locator("h2").wait_for()
    return frame


async def test_remote_pictures_come_when_asked_for_and_then_through_the_hub(
    settings: Settings, console: OpenConsole, strangers: Strangers
) -> None:
    """Nothing is fetched by itself; the page asserts at its end that it spoke to nobody but the hub."""
    await deliver_formatted(settings, 1, _html(strangers.port))
    page = await console("agent")
    frame = await _open(page)
    logo = frame.locator('img[alt="our logo"]')
    await logo.wait_for()
    assert await logo.evaluate(_LOADED)
    assert await frame.locator("h2").evaluate("one => getComputedStyle(one).color") == "rgb(21, 128, 61)"
    assert await page.find(".mail-frame__note").inner_text() != ""
    assert strangers.asked == []
    await page.find('[data-pictures="once"]').click()
    await frame.locator(_PUMP).evaluate("image => image.decode()")
    assert sorted(strangers.asked) == ["/pixel.gif", "/pump.png"]
    assert await page.page.title() != "acted"

    await page.page.reload()
    frame = page.page.frame_locator("iframe.mail-frame")
    await page.find("[data-formatted]").click()
    await frame.locator("h2").wait_for()
    await page.find('[data-pictures="always"]').click()
    await frame.locator(_PUMP).evaluate("image => image.decode()")
    await page.page.reload()
    await page.find("[data-formatted]").click()
    await frame.locator(_PUMP).evaluate("image => image.decode()")
    assert len(strangers.asked) == 2, "the second look was answered by what the hub kept"
    await page.find('[data-pictures="stop"]').click()
    await frame.locator("img[data-remote-src]").first.wait_for(state="attached")


async def test_a_quote_is_folded_and_the_frame_fits_what_is_in_it(settings: Settings, console: OpenConsole) -> None:
    await deliver_formatted(settings, 1, _html(1) + "<p>line</p>" * 40)
    page = await console("agent")
    frame = await _open(page)
    quote = frame.get_by_text("the pump leaks")
    assert not await quote.is_visible()
    high = "one => one.offsetHeight - one.contentDocument.documentElement.offsetHeight"
    async with asyncio.timeout(10):
        while not 0 <= await page.find("iframe.mail-frame").evaluate(high) <= 8:
            await asyncio.sleep(0.05)
    await frame.locator("summary").click()
    await quote.wait_for()


async def test_the_source_is_read_as_text_and_kept_as_a_file(settings: Settings, console: OpenConsole) -> None:
    await deliver_formatted(settings, 1, _html(1))
    page = await console("agent")
    await page.text("Offer for the pump").first.click()
    await page.find("[data-acts]").click()
    await page.find('[data-act="source"]').click()
    dialog = page.page.get_by_role("dialog")
    await dialog.get_by_text(re.compile("Message-ID: <1@nordwind.example>")).wait_for()
    assert await page.violations() == []
    async with page.page.expect_download() as coming:
        await dialog.locator("[data-download]").click()
    kept = await (await coming.value).path()
    assert b"Message-ID: <1@nordwind.example>" in kept.read_bytes()
