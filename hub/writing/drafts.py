"""One letter of a mailing as the message that it becomes: the same for the preview and for the sending."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.ground.ids import new_id
from hub.model.address import Address
from hub.model.draft import Draft
from hub.stream.ops import Opening
from hub.writing.letters import Merged
from hub.writing.merging import Receiver

_SHOWN = "@mainstem"


def with_pictures(html: str | None, files: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """The HTML with `cid:FILE` of our uploaded files made a Content-ID (RFC 2392), and which file has which."""
    ids: dict[str, str] = {}
    for file in files:
        found = re.compile(rf"cid:{re.escape(file)}(?![\w@.])")
        if html and found.search(html):
            html = found.sub(f"cid:{file}{_SHOWN}", html)
            ids[file] = f"{file}{_SHOWN}"
    return html, ids


def mailing_draft(
    run: str, writer: Mapping[str, str], receiver: Receiver, merged: Merged, files: Sequence[str], unsubscribe: str
) -> Draft:
    """The message for one receiver. Its `client_id` is made of run and address: written twice, it is one message."""
    html, pictures = with_pictures(merged.html, files)
    mail: dict[str, Any] = {"kind": "normal", "mailing": run, "unsubscribe": unsubscribe}
    return Draft(
        conversation="",
        author=writer["id"],
        author_name=writer["name"],
        text=merged.text,
        html=html,
        subject=merged.subject,
        to=(Address(receiver.key, receiver.name),),
        files=tuple(files),
        content_ids=pictures,
        client_id=f"mailing:{run}:{receiver.key}",
        apart=True,
        parts={"mail": mail},
    )


def mailing_opening(channel: str, account: str, queue: str, receiver: Receiver) -> Opening:
    """The receiver's own conversation: closed, since nothing is to be done until an answer opens it."""
    records = []
    if receiver.record:
        key, record = receiver.record
        records = [{"type": key, "id": record, "label": receiver.name or record}]
    return Opening(
        conversation=new_id(),
        channel=channel,
        account=account,
        queue=queue,
        assignee=None,
        records=records,
        to=(Address(receiver.key, receiver.name),),
        state="closed",
    )
