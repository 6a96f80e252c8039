"""Wires the stream and the feed: what comes in, what is told of it, what is owed."""

from __future__ import annotations

from hub.feed.hints import Hints
from hub.feed.replay import Replay
from hub.feed.tail import Feed
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.outbox.afterthoughts import Afterthoughts
from hub.outbox.journal import Journal
from hub.readers import Readers
from hub.stream.commit import CommitLoop
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream


class StreamParts(Parts):
    """One stream, and those who follow it."""

    def __init__(self, ground: Ground) -> None:
        db, units, limits = ground.db, ground.units, ground.settings.limits
        self.commit = CommitLoop(units, limits.commit_batch)
        self.stream = Stream(db, units, ground.files, self.commit)
        self.raws = RawKeeper(db)
        self.journal = Journal(units, self.stream)
        self.afterthoughts = Afterthoughts(units, self.stream, self.journal)
        self.hints = Hints(db)
        self.feed = Feed(db, self.hints, ground.announced)
        self.replay = Replay(db, self.feed, limits.replay_events)
        self.readers = Readers(db, idle=lambda: self.commit.idle and units.idle)
