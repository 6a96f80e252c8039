"""What a handler's signature cannot say of its request or answer, for the documentation only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """OpenAPI `content` maps (media type -> schema) and header names a handler reads by itself."""

    request: Content = field(default_factory=dict)
    answer: Content = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


_FACTS: WeakKeyDictionary[Callable[..., Any], Facts] = WeakKeyDictionary()


def described(
    *, request: Content | None = None, answer: Content | None = None, headers: dict[str, str] | None = None
) -> Callable[[HandlerT], HandlerT]:
    """Say what a handler reads from `web.Request` or writes as a raw response.

    Args:
        request: `content` of the request body.
        answer: `content` of the answer.
        headers: optional request headers it reads: name -> one sentence.
    """

    def note(handler: HandlerT) -> HandlerT:
        _FACTS[handler] = Facts(request or {}, answer or {}, headers or {})
        return handler

    return note


def facts_of(handler: Callable[..., Any]) -> Facts:
    """What was said of a handler; empty when nothing was."""
    return _FACTS.get(handler, Facts())
