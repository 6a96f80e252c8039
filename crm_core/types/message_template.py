"""Texts with fields, ready to be written to somebody: for mail, SMS and whatever else carries text."""

from __future__ import annotations

from typing import Literal

from typing_extensions import override

from crm_core.declare import DuplicateRule, LongText, Meta, Record, Text, maybe, needed
from crm_core.ground.errors import FieldError


class MessageTemplate(Record):
    """One template. `body` is the HTML of a mail, `text_body` its plain text, or all that an SMS has."""

    meta = Meta(
        "message_template", zh="短信邮件方案", en="Message template", module="marketing", kind="reference",
        list=("name", "channel", "about", "language", "owner"),
    )  # fmt: skip

    name: Text = needed("名称")
    channel: Literal["sms", "email", "notice", "im", "print"] = needed("渠道", options="短信 邮件 通知 即时通讯 打印")
    about: Text | None = maybe("用于", en="For")
    """The record type whose fields it may use, beside those of people and companies."""
    subject: Text | None = maybe("主题")
    body: LongText | None = maybe("正文")
    text_body: LongText | None = maybe("纯文本正文", en="Plain text")
    language: Literal["zh", "en"] | None = maybe("语言", options="中文 英文")

    duplicates = (DuplicateRule("channel", "name"),)
    templates = ("subject", "body", "text_body")

    @override
    def check(self) -> list[FieldError]:
        if not self.body and not self.text_body:
            return [FieldError("text_body", "missing", "a template has a text")]
        return []
