"""What a plan names and does not have."""

from __future__ import annotations

from collections.abc import Iterator

from channels.telephony.plan.model import Plan, Target
from crm_core.ground.errors import FieldError


def unknown(plan: Plan) -> list[FieldError]:
    """One finding for each name that leads nowhere, with its field."""
    found = [
        FieldError(
            f"{path}.name",
            "unknown",
            f"this plan has no {target.to} {target.name}",
            {"rule": f"plan-no-{target.to}", "what": target.name},
        )
        for path, target in _targets(plan)
        if (target.to == "queue" and target.name not in plan.queues)
        or (target.to == "menu" and target.name not in plan.menus)
    ]
    return found + [
        FieldError(
            f"numbers.{number}.hours",
            "unknown",
            f"this plan has no hours {entrance.hours}",
            {"rule": "plan-no-hours", "what": entrance.hours},
        )
        for number, entrance in plan.numbers.items()
        if entrance.hours is not None and entrance.hours not in plan.hours
    ]


def _targets(plan: Plan) -> Iterator[tuple[str, Target]]:
    for name, queue in plan.queues.items():
        yield f"queues.{name}.otherwise", queue.otherwise
    for name, menu in plan.menus.items():
        yield from ((f"menus.{name}.keys.{key}", target) for key, target in menu.keys.items())
        yield f"menus.{name}.on_timeout", menu.on_timeout
        yield f"menus.{name}.on_invalid", menu.on_invalid
    for number, entrance in plan.numbers.items():
        yield f"numbers.{number}.open", entrance.open
