"""What consoles ask over their socket, declared by signature.

    asks = Asks()

    @asks.on("typing")
    async def show_typing(ask: Typing, who: Caller, console: Console, hints: Hints) -> None:
        "Tell the others who look at this conversation that somebody writes."

`ask` is validated by its model; `Caller` and `Console` are the asking ones; other parameters are parts of the hub, by
type. Every ask is acknowledged: `{"ok": true, "result": ...}` or `{"ok": false, "problem": {...}}`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from crm_core.ground.errors import MainstemError, NotFound, Throttled, Unavailable
from hub.console.console import Console
from hub.console.consoles import Consoles
from hub.identity.caller import Caller
from hub.problems import from_validation, problem

log = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[Any]]

_PER_SECOND = 20.0
_BURST = 40.0
_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One declared ask."""

    name: str
    handler: Handler
    model: type[BaseModel]
    others: dict[str, Any]


class Asks:
    """The asks of a hub."""

    def __init__(self) -> None:
        self.asks: dict[str, Ask] = {}

    def on(self, name: str) -> Callable[[Handler], Handler]:
        """Declare an ask."""

        def declare(handler: Handler) -> Handler:
            hints = get_type_hints(handler)
            hints.pop("return", None)
            model = hints.pop("ask")
            if not inspect.getdoc(handler) or name in self.asks:
                raise TypeError(f"ask {name}: needs a docstring and a name of its own")
            self.asks[name] = Ask(name, handler, model, hints)
            return handler

        return declare

    def serve(self, consoles: Consoles, parts: Mapping[type, Any]) -> None:
        """Answer asks, giving handlers the parts they name by type."""
        for ask in self.asks.values():
            if missing := [n for n, t in ask.others.items() if t not in (Caller, Console) and t not in parts]:
                raise TypeError(f"ask {ask.name}: no part for {missing}")

        async def answer(sid: str, name: str, payload: object) -> dict[str, Any] | None:
            console = consoles.find(sid)
            if console is None or console.gone:
                return None
            if console.line.waiting > consoles.queue_limit:  # it asks, but does not read our answers
                consoles.drop_slow(console)
                return None
            return await self._answer(console, name, payload, parts)

        consoles.wire.on_ask(answer)

    async def _answer(self, console: Console, name: str, payload: object, parts: Mapping[type, Any]) -> dict[str, Any]:
        try:
            _check_rate(console)
            if (ask := self.asks.get(name)) is None:
                raise NotFound("there is no such ask")
            async with asyncio.timeout(_WITHIN_S):
                result = await ask.handler(**_values(ask, console, payload, parts))
            return {"ok": True, "result": to_jsonable_python(result, fallback=str)}
        except MainstemError as error:
            return {"ok": False, "problem": problem(error)}
        except TimeoutError:
            return {"ok": False, "problem": problem(Unavailable("this took too long; try again"))}
        except Exception:  # the sockets' edge, as hub.web.middleware is HTTP's: a bug is logged, and says nothing inner
            log.exception("ask failed", extra={"ask": name, "user": console.caller.user})
            return {"ok": False, "problem": problem(MainstemError("something went wrong on our side"))}


def _values(ask: Ask, console: Console, payload: object, parts: Mapping[type, Any]) -> dict[str, Any]:
    try:
        values: dict[str, Any] = {"ask": ask.model.model_validate(payload)}
    except ValidationError as error:
        raise from_validation(error) from None
    own: dict[Any, Any] = {Caller: console.caller, Console: console}
    return values | {name: own[t] if t in own else parts[t] for name, t in ask.others.items()}


def _check_rate(console: Console) -> None:
    """A token bucket per console: 20 asks a second, 40 at once."""
    at = asyncio.get_running_loop().time()
    console.asks_left = min(_BURST, console.asks_left + (at - console.asks_at) * _PER_SECOND)
    console.asks_at = at
    if console.asks_left < 1:
        raise Throttled("too many asks; wait a moment", retry_after=1 / _PER_SECOND)
    console.asks_left -= 1
