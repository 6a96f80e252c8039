"""Lines of a dialplan."""

from __future__ import annotations

from collections.abc import Iterable

from channels.telephony.plan.model import Target

Step = str | tuple[str, str]
"""An application with its arguments; with a label before it, to jump to."""


def context(kind: str, name: str = "") -> str:
    """The name of a context of ours. Each queue and each menu has one, for Asterisk overlooks `-` in extensions."""
    return f"mainstem-plan-{kind}" + (f"-{name}" if name else "")


def section(heading: str, lines: Iterable[str]) -> list[str]:
    """A section of a file, an empty line before it."""
    return ["", heading, *lines]


def extension(name: str, steps: Iterable[Step]) -> list[str]:
    """One extension from its first step to its last."""
    return [_line(f"exten => {name},1" if at == 0 else " same => n", step) for at, step in enumerate(steps)]


def _line(place: str, step: Step) -> str:
    label, does = step if isinstance(step, tuple) else ("", step)
    return f"{place}({label}),{does}" if label else f"{place},{does}"


def lead(target: Target) -> str:
    """The step that sends a call on its way."""
    match target.to:
        case "queue" | "menu":
            return f"Goto({context(target.to, target.name)},s,1)"
        case "extension":
            return f"Goto(from-phones,{target.name},1)"
        case "voicemail":
            return f"Goto(mainstem-voicemail,{target.name},1)"
        case "hangup":
            return "Hangup()"


def says(prompt: str | None) -> list[Step]:
    """The step that plays a sound file to its end; none where there is none."""
    return [f"Playback({prompt})"] if prompt else []
