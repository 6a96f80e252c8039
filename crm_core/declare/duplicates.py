"""When two records are thought to be the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, init=False)
class DuplicateRule:
    """Records that agree in all `fields` collide. Rows with one of the fields empty never do.

    Args:
        fields: names; `addresses` stands for any phone number, mail address or IM handle in common, `mail_domain` for
            the domain of a mail address that is no free mail provider's.
        then: `refuse` the second one, or `warn` of it.
        alike: compare names loosely: width, case, spaces, punctuation and company endings do not count.
        when: a field that must be true for the rule to speak (at most one `main` contact per customer).
    """

    fields: tuple[str, ...]
    then: Literal["refuse", "warn"]
    alike: bool
    when: str

    def __init__(
        self, *fields: str, then: Literal["refuse", "warn"] = "refuse", alike: bool = False, when: str = ""
    ) -> None:
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "then", then)
        object.__setattr__(self, "alike", alike)
        object.__setattr__(self, "when", when)

    @property
    def name(self) -> str:
        """How the rule is named in answers and in stored keys."""
        return "+".join(self.fields)
