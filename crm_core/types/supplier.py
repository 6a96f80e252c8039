"""Whom we buy from: asked for prices, written to by mail and SMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crm_core.declare import (
    Address,
    DuplicateRule,
    Lifecycle,
    Link,
    MailRow,
    Meta,
    PhoneRow,
    Record,
    Text,
    maybe,
    needed,
    rows,
)

if TYPE_CHECKING:
    from crm_core.types.region import Region


class Supplier(Record):
    """A company that we buy from; it has a code of its own, so no number series."""

    meta = Meta(
        "supplier", zh="供应商", module="reference", kind="master", list=("code", "name", "contact_name", "region"),
        orders=("code",),
    )  # fmt: skip

    code: Text = needed("编码")
    name: Text = needed("名称")
    contact_name: Text | None = maybe("联系人")
    phones: list[PhoneRow] = rows("电话", most=50)
    mails: list[MailRow] = rows("邮箱", most=50)
    address: Address | None = maybe("地址")
    region: Link[Region] | None = maybe("区域")
    tax_no: Text | None = maybe("税号")
    opt_out: list[Literal["sms", "email"]] = rows("拒收", options="短信 邮件", most=2)

    lifecycle = Lifecycle(
        "active -> retired -> active", locked=("retired",), labels={"active": "正常", "retired": "停用"}
    )
    duplicates = (DuplicateRule("code"), DuplicateRule("tax_no"), DuplicateRule("name", then="warn", alike=True))
