"""What the desk needs of parts that it does not stand on; `hub.main` hands in whoever can do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crm_core.records.texts import RecordText
from hub.identity.caller import Caller


class MayReadRecord(Protocol):
    """Records with the caller's eyes."""

    async def readable(self, caller: Caller, record_type: str, ids: Sequence[str]) -> dict[str, RecordText]:
        """Those of the records that the caller may read now; an unknown type has none."""
        ...

    async def texts(self, record_type: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """All searchable texts of the records, for the index; `readable` decides what of it anybody is told."""
        ...


class SendingAccounts(Protocol):
    """Which account a first message leaves by."""

    async def sending_account(self, channel: str, account: str | None) -> tuple[str, str]:
        """The account's id and its queue. None = the channel's first enabled account that can send.

        Raises:
            Invalid: there is none, or the named one is of another channel or switched off.
        """
        ...
