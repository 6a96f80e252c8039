"""Wires telephony: calls and what is noted of them, recordings, phones, the plans of PBXs."""

from __future__ import annotations

from hub.desk.after_calls import AfterCalls
from hub.desk.blocked_callers import BlockedCallers
from hub.desk.call_acts import CallActs
from hub.desk.call_notes import CallNotes
from hub.desk.call_outcomes import CallOutcomes
from hub.desk.callbacks import Callbacks
from hub.desk.calls import Calls
from hub.desk.pbx_plans import PbxPlans
from hub.desk.phones import Phones
from hub.desk.recordings import Recordings
from hub.desk.score_sheets import ScoreSheets
from hub.desk.scoring import Scoring
from hub.desk.supervision import Supervision
from hub.desk.wrap_ups import WrapUps
from hub.main.accounts import AccountParts
from hub.main.desk import DeskParts
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.stream import StreamParts
from hub.web.sip import SipLines


class CallParts(Parts):
    """A call, from its ringing to its scores."""

    def __init__(self, ground: Ground, stream: StreamParts, accounts: AccountParts, desk: DeskParts) -> None:
        db, units, audit, directory = ground.db, ground.units, ground.identity.audit, accounts.directory
        region = ground.settings.default_region
        self.calls = Calls(db, directory, audit)
        self.call_notes = CallNotes(units, stream.stream)
        self.call_acts = CallActs(db, self.calls, self.call_notes, audit)
        self.call_outcomes = CallOutcomes(units, audit)
        self.after_calls = AfterCalls(units, desk.presence, directory)
        self.wrap_ups = WrapUps(self.calls, self.call_notes, self.call_outcomes, self.after_calls, audit)
        self.callbacks = Callbacks(units, self.calls, audit, region)
        self.blocked_callers = BlockedCallers(units, self.calls, audit, region)
        self.recordings = Recordings(stream.stream, ground.files, desk.parameters, audit)
        self.score_sheets = ScoreSheets(units, audit)
        self.scoring = Scoring(units, self.score_sheets, audit)
        self.supervision = Supervision(db, directory, audit)
        self.phones = Phones(db, directory, audit, ground.key)
        self.sip_lines = SipLines(self.phones, ground.identity.identity, ground.settings)
        self.pbx_plans = PbxPlans(units, directory, audit)
