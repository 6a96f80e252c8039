"""People from several departments who share queues, projects or a discussion space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from typing_extensions import override

from crm_core.declare import (
    Date,
    DuplicateRule,
    Int,
    Meta,
    Reference,
    Row,
    Text,
    UserLink,
    computed,
    maybe,
    needed,
    rows,
)
from crm_core.ground.errors import FieldError


class MemberRow(Row):
    """Somebody's time in a team; `from` and `to` are the first and last day."""

    user: UserLink = needed("职员")
    role: Text | None = maybe("角色")
    since: Date | None = maybe("从", en="From")
    until: Date | None = maybe("至", en="To")


class Team(Reference):
    """A team or collaboration space."""

    meta = Meta("team", zh="团队", module="organisation", kind="reference", list=("name", "kind", "leader", "size"))

    name: Text = needed("名称")
    kind: Literal["queue", "project", "space"] = needed("类别", options="队列 项目 空间")
    leader: UserLink = needed("负责人")
    members: list[MemberRow] = rows("成员", most=1000)
    queues: list[Text] = rows("队列")
    size: Int = computed("人数", default=0)

    duplicates = (DuplicateRule("name"),)

    @override
    def derive(self) -> Mapping[str, Any]:
        return {"size": len({row.user for row in self.members})}

    @override
    def check(self) -> list[FieldError]:
        return [
            FieldError(f"members.{at}.until", "order", "the end lies before the beginning", {"rule": "ends-early"})
            for at, row in enumerate(self.members)
            if row.since and row.until and row.since > row.until
        ]
