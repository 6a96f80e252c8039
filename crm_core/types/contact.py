"""A person at a customer; the party that calls, mails and chats are matched to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from typing_extensions import override

from crm_core.declare import (
    Address,
    Bool,
    Copied,
    Date,
    DuplicateRule,
    Entry,
    FileRef,
    ImRow,
    Int,
    Lifecycle,
    Link,
    LongText,
    MailRow,
    Meta,
    PhoneRow,
    Record,
    Row,
    Text,
    UserLink,
    computed,
    maybe,
    needed,
    rows,
)
from crm_core.ground.errors import FieldError
from crm_core.ground.ports import RecordReads

if TYPE_CHECKING:
    from crm_core.types.customer import Customer


class CareRow(Row):
    """A day on which the person is thought of."""

    kind: Entry = needed("关怀类型", entries="care_kind")
    date: Date = needed("日期")
    yearly: Bool = maybe("每年", default=False)


class RelationRow(Row):
    """An edge to another contact; stored here once, read from both ends."""

    contact: Link[Contact] = needed("联系人")
    kind: Literal["reports_to", "influences", "knows", "family", "former_colleague", "other"] = needed(
        "关系", options="汇报 影响 认识 家人 前同事 其他"
    )
    strength: Int | None = maybe("强度")
    remark: Text | None = maybe("备注")


async def reports_in_no_circle(contact: Contact, reads: RecordReads) -> list[FieldError]:
    """Nobody reports, over however many steps, to oneself."""
    seen: set[str] = set()
    waiting = [row.contact for row in contact.relations if row.kind == "reports_to"]
    while waiting:
        seen.update(waiting)
        if contact.id in seen:
            return [FieldError("relations", "cycle", "the reporting line would run in a circle")]
        found = await reads.find("contact", {"_id": {"$in": waiting}})
        edges = (row for doc in found for row in doc["relations"] if row["kind"] == "reports_to")
        waiting = sorted({row["contact"] for row in edges} - seen)
    return []


class Contact(Record):
    """A person we talk with."""

    meta = Meta(
        "contact", zh="联系人", module="customers", kind="master", own=("owner", "customer_owner"),
        list=("name", "customer", "title", "phones", "mails", "deal_role", "owner"),
    )  # fmt: skip

    name: Text = needed("姓名")
    customer: Link[Customer] | None = maybe("客户")
    main: Bool = maybe("主联系人", default=False)
    salutation: Text | None = maybe("称呼")
    title: Text | None = maybe("职务")
    department_name: Text | None = maybe("部门名称")
    deal_role: Literal["decider", "influencer", "user", "gatekeeper", "buyer"] | None = maybe(
        "决策角色", options="决策者 影响者 使用者 把关者 采购者"
    )
    sex: Literal["m", "f", "other"] | None = maybe("性别", options="男 女 其他")
    birthday: Date | None = maybe("生日")
    care_dates: list[CareRow] = rows("关怀日", most=50)
    phones: list[PhoneRow] = rows("电话", most=50)
    mails: list[MailRow] = rows("邮箱", most=50)
    ims: list[ImRow] = rows("即时通讯", most=50)
    address: Address | None = maybe("地址")
    language: Literal["zh", "en"] | None = maybe("语言", options="中文 英文")
    preferences: LongText | None = maybe("偏好")
    best_time: Text | None = maybe("方便时间")
    opt_out: list[Literal["sms", "email", "call", "im"]] = rows("拒收", options="短信 邮件 电话 即时通讯", most=4)
    photo: FileRef | None = maybe("照片")
    portal: Bool = maybe("可登录门户", default=False)
    relations: list[RelationRow] = rows("关系", most=200)
    customer_owner: UserLink | None = computed("客户负责人")

    derived = (Copied("customer_owner", through="customer", source="owner"),)
    lifecycle = Lifecycle("active -> left -> active", labels={"active": "在职", "left": "已离开"}, locked=("left",))
    checks = (reports_in_no_circle,)
    duplicates = (
        DuplicateRule("customer", when="main"),
        DuplicateRule("addresses", then="warn"),
        DuplicateRule("customer", "name", then="warn", alike=True),
    )

    @override
    def check(self) -> list[FieldError]:
        found = [
            FieldError(name, "primary", "at most one is the primary")
            for name in ("phones", "mails")
            if sum(row.primary for row in getattr(self, name)) > 1
        ]
        if self.main and not self.customer:
            found.append(FieldError("main", "customer", "the main contact of which customer?"))
        return found + self._check_relations()

    def _check_relations(self) -> list[FieldError]:
        found = []
        edges = Counter((row.contact, row.kind) for row in self.relations)
        for at, row in enumerate(self.relations):
            if row.contact == self.id or edges[row.contact, row.kind] > 1:
                found.append(
                    FieldError(f"relations.{at}.contact", "edge", "one edge per person and kind, none to oneself")
                )
            if row.strength is not None and not 1 <= row.strength <= 5:
                found.append(FieldError(f"relations.{at}.strength", "range", "1 to 5", {"least": 1, "most": 5}))
        return found
