"""Regular expressions that people write, in time linear in the text (RE2): none of them can hold the stream up."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

MOST_PATTERN = 500
_MOST_TEXT = 2000
_MEMORY = 1 << 20


class BadPattern(ValueError):
    """Not a pattern that RE2 takes; the text says why."""


def check_pattern(pattern: str) -> None:
    """Raise `BadPattern` for what cannot be searched for."""
    if len(pattern) > MOST_PATTERN:
        raise BadPattern(f"a pattern has at most {MOST_PATTERN} characters")
    _compiled(pattern)


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the first 2,000 characters of a text, without regard to case."""
    try:
        return _compiled(pattern).search(text[:_MOST_TEXT]) is not None
    except BadPattern:  # stored before a stricter version of the library: it finds nothing
        return False


@lru_cache(maxsize=500)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        raise BadPattern(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None
