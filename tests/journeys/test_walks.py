"""Every page that the console's router knows: walked by keyboard alone, in both languages, on a desk and on a phone."""

from __future__ import annotations

import pytest

from crm_core.access.actor import system
from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.main import Hub
from hub.settings import Settings
from hub.store.jobs import new_job
from tests.hub.test_recordings_http import Shelf, shelf
from tests.journeys.conftest import OpenConsole
from tests.journeys.keyboard import closes, opens, tab_to
from tests.journeys.mails import deliver
from tests.journeys.walks import MENUS, WALKS, Walk
from tests.journeys.watch import Watched

__all__ = ["shelf"]
ROLES = ("admin", "SU")
_PAGES = """() => {
  const routes = document.querySelector('#app').__vue_app__.config.globalProperties.$router.getRoutes()
  const away = new Set(routes.filter((route) => route.redirect).map((route) => route.path))
  return routes.map((route) => route.path).filter((path) => !away.has(path))
}"""
Things = dict[str, str]


async def furnish(hub: Hub, settings: Settings, shelf: Shelf, page: Watched) -> Things:
    """A house with one of each thing; the ids that stand in addresses."""
    await deliver(settings, 1, text="The pump leaks again.")
    await shelf.put("c.1", seconds=2)
    boss = await hub.db["record_user"].find_one({"login": "boss"})
    role = await hub.db["record_role"].find_one({"code": "SM"})
    talk = await hub.db["conversations"].find_one({"subject": "Pump leaks again"})
    assert boss is not None
    assert role is not None
    assert talk is not None
    things = {"user": boss["_id"], "role": role["_id"], "conversation": talk["_id"], "account": "sales-mail-0"}
    for name, key, fields in (
        ("contact", "contact", {"name": "Ada Brandt"}),
        ("template", "message_template", {"name": "Thanks", "channel": "email", "language": "en", "subject": "Hello", "text_body": "Thank you."}),
    ):  # fmt: skip
        things[name] = (await hub.records.create(system(), key, {"owner": boss["_id"], **fields}))["id"]
    for name, path, body in (
        ("mailing", "/api/mailings", {"name": "Spring", "subject": "News", "text": "Hello", "addresses": ["a@example.com"]}),
        ("canned", "/api/canned", {"shortcut": "hi", "title": "Hello", "text": "Hello!", "shared_with": "everyone"}),
        ("callback", "/api/callbacks", {"number": "+8613900139000", "at": "2090-01-01T09:00:00Z", "queue": "support"}),
        ("list", "/api/call-lists", {"name": "Spring", "queue": "support", "numbers": ["+8613900139000"]}),
        ("pbx", "/api/accounts", {"id": "pbx", "channel": "telephony", "queue": "support", "enabled": False,
                                  "config": {"host": "127.0.0.1", "port": 1, "username": "m", "secret": "s"}}),
        ("setup", "/api/accounts", {"id": "sales-mail-0", "channel": "email", "queue": "support", "enabled": False,
                                    "config": {"addresses": ["sales@demo.local"], "smtp_host": "127.0.0.1", "smtp_port": 1, "tls": "none"}}),
    ):  # fmt: skip
        status, made = await page.call("POST", path, body)
        assert status == 201, (path, made)
        things[name] = str(made.get("id"))
    await hub.db["jobs"].insert_one(
        new_job(new_id(), "export.write", {}, user=None) | {"state": "failed", "error": "disk full", "ended_at": now()}
    )
    return things


async def test_each_page_of_the_router_has_its_walk(console: OpenConsole) -> None:
    """A page that is added to the console and not here is found by this."""
    page = await console()
    assert sorted(await page.page.evaluate(_PAGES)) == sorted(WALKS)


@pytest.mark.parametrize(("route", "one"), [*WALKS.items(), *MENUS])
async def test_a_page_is_walked_by_keyboard(
    hub: Hub, settings: Settings, shelf: Shelf, console: OpenConsole, route: str, one: Walk
) -> None:
    """Its main act is done without a mouse; axe finds nothing, nothing sticks out; Escape gives the keyboard back."""
    things: Things = {}
    for login, language, width in (("boss", "en", 1440), ("li", "zh-CN", 390)):
        page = await console(login, roles=ROLES, language=language, width=width)
        things = things or await furnish(hub, settings, shelf, page)
        await walk(page, one, route, things | {"login": login}, f"{language}-{width}")


async def walk(page: Watched, one: Walk, route: str, things: Things, kind: str) -> None:
    """The page at rest, then its main act, then what it brought."""
    place = (one.at or route.replace(":conversation", "{conversation}")).format_map(things)
    name = f"walk-{route.strip('/').replace('/', '-').replace(':', '') or 'home'}-{kind}"
    if one.signed_out:
        await page.page.context.clear_cookies()
    await page.go(place)
    await page.find(one.waits or one.act).first.wait_for()
    await is_sound(page, name)
    for box, words in one.types.items():
        await tab_to(page, box)
        await page.page.keyboard.type(words.format_map(things))
    await tab_to(page, one.act)
    if one.dialog:
        await opens(page, one.dialog, one.keys)
        await is_sound(page, f"{name}-act")
        await closes(page, one.act, one.dialog)
    else:
        await page.page.keyboard.press("Enter")
        await page.find(one.shows).first.wait_for()
        await is_sound(page, f"{name}-act")


async def is_sound(page: Watched, name: str) -> None:
    """Nothing against the rules, nothing sticking out; a picture is kept."""
    while await page.find(".el-message").count():  # a word in passing has no contrast while it fades away
        await page.find(".el-message").first.wait_for(state="detached")
    assert await page.violations() == []
    await page.shot(name)
    assert await page.fits()
