"""Which folder is for what: by its special use (RFC 6154), else by the names that mail programs give it."""

from __future__ import annotations

from collections.abc import Iterable

from channels.email.account import EmailAccount
from channels.email.imap.replies import Folder
from channels.email.imap.session import Session

_SENT = ("sent", "sent items", "sent mail", "sent messages", "已发送", "已发送邮件", "寄件備份", "送信済み", "gesendet",
         "gesendete elemente", "éléments envoyés", "messages envoyés", "enviados", "inviati", "отправленные")  # fmt: skip
_TRASH = ("trash", "deleted items", "deleted messages", "bin", "已删除", "已删除邮件", "垃圾桶", "ゴミ箱", "papierkorb",
          "gelöschte elemente", "corbeille", "papelera", "cestino", "удаленные", "корзина")  # fmt: skip


async def sent_folder(session: Session, account: EmailAccount) -> str | None:
    """Where copies of sent mail are; None when the mailbox has no such folder."""
    if account.sent_folder is not None:
        return account.sent_folder
    return for_use(await session.folders(), "\\sent", _SENT)


async def trash_folder(session: Session) -> str | None:
    """Where deleted mail goes; None when the mailbox has no such folder."""
    return for_use(await session.folders(), "\\trash", _TRASH)


def for_use(folders: Iterable[Folder], use: str, names: tuple[str, ...]) -> str | None:
    """The folder of a special use; else one that is called so, also below INBOX."""
    listed = list(folders)
    for folder in listed:
        if use in folder.uses:
            return folder.name
    by_name = {folder.name.lower().removeprefix("inbox.").removeprefix("inbox/"): folder.name for folder in listed}
    return next((by_name[name] for name in names if name in by_name), None)
