"""Browser push, from the notice to the click: only the wire between browser and push service is the test's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Worker, expect

from hub.main import Hub
from hub.settings import PushSettings, Settings
from tests.conftest import SignIn
from tests.hub.test_notices import until
from tests.journeys.conftest import OpenConsole
from tests.journeys.watch import Watched
from tests.lab.push_service import Browser, PushService

SUBSCRIBES = """(() => {
  const given = %s
  PushManager.prototype.getSubscription = async () => null
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly || options.applicationServerKey !== given.key) throw new DOMException('no', 'AbortError')
    return { expirationTime: null, options: { applicationServerKey: null }, unsubscribe: async () => true, toJSON: () => given.body }
  }
})()"""
SHOWN = "self.registration.getNotifications().then(all => all.map(n => [n.title, n.body, n.lang, n.data.path]))"
CLICK = """self.registration.getNotifications().then(([notification]) =>
  self.dispatchEvent(new NotificationEvent('notificationclick', { notification })) && null)"""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[PushService]:
    """A push service on this machine."""
    async with PushService(tmp_path) as service:
        yield service


@pytest.fixture
def settings(settings: Settings, service: PushService) -> Settings:
    """A house that uses that push service."""
    push = PushSettings(hosts=("127.0.0.1",), contact="mailto:it@demo.local", inside=True, ca=service.ca)
    return settings.model_copy(update={"push": push})


async def allowed(hub: Hub) -> None:
    """The house lets push services be used."""
    await hub.db["parameters"].update_one({"_id": "browser-push"}, {"$set": {"value": True}}, upsert=True)


async def subscribes_at(service: PushService, page: Watched) -> Browser:
    """From now on this browser gets its subscriptions there: Chromium itself has no way to its maker's."""
    _, shown = await page.call("GET", "/api/me/push")
    browser = service.subscribe(shown["public_key"])
    given = {"key": browser.sender, "body": browser.as_body() | {"expirationTime": None}}
    await page.page.context.grant_permissions(["notifications"], origin=page.link.url)
    await page.page.context.add_init_script(SUBSCRIBES % json.dumps(given))
    await page.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    return browser


