"""A private MongoDB: a `mongod` on PATH, else the one inside the PyPI wheel, as a one-node replica set under the data
folder. One per data folder; a second process that finds it running uses it."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import stat
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from hub.errors import SetupError

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

        A server left over from a killed hub is used again: its data and its port file are still right.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if await self._find_running():
            return self.url
        binary = find_mongod()
        self._port = self._port or _free_port()
        with (self._folder / "mongod.err").open("wb") as errors:
            self._process = await self._launch(binary, errors)
        self._port_file.write_text(f"{self._port} {self._process.pid}")
        try:
            await asyncio.wait_for(self._until_primary(), _READY_S)
        except TimeoutError:
            raise SetupError(
                f"the private MongoDB did not become ready in {_READY_S:.0f} s: {self._last_log()}"
            ) from None
        return self.url

    async def _launch(self, binary: Path, errors: IO[bytes]) -> asyncio.subprocess.Process:
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

    async def stop(self) -> None:
        """Stop the server cleanly; kill it when it does not listen."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            log.warning("mongod did not stop in time, killed", extra={"pid": self._process.pid})
            self._process.kill()
            await self._process.wait()
        self._port_file.unlink(missing_ok=True)

    async def _find_running(self) -> bool:
        try:
            port, pid = map(int, self._port_file.read_text().split())
            os.kill(pid, 0)
        except (OSError, ValueError):
            self._port_file.unlink(missing_ok=True)
            return False
        self._port = port
        try:
            await asyncio.wait_for(self._until_primary(), 10)
        except TimeoutError:
            self._port = None
            return False
        return True

    async def _until_primary(self) -> None:
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
            "127.0.0.1", self._port, directConnection=True, serverSelectionTimeoutMS=1000
        )
        try:
            while True:
                if self._process is not None and self._process.returncode is not None:
                    raise SetupError(f"the private MongoDB ended at start: {self._last_log()}")
                try:
                    if (await client.admin.command("hello")).get("isWritablePrimary"):
                        return
                    await self._initiate(client)
                except PyMongoError as error:
                    log.debug("mongod is not ready yet", extra={"error": str(error)})
                await asyncio.sleep(0.05)
        finally:
            await client.close()

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
        told = (self._folder / "mongod.err").read_text(errors="replace").strip()
        if "shared librar" in told:
            return f"{told.splitlines()[-1][:300]} (Debian: apt install libcurl4 libssl3)"
        path = self._folder / "mongod.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else [told]
        return f"see {path}; last line: {lines[-1][:300]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
