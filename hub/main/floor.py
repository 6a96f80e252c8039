"""Wires the floor: the live board, targets, reports, how many people it takes."""

from __future__ import annotations

from hub.desk.floor.reports import CallReports
from hub.desk.floor.roller import Roller
from hub.desk.floor.staffing import StaffingHints
from hub.desk.floor.targets import Targets
from hub.desk.floor.wallboard import Wallboard
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.stream import StreamParts


class FloorParts(Parts):
    """The figures of a call centre."""

    def __init__(self, ground: Ground, stream: StreamParts) -> None:
        self.wallboard = Wallboard(ground.db, stream.hints, ground.leases, ground.settings.time_zone)
        self.targets = Targets(ground.units, ground.identity.audit)
        self.call_reports = CallReports(ground.db)
        self.roller = Roller(ground.db)
        self.staffing_hints = StaffingHints(ground.db)
