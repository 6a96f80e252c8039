"""The proxy of the deployment before two hubs: a hub is killed and started again, and those who work notice nothing.

The configuration is deploy/nginx.conf as it is shipped, but for the names of the hubs and the port, which have no meaning
on one machine.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from hub.store.client import Client, Database
from tests.faults.console_view import Api, ConsoleProgram
from tests.faults.house import CONFIG, HubProcess, deliver, make_mails
from tests.faults.test_consoles import make_people, place, running, settle, until
from tests.lab.ports import free_port

__all__ = ["place"]

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx on PATH; Debian: apt install nginx-light"),
]

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"
MAILS = 300
BELIEVED_AGAIN_S = 2.5
"""A hub that failed gets requests again after `fail_timeout`; until then the other must stand."""


def configuration(hubs: list[HubProcess], port: int, folder: Path) -> str:
    """The shipped configuration for hubs of this machine."""
    text = SHIPPED.read_text(encoding="utf-8")
    text, listens = re.subn(r"listen 80;", f"listen 127.0.0.1:{port};", text)
    text, resolvers = re.subn(r"resolver [^;]+;", "", text)
    for number, hub in enumerate(hubs, 1):
        # `resolve` asks Docker's name server again and again; an older nginx does not know the word
        text, servers = re.subn(rf"server hub{number}:8800 resolve", f"server 127.0.0.1:{hub.port}", text)
        assert servers == 1
    assert (listens, resolvers) == (1, 1)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    head = f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n"
    return head + text.replace("http {", f"http {{\n{places}", 1)


@dataclass
class House:
    """Two hubs behind the proxy."""

    url: str
    hubs: list[HubProcess]
    door: int


@pytest.fixture
async def house(mongo_url: str, place: tuple[str, Database], tmp_path: Path) -> AsyncIterator[House]:
    door, port = free_port(), free_port()
    trusting = 'trusted_proxies = ["127.0.0.1/32"]\n' + CONFIG
    hubs = [HubProcess(mongo_url, place[0], tmp_path, door, config=trusting) for _ in range(2)]
    await asyncio.gather(*(hub.start() for hub in hubs))
    written = tmp_path / "nginx.conf"
    written.write_text(configuration(hubs, port, tmp_path))
    nginx = await asyncio.create_subprocess_exec(
        *("nginx", "-c", str(written), "-p", str(tmp_path)), stderr=asyncio.subprocess.DEVNULL
    )
    yield House(f"http://127.0.0.1:{port}", hubs, door)
    nginx.terminate()
    await nginx.wait()
    for hub in hubs:
        await hub.kill()


async def test_who_works_through_the_proxy_does_not_notice_that_a_hub_is_killed(
    house: House, mongo_url: str, client: Client, place: tuple[str, Database], tmp_path: Path
) -> None:
    name, db = place
    people = await make_people(mongo_url, name, tmp_path)
    asked, refused = 0, []

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        consoles = [ConsoleProgram(p.login, Api(http, p.token, [house.url]), http) for p in people]

        async def ask(token: str) -> None:
            """Somebody whose pages load all the time."""
            nonlocal asked
            while True:
                headers = {"Authorization": f"Bearer {token}"}
                async with http.get(f"{house.url}/api/conversations", headers=headers) as answer:
                    asked += 1
                    if answer.status != 200:
                        refused.append((answer.status, await answer.text()))
                await asyncio.sleep(0.02)

        async def stored(count: int) -> bool:
            return await db["messages"].count_documents({}) >= count

        async with running(*(console.run() for console in consoles), ask(people[0].token)):
            sending = asyncio.ensure_future(deliver(make_mails(MAILS, 9), house.door, at_once=4, within_s=90))
            for hub, share in zip(house.hubs, (MAILS // 4, MAILS // 2), strict=True):
                await until(lambda share=share: stored(share), 60)
                await hub.kill()
                await asyncio.sleep(1)
                await hub.start()
                await asyncio.sleep(BELIEVED_AGAIN_S)
            await sending
            await settle(consoles, db)
    assert await db["messages"].count_documents({}) == MAILS
    assert asked > 50
    assert not refused, refused[:3]
    for console in consoles:
        assert not console.faults


async def test_the_proxy_tells_the_hub_who_asks_and_keeps_figures_inside(house: House, db: Database) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{house.url}/metrics") as answer:
            assert answer.status == 404
        async with http.get(f"{house.url}/healthz", headers={"X-Forwarded-For": "203.0.113.9"}) as answer:
            assert answer.status == 200
