"""A plan as files for Asterisk. Pure: the same plan gives the same text."""

from __future__ import annotations

from collections.abc import Iterator

from channels.telephony.plan.lines import Step, context, extension, lead, says, section
from channels.telephony.plan.model import Entrance, Menu, Plan, Queue
from channels.telephony.plan.when import hours_steps

QUEUES = "plan-queues.conf"
EXTENSIONS = "plan-extensions.conf"
MOST_STEPS = 40
"""So many menus and queues one call passes at most: a plan may lead in circles, a call may not for ever."""
_HEAD = "; Made by `mainstem pbx render` from the plan in the hub: what is written here by hand is lost the next time."
_COUNT: tuple[Step, ...] = (
    "Set(MAINSTEM_STEPS=$[0${MAINSTEM_STEPS} + 1])",
    f"GotoIf($[${{MAINSTEM_STEPS}} > {MOST_STEPS}]?over)",
    "Return()",
    ("over", "Hangup()"),
)
_COUNTED = f"Gosub({context('step')},s,1)"


def render(plan: Plan) -> dict[str, str]:
    """File name -> text. The plan's names must lead somewhere (`references.unknown`)."""
    queues = [line for name, queue in sorted(plan.queues.items()) for line in _queue(name, queue)]
    return {QUEUES: _text(queues), EXTENSIONS: _text([line for each in _contexts(plan) for line in each])}


def _text(lines: list[str]) -> str:
    return "\n".join([_HEAD, *lines]) + "\n"


def _queue(name: str, queue: Queue) -> list[str]:
    every = queue.announce_every_s if queue.announce_position or queue.announce_hold_time else 0
    settings: dict[str, object] = {
        "strategy": queue.strategy,
        "timeout": queue.ring_s,
        "weight": queue.weight,
        "announce-position": _yes(queue.announce_position),
        "announce-holdtime": _yes(queue.announce_hold_time),
        "announce-frequency": every,
    }
    if queue.periodic:
        settings |= {"periodic-announce": queue.periodic, "periodic-announce-frequency": queue.periodic_every_s}
    return section(f"[{name}](mainstem-queue-basics)", [f"{key} = {value}" for key, value in settings.items()])


def _yes(on: bool) -> str:
    return "yes" if on else "no"


def _contexts(plan: Plan) -> Iterator[list[str]]:
    numbers = [line for number, way in sorted(plan.numbers.items()) for line in extension(number, _entrance(way))]
    yield section(f"[{context('numbers')}]", numbers)
    yield _sub("step", "", list(_COUNT))
    for name, hours in sorted(plan.hours.items()):
        yield _sub("hours", name, hours_steps(hours))
    for name, menu in sorted(plan.menus.items()):
        yield [*_sub("menu", name, _menu(menu)), *_branches(menu)]
    for name, queue in sorted(plan.queues.items()):
        yield _sub("queue", name, _waiting(name, queue))


def _sub(kind: str, name: str, steps: list[Step]) -> list[str]:
    return section(f"[{context(kind, name)}]", extension("s", steps))


def _entrance(way: Entrance) -> list[Step]:
    if way.hours is None:
        return [lead(way.open)]
    closed = [*says(way.closed.prompt), lead(way.closed.then)]
    return [
        f"Gosub({context('hours', way.hours)},s,1)",
        'GotoIf($["${GOSUB_RETVAL}" = "open"]?open)',
        *(["Answer()", *closed] if way.closed.prompt else closed),
        ("open", lead(way.open)),
    ]


def _menu(menu: Menu) -> list[Step]:
    """`Read` takes one key, or none in time; a key is never anything but a digit, `*` or a letter from A to D."""
    end = f"GotoIf($[${{MAINSTEM_TRIES}} > {menu.repeats}]?"
    return [
        _COUNTED,
        "Answer()",
        "Set(MAINSTEM_TRIES=0)",
        ("again", "Set(MAINSTEM_TRIES=$[${MAINSTEM_TRIES} + 1])"),
        "Set(MAINSTEM_KEY=)",
        f"Read(MAINSTEM_KEY,{menu.prompt},1,,1,{menu.timeout_s})",
        'GotoIf($["${MAINSTEM_KEY}" = ""]?silent)',
        *(f'GotoIf($["${{MAINSTEM_KEY}}" = "{key}"]?{_branch(key)},1)' for key in sorted(menu.keys)),
        *says(menu.invalid_prompt),
        f"{end}invalid,1:again)",
        ("silent", f"{end}timeout,1:again)"),
    ]


def _branches(menu: Menu) -> list[str]:
    ways = {_branch(key): target for key, target in sorted(menu.keys.items())}
    ways |= {"invalid": menu.on_invalid, "timeout": menu.on_timeout}
    return [line for name, target in ways.items() for line in extension(name, [lead(target)])]


def _branch(key: str) -> str:
    return "keystar" if key == "*" else f"key{key}"


def _waiting(name: str, queue: Queue) -> list[Step]:
    """The options let agents transfer, as everywhere; a call that nobody took goes on."""
    return [
        _COUNTED,
        "Answer()",
        *says(queue.greeting),
        f"Gosub(mainstem-record,s,1({name}))",
        f"Queue({name},tT,,,{queue.wait_s})",
        lead(queue.otherwise),
    ]
