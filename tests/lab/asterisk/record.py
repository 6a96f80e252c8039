"""Records the traces under `tests/channels/telephony/traces/` from a real Asterisk.

.venv/bin/python -m tests.lab.asterisk.record [PLAY ...]
"""

from __future__ import annotations

import asyncio
import json
import sys

from channels.telephony.ami import open_ami
from channels.telephony.events import is_kept
from tests.lab.asterisk import queue_calls, transfers
from tests.lab.asterisk.plays import PLAYS
from tests.lab.asterisk.server import SECRET, USER, Asterisk
from tools.steps import ROOT, say

assert all((queue_calls, transfers))  # they list their plays
TRACES = ROOT / "tests" / "channels" / "telephony" / "traces"


async def record(pbx: Asterisk, name: str) -> None:
    """One play, as one file of one event a line."""
    async with (
        await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=5) as listener,
        await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=5) as ami,
    ):
        await PLAYS[name](pbx, ami)
        heard = []
        while more := await listener.events(0.5):
            heard += [event for event in more if is_kept(event)]
    lines = [json.dumps(event, ensure_ascii=False, sort_keys=True) for event in heard]
    (TRACES / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(f"{name}: {len(lines)} events")


def main() -> None:
    """Those named, or all."""
    TRACES.mkdir(parents=True, exist_ok=True)
    with Asterisk() as pbx:
        for name in sys.argv[1:] or PLAYS:
            asyncio.run(record(pbx, name))


if __name__ == "__main__":
    main()
