"""What every record has, and the two classes that record types derive from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from crm_core.declare.child_rows import ShareRow
from crm_core.declare.conversion import Conversion
from crm_core.declare.derived import Copied, Count, First
from crm_core.declare.duplicates import DuplicateRule
from crm_core.declare.facts import Facts, computed, maybe, rows
from crm_core.declare.fields import Bool, DateTime, FileRef, Int, Json, LongText, Text
from crm_core.declare.lifecycle import Lifecycle
from crm_core.declare.links import DepartmentLink, UserLink, Who
from crm_core.declare.meta import Meta
from crm_core.declare.tree import Tree
from crm_core.ground.errors import FieldError
from crm_core.ground.ids import new_id
from crm_core.ground.ports import RecordReads

Check = Callable[[Any, RecordReads], Awaitable[list[FieldError]]]
"""Gets the record (of its own class) and a way to read others; answers what is wrong."""
CheckAgainst = Callable[[Any, Any], Iterable[FieldError]]
"""Gets the registry and the record (of its own class); answers what is wrong. Pure."""


class Kept(BaseModel):
    """What every stored record has. Do not derive from it: take `Record` or `Reference`."""

    model_config = ConfigDict(extra="forbid", defer_build=True, validate_default=False)

    meta: ClassVar[Meta]
    lifecycle: ClassVar[Lifecycle] = Lifecycle("active")
    duplicates: ClassVar[Sequence[DuplicateRule]] = ()
    converts: ClassVar[Sequence[Conversion]] = ()
    tree: ClassVar[Tree | None] = None
    derived: ClassVar[Sequence[Count | First | Copied]] = ()
    checks: ClassVar[Sequence[Check]] = ()
    """Rules that must look at other records; run in the unit that stores the record."""
    against: ClassVar[Sequence[CheckAgainst]] = ()
    """Rules that must look at the declarations of other types."""
    templates: ClassVar[Sequence[str]] = ()
    """Fields that hold templates (`crm_core.templates`); they are checked at saving."""
    owned: ClassVar[bool] = False
    """Whether rows belong to somebody, so that row scopes apply."""

    id: Text = Field(default_factory=new_id, json_schema_extra=Facts(zh="编号", computed=True))
    number: Text | None = computed("单号")
    state: Text = Field(json_schema_extra=Facts(zh="状态", computed=True))
    state_since: DateTime | None = computed("状态时间")
    approval: Literal["none", "waiting", "approved", "rejected"] = computed(
        "审批", default="none", options="无 审批中 已批准 已驳回"
    )
    remark: LongText | None = maybe("备注")
    attachments: list[FileRef] = rows("附件")
    tags: list[Text] = rows("标签", most=50)
    custom: dict[str, Json] = Field(default_factory=dict, max_length=200, json_schema_extra=Facts(zh="自定义字段"))
    created_by: Who | None = computed("创建人")
    created_at: DateTime | None = computed("创建时间")
    changed_by: Who | None = computed("修改人")
    changed_at: DateTime | None = computed("修改时间")
    revision: Int = computed("版本", default=0)

    def check(self) -> list[FieldError]:
        """Rules that look at more than one field; pure. Types override it."""
        return []

    def derive(self) -> Mapping[str, Any]:
        """Computed fields that follow from the record alone; pure. Types override it."""
        return {}


class Record(Kept):
    """A record that belongs to somebody: a person, a company, a thing, a document."""

    owned: ClassVar[bool] = True

    owner: UserLink | None = maybe("负责人")
    department: DepartmentLink | None = maybe("部门")
    shared_with: list[ShareRow] = rows("共享")
    followers: list[UserLink] = rows("关注人")


class Reference(Kept):
    """A record that belongs to the company: everybody who may read the type reads all of it."""

    active: Bool = maybe("启用", default=True)
    order: Int | None = maybe("排序")
    external_id: Text | None = maybe("外部编号")
