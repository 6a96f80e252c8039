"""What the benchmarks ran on."""

from __future__ import annotations

import os
import platform
import re
import resource
from pathlib import Path
from typing import Any

from crm_core.ground.clock import now
from hub.store.client import connect


def describe(mongodb: str) -> dict[str, Any]:
    """The machine, now: before a benchmark starts, so that its load is the load of others."""
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": model.group(1).strip() if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory.group(1)) / 2**20, 1) if memory else None,
        "mongodb": mongodb,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "date": now().strftime("%Y-%m-%d %H:%M UTC"),
        "load": round(os.getloadavg()[0], 2),
    }


async def mongodb_version(url: str) -> str:
    """Of the server that the benchmarks use."""
    client = connect(url)
    try:
        return str((await client.server_info())["version"])
    finally:
        await client.close()


def allow_many_files() -> int:
    """Raise the bound of open files for this process and its children to the most allowed; returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def resident_kb(pid: int) -> float:
    """The resident memory of a process, in kB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Work:
    """What a hub and its MongoDB do from now on, in processor time."""

    def __init__(self, hub: int, mongod: int) -> None:
        self._pids = (hub, mongod)
        self._before = [cpu_s(pid) for pid in self._pids]

    def each(self, count: int) -> str:
        """Shared by so many messages, as a sentence."""
        used = (cpu_s(pid) - before for pid, before in zip(self._pids, self._before, strict=True))
        hub, mongod = (1e6 * seconds / count for seconds in used)
        return f"the hub used {hub:.0f} us of processor each, MongoDB {mongod:.0f} us"
