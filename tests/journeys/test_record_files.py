"""Files on the form of a record: the photo in the file of a contact (S2.3.2-01), the papers of a customer (S2.3.1-28)."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
from playwright.async_api import FilePayload, Locator, Route, expect

from hub.main import Hub
from hub.settings import Settings
from tests.journeys.conftest import OpenConsole
from tests.journeys.test_records import field, save
from tests.journeys.watch import Watched

_HAND_OVER = """(zone, [kind, name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
  const carried = new DataTransfer()
  carried.items.add(new File([bytes], name, {type}))
  const how = {bubbles: true, cancelable: true}
  if (kind === 'paste') return void zone.dispatchEvent(new ClipboardEvent('paste', {...how, clipboardData: carried}))
  for (const each of ['dragenter', 'dragover', 'drop']) zone.dispatchEvent(new DragEvent(each, {...how, dataTransfer: carried}))
}"""


LIMIT = 100_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A file may have a hundred thousand bytes."""
    return settings.model_copy(update={"limits": settings.limits.model_copy(update={"file_bytes": LIMIT})})


def picture(red: int, green: int, blue: int) -> bytes:
    """A PNG of one colour, 8 x 8."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\x00" + bytes((red, green, blue)) * 8) * 8)
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def choose(page: Watched, name: str, file: str, content: bytes, kind: str = "image/png") -> None:
    """Press the field's button, with the keyboard, and choose a file."""
    button = field(page, name).locator(".files-field__choose button")
    async with page.page.expect_file_chooser() as choosing:
        await button.press("Enter")
    await (await choosing.value).set_files([FilePayload(name=file, mimeType=kind, buffer=content)])
    await card(page, name, file).wait_for()


async def hand_over(page: Watched, how: str, name: str, file: str, content: bytes, kind: str = "text/plain") -> None:
    """Drop or paste a file onto the field."""
    sent = [how, file, kind, base64.b64encode(content).decode()]
    await field(page, name).locator(".files-field").evaluate(_HAND_OVER, sent)
    await card(page, name, file).wait_for()


def card(page: Watched, name: str, file: str) -> Locator:
    """A file as the field shows it."""
    return field(page, name).locator("[data-file]", has_text=file)


async def drawn(shown: Locator) -> bool:
    """Whether the picture was fetched and is one."""
    return bool(await shown.locator("img").evaluate("img => img.decode().then(() => img.naturalWidth === 8)"))


async def test_a_photo_is_put_on_shown_and_replaced_and_a_colleague_adds_a_paper(
    hub: Hub, console: OpenConsole
) -> None:
    """The photo is chosen by keyboard and drawn; the colleague sees it, replaces it, drops and pastes papers; the first
    sees all of it come without a reload, saves one, takes one away; the change log tells names and no ids."""
    page = await console("agent", roles=("SA", "SU"))
    await page.go("/records/contact/new")
    await field(page, "name").locator("input").fill("李娜")
    await choose(page, "photo", "li-na.png", picture(200, 30, 30))
    assert await drawn(card(page, "photo", "li-na.png"))
    await save(page)
    await page.find(".history-list li").first.wait_for()
    assert await drawn(card(page, "photo", "li-na.png"))
    place = page.page.url.split("/console")[1]

    other = await console("carol", roles=("SA", "SU"))
    await other.go(place)
    assert await drawn(card(other, "photo", "li-na.png"))
    await choose(other, "photo", "newer.png", picture(30, 30, 200))
    await card(other, "photo", "li-na.png").wait_for(state="detached")
    await hand_over(other, "drop", "attachments", "合同.txt", b"contract")
    await hand_over(other, "paste", "attachments", "note.txt", b"a note")
    await save(other)

    await card(page, "attachments", "合同.txt").wait_for()
    assert await drawn(card(page, "photo", "newer.png"))
    async with page.page.expect_download() as saving:
        await card(page, "attachments", "合同.txt").get_by_role("link").click()
    assert (await saving.value).suggested_filename == "合同.txt"
    assert (await (await saving.value).path()).read_bytes() == b"contract"
    await field(page, "attachments").get_by_role("button", name="Remove note.txt").press("Enter")
    await expect(field(page, "attachments").get_by_role("status")).to_have_text("note.txt was removed")
    await expect(field(page, "attachments").get_by_role("button", name="Add files")).to_be_focused()
    await save(page)

    log = page.find(".history-list")
    await log.locator("del", has_text="合同.txt, note.txt").wait_for()
    await log.locator("del", has_text="li-na.png").wait_for()
    words = await log.inner_text()
    entries = await hub.db["file_entries"].find({}).to_list()
    assert len(entries) == 4
    assert not [entry["_id"] for entry in entries if entry["_id"] in words]
    assert await page.violations() == []


async def test_two_who_add_papers_at_once_both_keep_theirs(hub: Hub, console: OpenConsole) -> None:
    """S2.3.1-28: the second is told, reads what is newer, and saves on top of it: nothing is lost."""
    page, other = await console("agent", roles=("SA", "SU")), await console("carol", roles=("SA", "SU"))
    status, made = await page.call("POST", "/api/records/contact", {"name": "Ada Brandt"})
    assert status == 201
    await page.go(f"/records/contact/{made['id']}")
    await other.go(f"/records/contact/{made['id']}")
    await hand_over(page, "drop", "attachments", "mine.txt", b"mine")
    await hand_over(other, "drop", "attachments", "theirs.txt", b"theirs")
    await save(page)
    await other.find(".record-page__newer button").click()
    await card(other, "attachments", "mine.txt").wait_for()
    await card(other, "attachments", "theirs.txt").wait_for()
    await save(other)
    stored = await hub.db["record_contact"].find_one({"_id": made["id"]})
    assert stored is not None
    entries = await hub.db["file_entries"].find({"_id": {"$in": stored["attachments"]}}).to_list()
    assert {entry["name"] for entry in entries} == {"mine.txt", "theirs.txt"}


async def test_an_upload_shows_how_far_it_is_and_can_be_stopped(console: OpenConsole) -> None:
    """While it is under way nothing can be saved; stopped, it leaves nothing behind; what the hub refuses is said."""
    page = await console("agent", roles=("SA", "SU"))
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.page.route("**/api/files", hold)
    await page.go("/records/contact/new")
    await field(page, "name").locator("input").fill("Ada")
    async with page.page.expect_file_chooser() as choosing:
        await field(page, "attachments").get_by_role("button", name="Add files").click()
    slow = FilePayload(name="slow.bin", mimeType="application/zip", buffer=b"x" * 1000)
    large = FilePayload(name="large.bin", mimeType="application/zip", buffer=b"x" * (LIMIT + 1))
    await (await choosing.value).set_files([slow, large])
    await expect(field(page, "attachments").get_by_role("progressbar")).to_have_count(2)
    await expect(page.page.get_by_role("button", name="Save")).to_be_disabled()
    assert await page.violations() == []
    await page.shot("record-files-going")
    await field(page, "attachments").get_by_role("button", name="Cancel: slow.bin").click()
    await expect(field(page, "attachments").get_by_role("progressbar")).to_have_count(1)
    for route in held:
        await route.continue_()
    await page.find(".el-message--error").get_by_text("large.bin").wait_for()
    await expect(field(page, "attachments").get_by_role("progressbar")).to_have_count(0)
    await expect(field(page, "attachments").locator("[data-file]")).to_have_count(0)
    await save(page)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_form_with_files_is_accessible_and_fits(console: OpenConsole, language: str, width: int) -> None:
    """For who may write it, and for who may only look: then there is nothing to press but the files themselves."""
    page = await console("agent", roles=("SA", "SU"), language=language, width=width)
    await page.go("/records/contact/new")
    await field(page, "name").locator("input").fill("李娜")
    await choose(page, "photo", "li-na.png", picture(200, 30, 30))
    await hand_over(
        page, "drop", "attachments", "一份名字很长的合同文件-最终版-2026-11-27-签字盖章扫描件.pdf", b"%PDF-1.7"
    )
    await hand_over(page, "drop", "attachments", "plan.png", picture(20, 160, 60), "image/png")
    await page.page.locator("form button[type=submit]").click()
    await page.find(".history-list li").first.wait_for()
    await page.page.wait_for_selector(".el-message", state="detached")
    for name in ("photo", "attachments"):
        await field(page, name).scroll_into_view_if_needed()
        await page.shot(f"record-files-{name}-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []
    place = page.page.url.split("/console")[1]

    reader = await console("reader", roles=("FI",), language=language, width=width)
    await reader.go(place)
    assert await drawn(card(reader, "photo", "li-na.png"))
    await expect(field(reader, "attachments").locator("[data-file]")).to_have_count(2)
    await expect(reader.find(".files-field button")).to_have_count(0)
    await field(reader, "attachments").scroll_into_view_if_needed()
    await reader.shot(f"record-files-read-{language}-{width}")
    assert await reader.fits()
    assert await reader.violations() == []
