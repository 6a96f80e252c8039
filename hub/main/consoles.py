"""Wires the consoles: their sockets, what each hears, who watches what."""

from __future__ import annotations

from hub.console.connect import Door
from hub.console.consoles import Consoles
from hub.console.keeping import Keeper
from hub.console.looking import Looking
from hub.console.server import Wire
from hub.console.watching import Watching
from hub.main.desk import DeskParts
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.stream import StreamParts


class ConsoleParts(Parts):
    """The consoles of this hub."""

    def __init__(self, ground: Ground, stream: StreamParts, desk: DeskParts) -> None:
        identity, feed, settings = ground.identity.identity, stream.feed, ground.settings
        self.watching = Watching(ground.db, stream.hints)
        self.wire = Wire(ground.supervisor, settings.public_url)
        feed.subscribe(ground.identity.people.listen)  # before the consoles, which ask for fresh rooms
        self.consoles = Consoles(feed, self.wire, settings.limits.console_queue)
        self.looking = Looking(ground.db, self.consoles)
        self.door = Door(self.wire, feed, stream.replay, self.consoles, identity, ground.supervisor)
        self.keeper = Keeper(self.consoles, identity, desk.presence, self.watching)
