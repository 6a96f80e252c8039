"""Wires mail: its rules, what the hub sends by itself, and what is written to many."""

from __future__ import annotations

from hub.desk.address_facts import AddressFacts
from hub.desk.auto_sending import AutoSending
from hub.desk.customer_mail import CustomerMail
from hub.desk.mail_rules import MailRules
from hub.main.accounts import AccountParts
from hub.main.desk import DeskParts
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.stream import StreamParts
from hub.writing.composing import Composing
from hub.writing.habits import Habits
from hub.writing.optouts import OptOuts
from hub.writing.previews import Previews
from hub.writing.runs import Runs
from hub.writing.schemes import Schemes
from hub.writing.templates import Templates


class MailParts(Parts):
    """Mail of one and mail to many."""

    def __init__(self, ground: Ground, stream: StreamParts, accounts: AccountParts, desk: DeskParts) -> None:
        db, records, settings = ground.db, ground.records, ground.settings
        people, audit, company = ground.identity.people, ground.identity.audit, settings.company
        self.mail_rules = MailRules(ground.units, audit)
        self.auto_sending = AutoSending(stream.stream, desk.parameters)
        self.customer_mail = CustomerMail(db, records)
        self.address_facts = AddressFacts(ground.units, audit)
        url = settings.public_url or f"http://{settings.host}:{settings.port}"
        self.optouts = OptOuts(db, ground.signer, url)
        self.habits = Habits(db, records, company)
        self.templates = Templates(records, people, company)
        self.composing = Composing(
            db=db, files=ground.files, raws=stream.raws, directory=accounts.directory, habits=self.habits
        )
        self.schemes = Schemes(db, records, desk.attachments, accounts.sending)
        self.previews = Previews(records=records, people=people, optouts=self.optouts, company=company)
        self.runs = Runs(ground.units, self.schemes, stream.afterthoughts)
