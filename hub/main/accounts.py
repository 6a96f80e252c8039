"""Wires the accounts: what each receives, sends and marks, on one hub at a time."""

from __future__ import annotations

from hub.accounts.changes import Changes
from hub.accounts.directory import Directory
from hub.accounts.health import HealthBook
from hub.accounts.inlet import Inlets
from hub.accounts.keeper import Keeper
from hub.accounts.marks import MarkBook, MarkLanes
from hub.accounts.replays import Replays
from hub.accounts.sending import Sending
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.stream import StreamParts
from hub.outbox.lane import LaneParts
from hub.outbox.outbox import Outbox
from hub.reconcile import Reconciler


class AccountParts(Parts):
    """Every account, both ways."""

    def __init__(self, ground: Ground, stream: StreamParts, hub_id: str) -> None:
        db, leases, supervisor = ground.db, ground.leases, ground.supervisor
        self.directory = Directory(db, ground.vault, ground.settings.accounts)
        self.changes = Changes(ground.units, self.directory, ground.vault, ground.identity.audit)
        self.sending = Sending(self.directory)
        stream.stream.make_id = self.sending.make_id
        self.health = HealthBook(db, hub_id)
        self.inlets = Inlets(db, stream.stream, stream.raws, ground.signer, self.health)
        self.replays = Replays(self.directory, self.inlets, leases)
        self.keeper = Keeper(self.directory, leases, self.inlets, self.replays, supervisor)
        lane = LaneParts(journal=stream.journal, files=ground.files, inlets=self.inlets)
        self.outbox = Outbox(self.directory, leases, lane, supervisor)
        self.marks = MarkBook(db)
        self.mark_lanes = MarkLanes(db, self.directory, self.inlets, leases, supervisor)
        self.reconciler = Reconciler(db, self.directory)
