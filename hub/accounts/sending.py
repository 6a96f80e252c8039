"""Which account a message leaves by, and under which id the far side will know it."""

from __future__ import annotations

from crm_core.ground.errors import FieldError, Invalid, NotFound
from hub.accounts.directory import Directory, Entry


class Sending:
    """Answers for the stream and the desk."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def sending_account(self, channel: str, account: str | None) -> tuple[str, str]:
        """The account's id and its queue. None = the channel's first enabled account that can send.

        Raises:
            Invalid: there is none, or the named one is of another channel or switched off.
        """
        if account is None:
            for entry in await self._directory.all():
                if _sends(entry, channel):
                    return entry.id, entry.queue
            raise _wrong(
                "channel", f"there is no account of channel {channel!r} that can send", rule="no-sending-account"
            )
        try:
            entry = await self._directory.one(account)
        except NotFound:
            raise _wrong("account", f"there is no account {account!r}", rule="no-account", what=account) from None
        if not _sends(entry, channel):
            raise _wrong(
                "account", f"account {account!r} is not an enabled account of channel {channel!r} that can send"
            )
        return entry.id, entry.queue

    async def make_id(self, account: str, message: str) -> str:
        """The external id of a message of ours, made before the first try (a Message-ID of the account's domain)."""
        entry = await self._directory.one(account)
        if entry.channel is None or entry.account is None:
            return message
        return entry.channel.make_id(entry.account, message)


def _sends(entry: Entry, channel: str) -> bool:
    return entry.kind == channel and entry.enabled and entry.channel is not None and entry.channel.can.outbound


def _wrong(field: str, detail: str, **speaks_of: str | int) -> Invalid:
    return Invalid(detail, fields=(FieldError(field, "account", detail, speaks_of),))
