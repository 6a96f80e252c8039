"""The telephony channel: Asterisk over AMI."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from channels.telephony.account import FORM, TelephonyAccount
from channels.telephony.control import Control
from channels.telephony.examination import examine
from channels.telephony.link import Link, connect
from channels.telephony.phones import PhoneSets
from channels.telephony.plan import Plans
from channels.telephony.spying import Spying
from hub.calling import RecordingPlace
from hub.channel import Capabilities, Channel, Inlet, Raw, Receipt, Remark
from hub.errors import Permanent
from hub.model.delivery import Delivery


class TelephonyChannel(Channel[TelephonyAccount]):
    """Calls: each is one message of kind `call`, amended as it goes on."""

    kind = "telephony"
    account_model = TelephonyAccount
    can = Capabilities(text=False, outbound=False)
    form = FORM
    control = Control()
    supervision = Spying()
    phones = PhoneSets()
    plan = Plans()

    @override
    async def probe(self, account: TelephonyAccount) -> None:
        """Sign in, and see whether the rights suffice for the snapshot."""
        async with await connect(account) as ami:
            await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel")
            await ami.listing({"Action": "QueueStatus"}, "QueueEntry")

    @override
    async def examine(self, account: TelephonyAccount, queues: Sequence[str]) -> list[Remark]:
        return await examine(account, queues)

    @override
    async def receive(self, account: TelephonyAccount, inlet: Inlet) -> None:
        await Link(account, inlet).run()

    @override
    async def replay(self, account: TelephonyAccount, raw: Raw, inlet: Inlet) -> None:
        """Nothing: the raw input of calls is their events, which `Link` takes up by itself."""

    @override
    async def send(self, account: TelephonyAccount, delivery: Delivery, inlet: Inlet) -> Receipt:
        raise Permanent("a call takes no text: call the person, or write by another channel")

    @override
    def recordings(self, account: TelephonyAccount) -> RecordingPlace | None:
        return account.recording_place


channel = TelephonyChannel()
