"""A private MongoDB: a `mongod` on PATH, else the one inside the PyPI wheel, as a one-node replica set under the data
folder. One per data folder; a second process that finds it running uses it, and the last of them stops it."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import stat
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from hub.errors import SetupError
from hub.store.embedded_users import Users, holder

log = logging.getLogger(__name__)

_READY_S = 30.0
_STOP_S = 20.0


def find_mongod() -> Path:
    """Where a `mongod` is.

    Raises:
        SetupError: this platform has none; says what to do.
    """
    if found := shutil.which("mongod"):
        return Path(found)
    spec = find_spec("fiftyone")
    for place in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(place) / "db" / "bin" / "mongod"
        if binary.exists():
            binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            return binary
    raise SetupError(
        f"no MongoDB here ({sys.platform}): install one so that `mongod` is on PATH "
        "(Debian: the mongodb-org package; macOS: brew install mongodb-community), "
        "or point MAINSTEM_MONGO_URL at a replica set"
    )


class EmbeddedMongo:
    """One mongod process over one folder."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self._folder = folder / "mongo"
        self._port_file = self._folder / "mainstem.port"
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._users = Users(self._folder / "mainstem.users")
        self._launched = asyncio.Event()
        self._launched.set()

    @property
    def url(self) -> str:
        """What to connect to, once started."""
        return f"mongodb://127.0.0.1:{self._port}/?replicaSet=rs0"

    @property
    def pid(self) -> int | None:
        """The server's process, when it is ours."""
        return self._process.pid if self._process else None

    async def start(self) -> str:
        """Start (or find) the server, and return its address when it takes writes.

        A server left over from a killed hub is used again: its data and its port file are still right. Where this fails
        or is broken off, the server does not stay behind.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            async with asyncio.timeout(_READY_S):
                await self._users.enter()
                await self._until_primary()
                await self._users.settle()
        except TimeoutError:
            told = self._last_log()
            await self.stop()
            raise SetupError(f"the private MongoDB did not become ready in {_READY_S:.0f} s: {told}") from None
        except BaseException:
            await self.stop()
            raise
        return self.url

    async def stop(self) -> None:
        """Stop the server cleanly, whoever started it, unless others use it; kill it when it does not listen."""
        try:
            await self._launched.wait()
            if self._users.last():
                await self._end()
        finally:
            self._users.leave()

    async def _end(self) -> None:
        pid = self._running()
        if pid is not None:
            _signal(pid, signal.SIGTERM)  # at once: whoever breaks off the wait leaves a server that ends
            try:
                async with asyncio.timeout(_STOP_S):
                    await self._gone()
            except TimeoutError:
                log.warning("mongod did not stop in time, killed", extra={"pid": pid})
                _signal(pid, signal.SIGKILL)
                await self._gone()
        self._port_file.unlink(missing_ok=True)

    async def _gone(self) -> None:
        while self._running() is not None:  # noqa: ASYNC110 - it may be no child of ours, of which nobody tells
            await asyncio.sleep(0.02)

    def _running(self) -> int | None:
        """The process of this folder's server, ours or found."""
        if self._process is not None and self._process.returncode is None:
            return self._process.pid
        return holder(self._folder / "mongod.lock")

    async def _launch(self) -> None:
        """Not to be broken off between the start of the process and its number: `shield` it, and await `_launched`."""
        self._port = self._port or _free_port()
        self._port_file.write_text(str(self._port))  # first, so that a server which is left over can be found
        binary = find_mongod()
        self._launched.clear()
        try:
            with (self._folder / "mongod.err").open("wb") as errors:
                self._process = await self._exec(binary, errors)
        finally:
            self._launched.set()

    async def _exec(self, binary: Path, errors: IO[bytes]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(binary),
            *("--replSet", "rs0", "--bind_ip", "127.0.0.1", "--port", str(self._port)),
            *("--dbpath", str(self._folder), "--logpath", str(self._folder / "mongod.log"), "--logappend"),
            *("--wiredTigerCacheSizeGB", "1", "--setParameter", "diagnosticDataCollectionEnabled=false"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # Ctrl-C reaches the hub first, which stops us last
        )

    async def _find_or_launch(self) -> None:
        """See that a server runs over the folder: the one that is there, else ours."""
        if self._process is not None and self._process.returncode is None:
            return
        ended = self._process is not None
        if self._running() is not None:
            self._process, self._port = None, self._noted_port() or self._port
        elif ended:
            raise SetupError(f"the private MongoDB ended at start: {self._last_log()}")
        else:
            await asyncio.shield(self._launch())

    def _noted_port(self) -> int | None:
        try:
            return int(self._port_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    async def _until_primary(self) -> None:
        self._process = None
        while True:
            await self._find_or_launch()
            if await self._becomes_primary():
                return

    async def _becomes_primary(self) -> bool:
        """Wait for the server that runs now; False when it has ended."""
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
            "127.0.0.1", self._port, directConnection=True, serverSelectionTimeoutMS=1000
        )
        try:
            pid = self._running()
            while pid is not None and self._running() == pid:
                try:
                    if (await client.admin.command("hello")).get("isWritablePrimary"):
                        return True
                    await self._initiate(client)
                except PyMongoError as error:
                    log.debug("mongod is not ready yet", extra={"error": str(error)})
                await asyncio.sleep(0.05)
        finally:
            await client.close()
        return False

    async def _initiate(self, client: AsyncMongoClient[dict[str, object]]) -> None:
        """Form the one-node replica set; where the folder came from another port, give the member its new address."""
        member = {"_id": 0, "host": f"127.0.0.1:{self._port}"}
        try:
            answer = await client.admin.command("replSetGetConfig")
        except OperationFailure as error:
            if error.code == 94:  # NotYetInitialized
                await client.admin.command({"replSetInitiate": {"_id": "rs0", "members": [member]}})
            return
        config = answer["config"]
        if config["members"][0]["host"] != member["host"]:
            config["members"] = [member]
            config["version"] += 1
            await client.admin.command({"replSetReconfig": config, "force": True})

    def _last_log(self) -> str:
        errors = self._folder / "mongod.err"
        told = errors.read_text(errors="replace").strip() if errors.exists() else ""
        if "shared librar" in told:
            return f"{told.splitlines()[-1][:300]} (Debian: apt install libcurl4 libssl3)"
        path = self._folder / "mongod.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else [told]
        return f"see {path}; last line: {lines[-1][:300]}"


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
