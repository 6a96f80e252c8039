"""What can be wrong with a template, said in both languages, with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_core.ground.errors import FieldError

_WORDS: dict[str, tuple[str, str]] = {
    "unknown": ("没有字段 {what}{near_zh}", "there is no field {what}{near_en}"),
    "syntax": ("语法错误：{what}", "syntax: {what}"),
    "not-allowed": ("模板中不能使用{what}", "{what} cannot be used in a template"),
    "filter": ("没有过滤器 {what}{near_zh}", "there is no filter {what}{near_en}"),
    "loop": ("{what} 不是列表，不能循环", "{what} is no list to go through"),
    "table": ("{what} 是列表，请用循环逐行输出", "{what} is a list of rows: write it with a loop"),
    "too-deep": ("模板嵌套过深", "the template is nested too deeply"),
    "long-tag": ("标记超过 {what} 个字符", "a tag has more than {what} characters"),
    "too-long": ("模板超过 {what} 个字符", "the template has more than {what} characters"),
    "too-much": ("合并结果过大或耗时过长", "merging takes too long or gives too much text"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `line` and `column` count from 1; `what` is the field, filter or word that is meant.

    Attributes:
        near: the name that was probably meant.
    """

    code: str
    line: int
    column: int
    what: str
    near: str | None = None

    def out(self) -> dict[str, Any]:
        """For the screen: the place, and a sentence in each language."""
        zh, en = _WORDS[self.code]
        near_zh = f"，是否指 {self.near}？" if self.near else ""
        near_en = f"; did you mean {self.near}?" if self.near else ""
        said = {"zh": zh.format(what=self.what, near_zh=near_zh), "en": en.format(what=self.what, near_en=near_en)}
        return {
            "code": self.code, "line": self.line, "column": self.column, "what": self.what, "near": self.near, **said,
        }  # fmt: skip


def as_field_error(path: str, problem: Problem) -> FieldError:
    """The fault of the field at `path`: its code and what it speaks of, for words in any language."""
    args: dict[str, str | int] = {"line": problem.line, "column": problem.column, "what": problem.what}
    near = {"near": problem.near} if problem.near else {}
    detail = f"line {problem.line}, column {problem.column}: {problem.out()['en']}"
    return FieldError(path, f"template-{problem.code}", detail, args | near)


class Unfit(ValueError):
    """A template that cannot be merged; says every problem that was found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.line}:{p.column} {p.out()['en']}" for p in problems))
        self.problems = problems
