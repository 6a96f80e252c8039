"""The console as an app: it opens without a network, and a newer one waits until it is asked for."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hub.settings import Settings
from tests.journeys.conftest import BUILT, OpenConsole


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A console of its own, which the test can renew as a new release does."""
    folder = tmp_path / "console"
    shutil.copytree(settings.console or BUILT.parent, folder)
    return settings.model_copy(update={"console": folder})


async def test_the_console_opens_offline_and_renews_itself_only_when_asked(
    settings: Settings, console: OpenConsole
) -> None:
    """The shell comes from the browser's own store; a new release shows a note and reloads nothing by itself."""
    page = await console("agent", workers="allow")
    await page.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await page.page.reload()
    await page.page.wait_for_selector("html[data-ready]")
    await page.page.context.set_offline(True)
    await page.page.reload()
    await page.find("#app *").first.wait_for()
    await page.page.context.set_offline(False)
    await page.page.reload()
    await page.page.wait_for_selector("html[data-ready]")

    assert settings.console is not None
    worker = settings.console / "sw.js"
    worker.write_text(re.sub(r"$", "\n// a newer release\n", worker.read_text(), count=1) + "// newer\n")
    await page.page.evaluate("window.stays = true")
    await page.page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => null)")
    await page.find("[data-update]").wait_for()
    assert await page.page.evaluate("window.stays") is True
    assert await page.violations() == []
    async with page.page.expect_navigation():
        await page.find("[data-update]").click()
    await page.page.wait_for_selector("html[data-ready]")
    assert await page.page.evaluate("window.stays") is None
