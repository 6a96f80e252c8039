"""A cut connection: nothing missing, nothing doubled, and the screen says how far it can be believed."""

from __future__ import annotations

from hub.main import Hub
from hub.settings import Settings
from tests.journeys.conftest import OpenConsole
from tests.journeys.link import Link
from tests.journeys.mails import deliver


async def test_fifty_messages_behind_a_cut_link_are_all_there_once(
    hub: Hub, settings: Settings, console: OpenConsole, link: Link
) -> None:
    """The conversation and the list after the cut equal what the hub has, without a reload."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").first.wait_for()
    await page.mark("live")
    await page.page.evaluate("window.sameVisit = true")

    await link.cut()
    await page.mark("offline")
    for number in range(2, 52):
        await deliver(settings, number, answers=1)
    await deliver(settings, 99, subject="Another customer", sender="Bo <bo@ostwind.example>")
    await link.mend()
    await page.mark("live")
    await page.find('[data-message]:has-text("message number 51")').wait_for()

    shown = await page.find("[data-message]").evaluate_all("all => all.map(one => one.dataset.message)")
    here = page.page.url.rsplit("/", 1)[1]
    stored = [doc["_id"] async for doc in hub.db["messages"].find({"conversation": here}).sort("seq", 1)]
    assert shown == stored
    assert len(shown) == 51
    # The pointer still rests on the list, so that rows keep their places; a pill offers the news.
    await page.find(".conversation-list__pill").wait_for()
    assert await page.text("Another customer").count() == 0
    await page.page.mouse.move(900, 300)
    await page.text("Another customer").first.wait_for()
    rows = await page.find("[data-conversation]").evaluate_all("all => all.map(one => one.dataset.conversation)")
    assert len(rows) == len(set(rows)) == 2
    assert await page.page.evaluate("window.sameVisit") is True


async def test_what_is_written_behind_a_cut_link_says_so_and_goes_out_once(
    hub: Hub, settings: Settings, console: OpenConsole, link: Link
) -> None:
    """The message stays with its reason and a way to repeat; repeated, it is one message."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find(".composer textarea").wait_for()
    await page.mark("live")
    await link.cut()
    await page.mark("offline")
    await page.find(".composer textarea").fill("On my way.")
    await page.find("[data-send]").click()
    await page.find(".outgoing-bubble__problem").wait_for()
    await link.mend()
    await page.mark("live")
    await page.find(".outgoing-bubble").get_by_text("Try again").click()
    await page.find(".message-bubble--outbound[data-message]").get_by_text("On my way.").wait_for()
    await page.find(".outgoing-bubble").wait_for(state="detached")  # with the answer, a moment after the event
    assert await hub.db["messages"].count_documents({"direction": "outbound"}) == 1


async def test_what_is_opened_behind_a_cut_link_comes_by_itself_when_it_is_mended(
    settings: Settings, console: OpenConsole, link: Link
) -> None:
    """Nobody has to press "try again": the conversation and its messages are read as soon as the hub can be reached."""
    await deliver(settings, 1)
    await deliver(settings, 99, subject="Another customer", sender="Bo <bo@ostwind.example>")
    page = await console("agent")
    await page.text("Another customer").first.click()
    await page.find(".composer textarea").wait_for()
    await page.mark("live")
    await link.cut()
    await page.mark("offline")
    await page.text("Pump leaks again").first.click()
    await page.find(".state-note--error").first.wait_for()
    await link.mend()
    await page.find("[data-message]").first.wait_for()
    await page.find(".composer textarea").wait_for()
    assert await page.find(".state-note--error").count() == 0


async def test_a_console_that_missed_too_much_reads_everything_again(
    hub: Hub, settings: Settings, console: OpenConsole, link: Link
) -> None:
    """Where the hub cannot replay, the console reloads its data by itself and is right again."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").first.wait_for()
    await page.mark("live")
    await link.cut()
    await page.mark("offline")
    await deliver(settings, 2, answers=1)
    await hub.db["events"].delete_many({})
    await deliver(settings, 3, answers=1)
    await link.mend()
    await page.mark("live")
    await page.find('[data-message]:has-text("message number 3")').wait_for()
    assert await page.find("[data-message]").count() == 3


async def test_a_page_that_the_cut_broke_off_comes_by_itself_when_the_link_is_mended(
    settings: Settings, console: OpenConsole, link: Link
) -> None:
    """The program comes in parts: one that is asked for behind a cut link is asked for again, and its page opens."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.mark("live")
    await link.cut()
    await page.mark("offline")
    await page.find('.app-shell__nav a[href="/console/templates"]').click()
    async with page.page.expect_event("requestfailed", lambda request: "/assets/" in request.url):
        await page.find('.app-shell__nav a[href="/console/callers"]').click()
    await link.mend()
    await page.mark("live")
    await page.page.wait_for_url("**/console/callers")
    await page.find("html[data-ready]").wait_for(state="attached")
    await page.find(".app-shell__page h1").first.wait_for()
