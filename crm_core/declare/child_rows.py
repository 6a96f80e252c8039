"""Child rows: parts of a record that live and die with it, each with an id of its own that others may link to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crm_core.declare.facts import computed, maybe, needed
from crm_core.declare.fields import Bool, DateTime, Email, Phone, Text
from crm_core.declare.links import ID_PATTERN, DepartmentLink, UserLink
from crm_core.ground.ids import new_id


class Row(BaseModel):
    """One child row. `id` stays the same for as long as the row lives; leave it out for a new row."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=ID_PATTERN, default_factory=new_id)]


class PhoneRow(Row):
    """A phone number of somebody."""

    kind: Literal["mobile", "work", "home", "fax", "other"] = needed("种类", options="手机 办公 家庭 传真 其他")
    number: Phone = needed("号码")
    primary: Bool = maybe("主要", default=False)


class MailRow(Row):
    """A mail address of somebody."""

    kind: Literal["work", "private", "other"] = needed("种类", options="工作 私人 其他")
    address: Email = needed("邮箱")
    primary: Bool = maybe("主要", default=False)
    bounced_at: DateTime | None = computed("退信时间")


class ImRow(Row):
    """A handle of somebody on an IM service."""

    kind: Literal["wechat", "qq", "widget", "other"] = needed("种类", options="微信 QQ 网页 其他")
    handle: Text = needed("账号")


class ShareRow(Row):
    """A person or a department (with those below it) that a record was shown to."""

    user: UserLink | None = maybe("职员")
    department: DepartmentLink | None = maybe("部门")
    level: Literal["read", "write"] = needed("权限", options="查看 编辑")
