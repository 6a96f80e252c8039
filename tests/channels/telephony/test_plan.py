"""Plans of a PBX: what they may say, and that what is rendered says nothing else. (S2.9.9)"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telephony.plan import Plans
from channels.telephony.plan.lines import context
from channels.telephony.plan.render import EXTENSIONS, QUEUES
from crm_core.ground.errors import Invalid

PLAN: dict[str, Any] = {
    "queues": {
        "support": {"strategy": "ringall", "weight": 5, "announce_position": True, "greeting": "custom/hello"},
        "night-shift": {"periodic": "custom/wait", "otherwise": {"to": "voicemail", "name": "1001"}},
    },
    "hours": {
        "office": {
            "zone": "Asia/Shanghai",
            "week": {"mon": [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:30", "closes": "24:00"}]},
            "days": [
                {"date": "2026-10-10", "open": [{"opens": "10:00", "closes": "16:00"}], "note": "调休; ${x}"},
                {"date": "2026-10-01", "note": "国庆节\n[from-trunk]"},
            ],
        }
    },
    "menus": {
        "main": {
            "prompt": "custom/main",
            "invalid_prompt": "pbx-invalid",
            "keys": {
                "1": {"to": "extension", "name": "1001"},
                "2": {"to": "queue", "name": "support"},
                "9": {"to": "menu", "name": "main"},
                "*": {"to": "hangup"},
            },
            "on_timeout": {"to": "queue", "name": "night-shift"},
        }
    },
    "numbers": {
        "4100": {
            "open": {"to": "menu", "name": "main"},
            "hours": "office",
            "closed": {"prompt": "custom/closed", "then": {"to": "voicemail", "name": "1002"}},
        },
        "+862112345678": {"open": {"to": "queue", "name": "support"}},
    },
}
PLANS = Plans()

_WORD = r"[A-Za-z0-9_/-]+"
_GO = (
    rf"Goto\({context('queue')}-[a-z0-9_-]+,s,1\)|Goto\({context('menu')}-[a-z0-9_-]+,s,1\)"
    r"|Goto\(from-phones,[1-9]\d{1,7},1\)|Goto\(mainstem-voicemail,\d{2,8},1\)|Hangup\(\)"
)
_DOES = re.compile(
    rf"{_GO}|Answer\(\)|NoOp\(\)|Return\((open|closed)?\)|Playback\({_WORD}\)|Read\(MAINSTEM_KEY,{_WORD},1,,1,\d+\)"
    rf"|Queue\([a-z0-9_-]+,tT,,,\d+\)|Gosub\(mainstem-plan-(step|hours-[a-z0-9_-]+),s,1\)"
    r"|Gosub\(mainstem-record,s,1\([a-z0-9_-]+\)\)|GotoIfTime\(\d\d:\d\d-\d\d:\d\d,(\*|[a-z]{3}),\*,\*,[A-Za-z0-9_+/-]+\?open\)"
    r"|Set\(LOCAL\(today\)=\$\{STRFTIME\(\$\{EPOCH\},[A-Za-z0-9_+/-]+,%Y-%m-%d\)\}\)"
    r'|GotoIf\(\$\["\$\{today\}" = "\d{4}-\d\d-\d\d"\]\?(closed|day\d{8})\)'
    r'|GotoIf\(\$\["\$\{GOSUB_RETVAL\}" = "open"\]\?open\)|GotoIf\(\$\["\$\{MAINSTEM_KEY\}" = ""\]\?silent\)'
    r'|GotoIf\(\$\["\$\{MAINSTEM_KEY\}" = "[0-9*]"\]\?key(\d|star),1\)'
    r"|GotoIf\(\$\[\$\{MAINSTEM_(TRIES|STEPS)\} > \d+\]\?(invalid,1:again|timeout,1:again|over)\)"
    r"|Set\(MAINSTEM_(TRIES=0|KEY=|TRIES=\$\[\$\{MAINSTEM_TRIES\} \+ 1\]|STEPS=\$\[0\$\{MAINSTEM_STEPS\} \+ 1\])\)"
)
_STEP = re.compile(
    r"(?:exten => (?P<exten>s|\+?\d+|key\d|keystar|invalid|timeout),1| same => n)(?:\([a-z0-9]+\))?,(?P<does>.+)"
)
_SETTING = re.compile(
    r"(strategy|timeout|weight|announce-position|announce-holdtime|announce-frequency|periodic-announce"
    rf"|periodic-announce-frequency) = {_WORD}"
)


def headings(text: str) -> list[str]:
    """The sections of a file, in order."""
    return [line[1:].partition("]")[0] for line in text.splitlines() if line.startswith("[")]


def says_only_what_is_meant(plan: dict[str, Any], files: dict[str, str]) -> None:
    """Each line has a known form, each section belongs to something of the plan."""
    assert list(files) == [QUEUES, EXTENSIONS]
    meant = [context("numbers"), context("step")]
    for kind, part in (("hours", "hours"), ("menu", "menus"), ("queue", "queues")):
        meant += [context(kind, name) for name in sorted(plan.get(part, {}))]
    assert headings(files[EXTENSIONS]) == meant
    assert headings(files[QUEUES]) == sorted(plan.get("queues", {}))
    for line in files[EXTENSIONS].split("\n")[1:]:
        if line and not line.startswith("["):
            step = _STEP.fullmatch(line)
            assert step, line
            assert _DOES.fullmatch(step["does"]), line
    for line in files[QUEUES].split("\n")[1:]:
        assert (
            not line or _SETTING.fullmatch(line) or re.fullmatch(r"\[[a-z0-9_-]+\]\(mainstem-queue-basics\)", line)
        ), line


def context_of(text: str, name: str) -> list[str]:
    """The lines of one section."""
    return text.split(f"[{name}]\n")[1].split("\n\n", maxsplit=1)[0].splitlines()


def test_a_plan_is_rendered_as_two_files_that_say_what_it_says() -> None:
    """S2.9.9: queues with their settings, numbers, hours, menus."""
    files = PLANS.render(PLAN)
    says_only_what_is_meant(PLAN, files)
    assert "[support](mainstem-queue-basics)\nstrategy = ringall\ntimeout = 15\nweight = 5\n" in files[QUEUES]
    assert "announce-position = yes\nannounce-holdtime = no\nannounce-frequency = 60" in files[QUEUES]
    assert "periodic-announce = custom/wait\nperiodic-announce-frequency = 60" in files[QUEUES]
    numbers = context_of(files[EXTENSIONS], context("numbers"))
    assert "exten => +862112345678,1,Goto(mainstem-plan-queue-support,s,1)" in numbers
    assert numbers[-3:] == [
        " same => n,Playback(custom/closed)",
        " same => n,Goto(mainstem-voicemail,1002,1)",
        " same => n(open),Goto(mainstem-plan-menu-main,s,1)",
    ]


def test_hours_end_a_minute_early_since_asterisk_counts_the_last_minute_in() -> None:
    """And a day that differs goes before the weekday: closed, or with hours of its own."""
    lines = context_of(PLANS.render(PLAN)[EXTENSIONS], context("hours", "office"))
    assert lines[1:6] == [
        ' same => n,GotoIf($["${today}" = "2026-10-01"]?closed)',
        ' same => n,GotoIf($["${today}" = "2026-10-10"]?day20261010)',
        " same => n,GotoIfTime(09:00-11:59,mon,*,*,Asia/Shanghai?open)",
        " same => n,GotoIfTime(13:30-23:59,mon,*,*,Asia/Shanghai?open)",
        " same => n(closed),Return(closed)",
    ]
    assert lines[7:9] == [
        " same => n,GotoIfTime(10:00-15:59,*,*,*,Asia/Shanghai?open)",
        " same => n,Return(closed)",
    ]


def test_the_same_plan_gives_the_same_text_in_whatever_order_it_was_written() -> None:
    turned = {part: dict(reversed(list(things.items()))) for part, things in reversed(list(PLAN.items()))}
    assert PLANS.render(turned) == PLANS.render(PLAN)
    assert PLANS.render(PLANS.checked(PLAN)) == PLANS.render(PLAN)


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        ("menus.main.keys.2.name", "nobody", "menus.main.keys.2.name"),
        ("menus.main.on_timeout", {"to": "menu", "name": "gone"}, "menus.main.on_timeout.name"),
        ("menus.main.on_invalid", {"to": "queue", "name": "gone"}, "menus.main.on_invalid.name"),
        ("queues.support.otherwise", {"to": "queue", "name": "gone"}, "queues.support.otherwise.name"),
        ("numbers.4100.open.name", "gone", "numbers.4100.open.name"),
        ("numbers.4100.hours", "gone", "numbers.4100.hours"),
        ("numbers.4100.closed.then", {"to": "queue", "name": "support"}, "numbers.4100.closed.then"),
        ("menus.main.keys.1.name", "0139", "menus.main.keys.1.name"),
        ("menus.main.keys.1.name", "", "menus.main.keys.1.name"),
        ("menus.main.prompt", "../../etc/passwd", "menus.main.prompt"),
        ("menus.main.prompt", "a&b", "menus.main.prompt"),
        ("menus.main.keys.#", {"to": "hangup"}, "menus.main.keys.#.[key]"),
        ("menus.main.repeats", 10, "menus.main.repeats"),
        ("queues.support.strategy", "linear", "queues.support.strategy"),
        ("queues.general", {}, "queues"),
        ("queues.mainstem-queue", {}, "queues"),
        ("hours.office.zone", "Asia/Atlantis", "hours.office.zone"),
        ("hours.office.week.mon.0.closes", "08:00", "hours.office.week.mon.0"),
        ("hours.office.week.mon.0.closes", "25:00", "hours.office.week.mon.0.closes"),
        ("hours.office.days.1.date", "2026-10-10", "hours.office.days"),
        ("hours.office.days.1.date", "2026-02-30", "hours.office.days.1.date"),
        ("numbers._X.", {"open": {"to": "hangup"}}, "numbers._X..[key]"),
    ],
)
def test_what_is_wrong_or_leads_nowhere_is_named_with_its_field(place: str, value: Any, field: str) -> None:
    with pytest.raises(Invalid) as found:
        PLANS.checked(changed(place, value))
    assert field in [each.path for each in found.value.fields]


def changed(place: str, value: Any) -> dict[str, Any]:
    """The plan with one value replaced, or added."""
    plan: Any = copy.deepcopy(PLAN)
    here, rest = plan, place.split(".") if place != "numbers._X." else ["numbers", "_X."]
    for step in rest[:-1]:
        here = here[int(step)] if isinstance(here, list) else here[step]
    here[rest[-1]] = value
    return plan  # type: ignore[no-any-return]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a plan where a text stands, keys included (as a path that ends with None)."""
    if isinstance(value, str):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(value, dict):
            yield (*path, key, None)
        yield from leaves(inner, (*path, key))


