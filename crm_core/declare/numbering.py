"""Number series: `CUS{seq:06}` gives CUS000001, `OPP{yyyy}{seq:05}` starts again each year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_SEQ = re.compile(r"{seq(?::0(\d+))?}")
_PLACES = re.compile(r"{(\w+)(?::\d+)?}")


@dataclass(frozen=True, slots=True)
class Numbering:
    """A pattern with `{seq:0N}` once, and perhaps `{yyyy}` and `{mm}`."""

    pattern: str

    def __post_init__(self) -> None:
        names = _PLACES.findall(self.pattern)
        if names.count("seq") != 1 or not set(names) <= {"seq", "yyyy", "mm"} or not _SEQ.search(self.pattern):
            raise ValueError(
                f"{self.pattern!r}: a number series has {{seq}} once, and only {{yyyy}} and {{mm}} besides"
            )
        if "mm" in names and "yyyy" not in names:
            raise ValueError(f"{self.pattern!r}: {{mm}} without {{yyyy}} would give a number twice")

    def prefix(self, at: datetime) -> str:
        """The part that names the series: numbers are counted within it."""
        return self._dated(at).replace(_SEQ.search(self.pattern).group(0), "{}")  # type: ignore[union-attr]

    def render(self, seq: int, at: datetime) -> str:
        """The number itself; it grows longer when the digits do not suffice."""
        return _SEQ.sub(lambda m: str(seq).zfill(int(m.group(1) or 1)), self._dated(at))

    def _dated(self, at: datetime) -> str:
        return self.pattern.replace("{yyyy}", f"{at.year:04}").replace("{mm}", f"{at.month:02}")
