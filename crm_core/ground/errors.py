"""The domain's errors. Each class fixes code, status and title once; `hub.problems` turns them into RFC 9457 documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field: where it is (`a.b.0`), a stable code for programs, a sentence for people, and what the sentence
    speaks of (`args`), so that a screen can say it in its own language."""

    path: str
    code: str
    detail: str
    args: Mapping[str, str | int] = field(default_factory=dict, hash=False)


class MainstemError(Exception):
    """Everything the product raises on purpose. Anything else is a bug and answers 500.

    Args:
        detail: a sentence for people: the noun that failed and the next step.
        data: facts for programs; becomes members of the problem document.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Error"

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.data = data


class Invalid(MainstemError):
    """The input breaks a rule; `fields` names each one."""

    code, status, title = "invalid", 422, "Invalid input"

    def __init__(self, detail: str = "", *, fields: tuple[FieldError, ...] = (), **data: Any) -> None:
        super().__init__(detail, **data)
        self.fields = fields


class Malformed(MainstemError):
    """The request could not even be read (bad JSON, wrong content type)."""

    code, status, title = "malformed", 400, "Malformed request"


class SignInNeeded(MainstemError):
    """Nobody is signed in, or the sign-in has ended."""

    code, status, title = "sign-in-needed", 401, "Sign-in needed"


class Forbidden(MainstemError):
    """The person may see the thing but not do this to it."""

    code, status, title = "forbidden", 403, "Forbidden"


class NotFound(MainstemError):
    """There is no such thing, or the person may not know of it."""

    code, status, title = "not-found", 404, "Not found"


class Conflict(MainstemError):
    """The act does not fit the present state."""

    code, status, title = "conflict", 409, "Conflict"


class StaleRevision(MainstemError):
    """Somebody changed the document since it was read; read it again."""

    code, status, title = "stale-revision", 412, "Stale revision"


class TooLarge(MainstemError):
    """The input is over a size limit."""

    code, status, title = "too-large", 413, "Too large"


class PreconditionNeeded(MainstemError):
    """The call needs an `If-Match` header with the revision that was read."""

    code, status, title = "precondition-needed", 428, "Precondition needed"


class Throttled(MainstemError):
    """Too many tries; `retry_after` is in seconds."""

    code, status, title = "throttled", 429, "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: float = 1.0, **data: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **data)
        self.retry_after = retry_after


class Unavailable(MainstemError):
    """A part that is needed is away; try again soon."""

    code, status, title = "unavailable", 503, "Unavailable"
