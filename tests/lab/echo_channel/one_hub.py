"""A hub in a process of its own, to be killed: `python -m tests.lab.echo_channel.one_hub MONGO_URL DATABASE PORT`."""

from __future__ import annotations

import asyncio
import sys

from hub.store.client import connect, database
from tests.lab.echo_channel.house import House


async def run(url: str, name: str, port: int) -> None:
    """Receive and send for the account `echo` until killed."""
    client = connect(url)
    account = {"channel": "echo", "port": port, "secret": "hush"}
    await House(client, database(client, name), "victim", {"echo": account}).start(receive=True, send=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
