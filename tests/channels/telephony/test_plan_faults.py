"""A hub that is killed while it brings a plan to the PBX: the PBX has the old one or the new one, never half of each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.telephony.ami import Ami
from channels.telephony.plan import Plans
from hub.desk.pbx_files import write_files
from hub.store.client import Database
from tests.channels.telephony.conftest import until
from tests.channels.telephony.hubs import CONFIG, elsewhere, hub_process
from tests.channels.telephony.test_plan_live import account, settings_of
from tests.conftest import SignIn
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

PLAN = "/api/pbx/pbx/plan"


def plan(weight: int, number: str) -> dict[str, object]:
    """A queue and the number that leads to it: they belong together, and stand in two files."""
    return {
        "queues": {f"line-{weight}": {"weight": weight}},
        "numbers": {number: {"open": {"to": "queue", "name": f"line-{weight}"}}},
    }


@pytest.fixture
async def local(pbx: Asterisk) -> AsyncIterator[Path]:
    """Where the PBX reads plans; empty again afterwards."""
    folder = pbx.folder / "etc" / "local"
    yield folder
    for name in Plans().render(plan(1, "4201")):
        (folder / name).unlink(missing_ok=True)
    await Plans().reload(account(pbx))


async def leads(ami: Ami, number: str) -> bool:
    """Whether the PBX knows the number."""
    shown = await ami.listing({"Action": "ShowDialPlan", "Context": "mainstem-plan-numbers"}, "ListDialplan")
    return any(each.get("Extension") == number for each in shown)


async def test_a_hub_killed_as_it_writes_leaves_the_old_plan_whole(
    pbx: Asterisk, ami: Ami, local: Path, signed_in: SignIn, mongo_url: str, db: Database, tmp_path: Path
) -> None:
    """It stands still at the last file, which is a pipe, and is killed there; another applies the new plan as a whole."""
    old, ada = Plans().render(plan(3, "4203")), await signed_in("ada", roles=["admin"])
    write_files(local, old)
    await Plans().reload(account(pbx))
    keeper = f'phones_username = "{PHONES_USER}"\nphones_secret = "{PHONES_SECRET}"\nplan_folder = "{local}"\n'
    first, second = (hub_process(mongo_url, db.name, tmp_path, pbx.ami, name) for name in ("one", "two"))
    first.config = second.config = CONFIG + keeper
    await first.start()
    last = local / list(old)[-1]
    async with elsewhere(first, ada) as here:
        status, _ = await here.call("PUT", PLAN, {"plan": plan(5, "4205")}, If_Match="0")
        assert status == 200
        last.unlink()
        os.mkfifo(last)
        asked = asyncio.ensure_future(here.call("POST", f"{PLAN}/apply", If_Match="1"))
        end = await until(lambda: _opened(last), 60)  # the hub reads it
        await first.kill()
        os.close(end)
        assert isinstance((await asyncio.gather(asked, return_exceptions=True))[0], Exception)
    last.unlink()
    last.write_text(old[last.name], encoding="utf-8")
    assert {name: (local / name).read_text(encoding="utf-8") for name in old} == old
    await Plans().reload(account(pbx))
    assert (await settings_of(ami, "line-3"))["Weight"] == "3"
    assert await leads(ami, "4203")
    assert not await leads(ami, "4205")
    left = local / f".{last.name}.left"  # as a writer leaves it that is killed a moment later
    left.write_text("half", encoding="utf-8")
    os.utime(left, (0, 0))
    await second.start()
    async with elsewhere(second, ada) as there:
        status, done = await there.call("POST", f"{PLAN}/apply", If_Match="1")
        assert (status, done["fault"]) == (200, None)
    await until(lambda: leads(ami, "4205"))
    assert (await settings_of(ami, "line-5"))["Weight"] == "5"
    assert not await leads(ami, "4203")
    assert [each.name for each in local.iterdir() if each.name.startswith(".plan")] == []
    await second.stop()


async def _opened(pipe: Path) -> int:
    """Our end of a pipe, once somebody reads it; 0 before."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return 0