async def deliver(page: Page, origin: str, content: dict[str, Any]) -> None:
    """What the browser does when its push service brings a message."""
    wire = await page.context.new_cdp_session(page)
    known: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_registrations(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if each["scopeURL"].startswith(origin) and not known.done():
                known.set_result(each["registrationId"])

    wire.on("ServiceWorker.workerRegistrationUpdated", on_registrations)
    await wire.send("ServiceWorker.enable")
    async with asyncio.timeout(20):
        registration = await known
    message = {"origin": origin, "registrationId": registration, "data": json.dumps(content)}
    await wire.send("ServiceWorker.deliverPushMessage", message)
    await wire.detach()


async def brought(page: Page, origin: str, content: dict[str, Any], worker: Worker) -> None:
    """The push service brings it again as long as the worker was not up to take it; then something is on the screen."""
    for within_s in (20, 20, 40):
        await deliver(page, origin, content)
        with suppress(TimeoutError):
            await until(lambda: shown(worker), within_s)
            return
    raise AssertionError("brought three times and not shown")


async def shown(worker: Worker) -> list[list[str]]:
    """The notifications on the screen."""
    found: list[list[str]] = await worker.evaluate(SHOWN)
    return found


@pytest.mark.parametrize(
    ("language", "says", "reaches"),
    [
        ("en", "Something for you", "also come while the console is closed"),
        ("zh-CN", "有新消息", "控制台关闭后也能收到通知"),
    ],
)
async def test_a_notice_reaches_a_browser_whose_console_is_closed_and_a_click_leads_to_it(
    hub: Hub, service: PushService, console: OpenConsole, signed_in: SignIn, language: str, says: str, reaches: str
) -> None:
    """S2.1.2-03: chosen, told while no console is open, shown in the person's language, opened in the running console."""
    await allowed(hub)
    page = await console("agent", roles=("SA",), workers="allow", language=language)
    browser = await subscribes_at(service, page)
    await page.go("/notices?tab=choices")
    await page.find("input[name=assistant-push]").check()
    await expect(page.find("[data-reach]")).to_contain_text(reaches)
    assert await page.violations() == []
    await page.page.goto("about:blank")

    sue, agent = await signed_in("sue", roles=["SU"]), await signed_in("agent")
    message = {"users": [agent.user], "subject": "Lunch", "text": "At twelve?"}
    assert (await sue.call("POST", "/api/internal-messages", message))[0] == 201
    await until(lambda: _got(browser), 40)
    content = browser.got[0][0]
    assert "At twelve?" not in json.dumps(content)
    [worker] = page.page.context.service_workers
    await brought(page.page, page.link.url + "/", content, worker)
    assert await shown(worker) == [[says, "Lunch", language, "/console/notices"]]

    await page.go("/inbox")
    await page.mark("live")
    await page.find(".assistant__button").wait_for()
    await page.page.evaluate("window.stays = true")
    await worker.evaluate(CLICK)
    await page.page.wait_for_url("**/console/notices")
    await page.find(".notice-list__row").filter(has_text="Lunch").wait_for()
    assert await page.page.evaluate("window.stays") is True
    assert await shown(worker) == []


async def _got(browser: Browser) -> bool:
    return len(browser.got) > 0


async def test_who_has_the_console_before_them_is_not_woken_and_who_takes_the_choice_back_is_forgotten(
    hub: Hub, service: PushService, console: OpenConsole, signed_in: SignIn
) -> None:
    """A visible tab is enough; a hidden one is not."""
    await allowed(hub)
    page = await console("agent", roles=("SA",), workers="allow")
    browser = await subscribes_at(service, page)
    await page.go("/notices?tab=choices")
    await page.find("input[name=assistant-push]").check()
    await page.find("[data-reach]").get_by_text("also come").wait_for()
    sue, agent = await signed_in("sue", roles=["SU"]), await signed_in("agent")
    await page.mark("live")
    await until(lambda: hub.db["looking"].find_one({"user": agent.user}), 40)
    await sue.call("POST", "/api/internal-messages", {"users": [agent.user], "text": "Look"})
    dropped = await until(lambda: hub.db["pushes"].find_one({"state": "dropped"}), 40)
    assert dropped["why"] == "looking"
    await page.page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true }) && document.dispatchEvent(new Event('visibilitychange'))"
    )
    await until(lambda: _nobody_looks(hub), 40)
    await sue.call("POST", "/api/internal-messages", {"users": [agent.user], "text": "Look again"})
    await until(lambda: _got(browser), 40)
    await page.find("input[name=assistant-push]").uncheck()
    await expect(page.find("[data-reach]")).to_have_count(0)
    await until(lambda: _no_browser(hub), 40)


async def _nobody_looks(hub: Hub) -> bool:
    return await hub.db["looking"].count_documents({}) == 0


async def _no_browser(hub: Hub) -> bool:
    return await hub.db["push_subscriptions"].count_documents({}) == 0


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("en", 390), ("zh-CN", 1440), ("zh-CN", 390)])
async def test_a_refusal_is_said_and_the_choice_stays_off(console: OpenConsole, language: str, width: int) -> None:
    """The browser asks when somebody chooses, not before; here it refuses."""
    page = await console("agent", roles=("SA",), language=language, width=width)
    await page.go("/notices?tab=choices")
    box = page.find("input[name=assistant-push]")
    await expect(box).not_to_be_checked()
    await expect(page.find("[data-reach]")).to_have_count(0)
    await box.click()
    said = "refuses notifications" if language == "en" else "此浏览器拒绝通知"
    await expect(page.find("[data-reach]")).to_contain_text(said)
    await expect(box).not_to_be_checked()
    await page.shot(f"push-refused-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []


async def test_where_the_house_has_no_push_the_open_console_notifies(console: OpenConsole) -> None:
    """It is said how far notifications reach."""
    page = await console("agent", roles=("SA",), workers="allow")
    await page.page.context.grant_permissions(["notifications"], origin=page.link.url)
    await page.go("/notices?tab=choices")
    await page.find("input[name=assistant-push]").check()
    await expect(page.find("[data-reach]")).to_contain_text("while the console is open")