def put(plan: Any, path: tuple[Any, ...], text: str) -> None:
    """Put a text at a place, or call what stands there by it."""
    *before, last = path
    if last is None:
        *before, last = before
        for step in before:
            plan = plan[step]
        plan[text] = plan.pop(last)
        return
    for step in before:
        plan = plan[step]
    plan[last] = text


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="\n\r;,&${}[]()|\"'=>\\ axX1*#_-/.", min_size=1, max_size=30),
    st.sampled_from([
        "x\nexten => _X.,1,System(id)", "support,${SHELL(id)}", "a;b", "1001@default&1002", "main\r\n[from-trunk]", "a\u2028b",
        "general", "1001\n", "09:00\n", "4100\n", "custom/x\n", "${EPOCH}", "2026-10-01\n", "mon\n", "٤١٠٠", "１００１",
    ]),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(list(leaves(PLAN))), HOSTILE), min_size=1, max_size=3))
def test_no_text_of_a_plan_makes_a_line_that_the_plan_does_not_mean(places: list[tuple[tuple[Any, ...], str]]) -> None:
    """Either the plan is refused, with fields named, or each line has the form that it should."""
    plan = copy.deepcopy(PLAN)
    for path, text in places:
        try:
            put(plan, path, text)
        except (KeyError, TypeError):  # an earlier change took the place away
            continue
    try:
        files = PLANS.render(plan)
    except Invalid as refused:
        assert refused.fields
        return
    says_only_what_is_meant(plan, files)


NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True).filter(
    lambda name: name not in ("general", "globals")
)


@given(st.data())
def test_any_plan_that_is_accepted_is_rendered_as_it_is_meant(data: st.DataObject) -> None:
    queues = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    menus = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    targets = st.one_of(
        st.builds(lambda name: {"to": "queue", "name": name}, st.sampled_from(queues)),
        st.builds(lambda name: {"to": "menu", "name": name}, st.sampled_from(menus)),
        st.just({"to": "hangup"}),
    )
    keys = st.dictionaries(st.sampled_from("0123456789*"), targets, min_size=1)
    plan = {
        "queues": {name: {"otherwise": data.draw(targets)} for name in queues},
        "menus": {name: {"prompt": "a/b", "keys": data.draw(keys), "on_invalid": data.draw(targets)} for name in menus},
        "numbers": {"4100": {"open": data.draw(targets)}},
    }
    says_only_what_is_meant(plan, PLANS.render(plan))
