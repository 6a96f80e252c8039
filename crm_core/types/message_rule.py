"""Who is told of what happens to records."""

from __future__ import annotations

from typing import Literal

from typing_extensions import override

from crm_core.declare import (
    Bool,
    DateTime,
    DuplicateRule,
    Int,
    Lifecycle,
    LongText,
    Meta,
    Reference,
    Row,
    Text,
    computed,
    maybe,
    needed,
    rows,
)
from crm_core.ground.errors import FieldError
from crm_core.message_rules.check import named_people, rule_faults


class RecipientRow(Row):
    """Who is told. `value`: a field, the code of a role, the name of a team, or a colleague's login or number."""

    by: Literal["owner", "creator", "superior", "department_manager", "field", "role", "team", "user", "followers"] = (
        needed("方式", options="负责人 创建人 负责人的上级 部门负责人 字段 角色 团队 职员 关注人")
    )
    value: Text | None = maybe("值")


class MessageRule(Reference):
    """A happening on records of a type, and who is told what. Whoever may not read the record is told nothing."""

    meta = Meta(
        "message_rule", zh="消息发送规则", module="organisation", kind="platform",
        list=("name", "type", "on", "kind", "fired", "last_fired_at", "state"),
    )  # fmt: skip

    name: Text = needed("名称")
    type: Text = needed("单据类型", en="Record type")
    on: Literal["created", "changed", "state", "assigned"] = needed(
        "何时", en="When", options="新建 修改 状态变化 分配"
    )
    field: Text | None = maybe("字段", only_for="on=changed")
    """Only where this field changed; empty = any."""
    to_state: Text | None = maybe("到状态", only_for="on=state")
    condition: LongText | None = maybe("条件")
    """In CEL (docs/message-rules.md) over the record and what it was before: `customer.credit_limit > 100000 && before.status == 'prospect'`."""
    kind: Literal["ordinary", "warning"] = maybe("类别", default="ordinary", options="普通 预警")
    recipients: list[RecipientRow] = rows("接收人", most=20)
    ask: Bool = maybe("发送时选择接收人", en="Ask whom to tell", default=False)
    subject: Text | None = maybe("标题")
    body: LongText | None = maybe("正文")
    once_per: Literal["event", "day", "week", "month", "record"] = maybe(
        "频率", en="Once per", default="event", options="每次 每天 每周 每月 每条记录"
    )
    fired: Int = computed("已触发", default=0)
    last_fired_at: DateTime | None = computed("最近触发")
    last_fault: (
        Literal[
            "condition", "condition_compares_unlike_values", "condition_is_no_yes_or_no", "condition_list_too_long",
            "recipients_not_found", "text",
        ]
        | None
    ) = computed(
        "最近故障",
        options="条件无法判断 条件比较了不同类的值 条件结果不是真假 条件所查列表过长 接收人不存在 正文无法合并",
    )  # fmt: skip
    last_fault_detail: Text | None = computed("故障说明", en="Fault concerns")
    last_fault_at: DateTime | None = computed("故障时间")

    lifecycle = Lifecycle(
        "draft -> active -> paused -> active",
        labels={"draft": "草稿", "active": "启用", "paused": "暂停"},
    )
    duplicates = (DuplicateRule("type", "name"),)
    checks = (named_people,)
    against = (rule_faults,)

    @override
    def check(self) -> list[FieldError]:
        if not self.recipients:
            return [FieldError("recipients", "missing", "say who is to be told")]
        return []
