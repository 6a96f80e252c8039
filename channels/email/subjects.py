"""Threading by subject: the last resort, for answers of mail programs that write no `References` and no `In-Reply-To`."""

from __future__ import annotations

from hub.model.envelope import ThreadKey
from hub.model.subjects import telling_subject


def subject_keys(subject: str, *, refers: bool, automatic: bool) -> list[ThreadKey]:
    """The subject as a key: for mails of people that refer to no other mail, where the subject says enough."""
    told = None if refers or automatic else telling_subject(subject)
    return [ThreadKey("subject", told[0], own=not told[1])] if told else []
