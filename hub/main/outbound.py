"""Wires outbound calling: call lists, who may be called, who works them."""

from __future__ import annotations

from hub.desk.outbound.call_lists import CallLists
from hub.desk.outbound.do_not_call import DoNotCall
from hub.desk.outbound.fates import EntryFates
from hub.desk.outbound.pacing import Pacing
from hub.desk.outbound.seats import Seats
from hub.desk.outbound.tracing import Tracing
from hub.desk.outbound.working import Working
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.telephony import CallParts


class OutboundParts(Parts):
    """Call lists, worked through by people."""

    def __init__(self, ground: Ground, telephony: CallParts) -> None:
        units, audit, region = ground.units, ground.identity.audit, ground.settings.default_region
        calls, outcomes = telephony.calls, telephony.call_outcomes
        self.do_not_call = DoNotCall(units, audit, region)
        self.call_lists = CallLists(units, calls, outcomes, audit, region)
        self.entry_fates = EntryFates(units, Tracing(ground.db, calls))
        self.working = Working(units, self.call_lists, calls, telephony.wrap_ups, outcomes, self.entry_fates, audit)
        self.seats = Seats(units, self.call_lists, audit)
        self.pacing = Pacing(units, self.working, calls, ground.identity.people)
