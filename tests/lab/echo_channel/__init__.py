"""A small channel for tests of the accounts and the outbox, with a far side of its own: a TCP server that speaks lines.

`install()` makes the hub find it as the channel kind `echo`, as it would find a folder under `channels/`.
"""

from __future__ import annotations

from pathlib import Path

import channels

FOLDER = str(Path(__file__).parent)


def install() -> None:
    """Let `hub.channel.load("echo")` find it in this process."""
    if FOLDER not in channels.__path__:
        channels.__path__.append(FOLDER)
