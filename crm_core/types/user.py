"""The people of the company. What proves who they are (password, second factor, tokens) lives in the hub, never here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from typing_extensions import override

from crm_core.declare import (
    Bool,
    Date,
    DateTime,
    DuplicateRule,
    Entry,
    FileRef,
    Int,
    Json,
    Lifecycle,
    Link,
    LongText,
    MailRow,
    Meta,
    Phone,
    PhoneRow,
    Record,
    Row,
    Text,
    UserLink,
    maybe,
    needed,
    rows,
)
from crm_core.declare.links import DepartmentLink
from crm_core.ground.errors import FieldError
from crm_core.ground.ports import Doc, Look

if TYPE_CHECKING:
    from crm_core.types.role import Role


async def owns_nothing(user: Doc, look: Look) -> str | None:
    """Who leaves owns nothing open any more."""
    if count := await look.owned_open(user["_id"]):
        return f"{count} open records belong to this person; hand them over first"
    return None


class SkillRow(Row):
    """What somebody is good at; queues ask for it."""

    skill: Entry = needed("技能", entries="skill")
    level: Int = needed("等级")


class CapacityRow(Row):
    """How many conversations of a channel somebody takes at once."""

    channel: Literal["telephony", "email", "sms", "im"] = needed("渠道", options="电话 邮件 短信 即时通讯")
    n: Int = needed("数量")


class MicroblogRow(Row):
    """An account on a microblog service."""

    provider: Text = needed("平台")
    account: Text = needed("账号")
    bound_at: DateTime | None = maybe("绑定时间")


class User(Record):
    """A person of the company; with a login, also a user."""

    meta = Meta(
        "user", zh="职员", en="Employee", module="organisation", kind="master", own=("id",),
        basic=("employee_no", "name", "name_latin", "department", "position", "phones", "mails", "extension", "photo"),
        list=("employee_no", "name", "department", "position", "superior", "state"), orders=("employee_no",),
    )  # fmt: skip

    employee_no: Text = needed("工号", admin=True)
    name: Text = needed("姓名", admin=True)
    name_latin: Text | None = maybe("英文名")
    login: Text | None = maybe("登录名", admin=True)
    department: DepartmentLink = needed("部门", admin=True)
    position: Entry | None = maybe("职位", entries="position", admin=True)
    superior: UserLink | None = maybe("上级", admin=True)
    roles: list[Link[Role]] = rows("角色", admin=True)
    phones: list[PhoneRow] = rows("电话", most=20)
    mails: list[MailRow] = rows("邮箱", most=20)
    extension: Text | None = maybe("分机")
    sex: Literal["m", "f", "other"] | None = maybe("性别", options="男 女 其他")
    birthday: Date | None = maybe("生日", guarded=True)
    hired_on: Date | None = maybe("入职日期", admin=True)
    left_on: Date | None = maybe("离职日期", admin=True)
    photo: FileRef | None = maybe("照片")
    locale: Literal["zh", "en"] = maybe("语言", default="zh", options="中文 英文")
    time_zone: Text = maybe("时区", default="Asia/Shanghai")
    approval_phone: Phone | None = maybe("审批手机", admin=True)
    delegate: UserLink | None = maybe("代理人")
    delegate_from: Date | None = maybe("代理开始")
    delegate_to: Date | None = maybe("代理结束")
    skills: list[SkillRow] = rows("技能", admin=True)
    capacity: list[CapacityRow] = rows("容量", admin=True, most=20)
    assistant: Json | None = maybe("助手")
    im_offline_sms: Bool = maybe("离线短信", default=False)
    track_consent: Bool = maybe("同意定位", default=False)
    share_up: Bool = maybe("共享给上级", default=False, admin=True)
    microblogs: list[MicroblogRow] = rows("微博", most=20)
    signature: LongText | None = maybe("签名")
    bookable: Json | None = maybe("可预约时段")
    external_id: Text | None = maybe("外部编号", admin=True)

    lifecycle = Lifecycle(
        "active -> on_leave -> active; active | on_leave -> left(owns_nothing); left -> active",
        guards={"owns_nothing": owns_nothing},
        locked=("left",),
        admin=True,
        labels={"active": "在职", "on_leave": "休假", "left": "离职"},
    )
    duplicates = (
        DuplicateRule("employee_no"),
        DuplicateRule("login"),
        DuplicateRule("external_id"),
        DuplicateRule("addresses", then="warn"),
    )

    @override
    def derive(self) -> Mapping[str, Any]:
        return {"login": self.login.lower() if self.login else None}

    @override
    def check(self) -> list[FieldError]:
        found = []
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            found.append(FieldError("time_zone", "time_zone", "name a zone of the IANA list, such as Asia/Shanghai"))
        if self.delegate_from and self.delegate_to and self.delegate_from > self.delegate_to:
            found.append(
                FieldError("delegate_to", "order", "the end lies before the beginning", {"rule": "ends-early"})
            )
        if self.id in (self.superior, self.delegate):
            found.append(FieldError("superior", "self", "nobody is the superior or delegate of oneself"))
        return found
