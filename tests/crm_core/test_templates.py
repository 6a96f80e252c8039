"""Templates: fields by declaration, faults by place, no holes, nothing that runs away or breaks out."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.load import load
from crm_core.templates.check import check
from crm_core.templates.compiled import Compiled, Form
from crm_core.templates.fields import record_node
from crm_core.templates.problems import Unfit
from crm_core.templates.scope import Scope, picks, word
from crm_core.templates.values import GAP, Node
from crm_core.templates.writing import Hand, Language, shown

REGISTRY = load()
SCOPE = Scope(
    REGISTRY,
    {"contact": "contact", "customer": "customer"},
    {"company": word("company", "公司", "Company"), "when": word("when", "时间", "When", "datetime")},
)


def merge(source: str, form: Form = "text", language: Language = "en", **contact: Any) -> str:
    """The template with one contact and its customer."""
    hand = Hand(language, ZoneInfo("Asia/Shanghai"))
    customer = {
        "id": "c1",
        "name": "Acme & Söhne",
        "kind": "agent",
        "credit_limit": {"amount": Decimal("1234.5"), "currency": "CNY"},
    }
    row = {"id": "p1", "name": "Ada", "customer": "c1"} | contact

    def loaded(key: str, record: str) -> dict[str, Any] | None:
        return customer if (key, record) == ("customer", "c1") else None

    values = {
        "contact": record_node(REGISTRY["contact"], row, hand, REGISTRY.__getitem__, loaded),
        "customer": record_node(REGISTRY["customer"], customer, hand, REGISTRY.__getitem__, loaded),
        "company": shown("text", "Mainstem", hand),
        "when": shown("datetime", datetime(2026, 11, 23, 16, 30, tzinfo=UTC), hand),
    }
    return Compiled(source, form, SCOPE, hand).merge(values)


def faults(source: str) -> list[tuple[str, int, int, str, str | None]]:
    return [(p.code, p.line, p.column, p.what, p.near) for p in check(source, SCOPE).problems]


def test_fields_are_merged_through_links_and_in_the_readers_language() -> None:
    """S2.9.3-02."""
    source = "{{ contact.name }} of {{contact.customer.name}}, {{ customer.kind }}: {{ customer.credit_limit }}"
    assert merge(source) == "Ada of Acme & Söhne, Agent: ¥1,234.50"
    assert merge("{{customer.kind}} {{when}}", language="zh") == "代理商 2026年11月24日 00:30"
    assert merge("{{when|date}} {{when|datetime('iso')}} {{customer.credit_limit|money(0)}}") == (
        "24 November 2026 2026-11-24 00:30 ¥1,234"
    )


def test_an_unknown_field_is_named_with_its_place_in_both_languages() -> None:
    """S2.9.3-03, S2.9.4-05."""
    source = "Dear {{ contact.nmae }},\n\nyour {{ contact.customer.nam }} and {{ custmer.name }} {{contact.nmae}} {{contact.nmae}}"
    assert faults(source) == [
        ("unknown", 1, 9, "contact.nmae", "contact.name"),
        ("unknown", 3, 9, "contact.customer.nam", "contact.customer.name"),
        ("unknown", 3, 40, "custmer.name", "customer.name"),
        ("unknown", 3, 58, "contact.nmae", "contact.name"),
        ("unknown", 3, 75, "contact.nmae", "contact.name"),
    ]
    said = check(source, SCOPE).problems[0].out()
    assert said["en"] == "there is no field contact.nmae; did you mean contact.name?"
    assert said["zh"] == "没有字段 contact.nmae，是否指 contact.name？"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ contact.name", "syntax"),
        ("a\n{% if contact.name %}b", "syntax"),
        ("{% macro x() %}{% endmacro %}", "not-allowed"),
        ("{{ contact.name.upper() }}", "not-allowed"),
        ("{{ contact['name'] }}", "not-allowed"),
        ("{{ contact.__class__ }}", "unknown"),
        ("{{ self }}", "unknown"),
        ("{{ range }}", "unknown"),
        ("{{ 'a' * 1000000000 }}", "not-allowed"),
        ("{% set x = 1 %}", "not-allowed"),
        ("{% include 'x' %}", "not-allowed"),
        ("{{ contact.name|attr('x') }}", "filter"),
        ("{% for x in contact.name %}{% endfor %}", "loop"),
        ("{{ contact.mails }}", "table"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "long-tag"),
        ("{{ " + "(" * 300 + "1" + ")" * 300 + " }}{{ " + "not " * 200 + "1 }}", "too-deep"),
        ("{% if 1 %}" * 60 + "{% endif %}" * 60, "too-deep"),
        ("x" * 100_001, "too-long"),
    ],
)
def test_nothing_but_fields_conditions_loops_and_a_few_filters_is_taken(source: str, code: str) -> None:
    assert code in [p.code for p in check(source, SCOPE).problems]
    with pytest.raises(Unfit):
        Compiled(source, "text", SCOPE, Hand("en", UTC))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Dear {{contact.salutation}} {{contact.name}},", "Dear Ada,"),
        ("Dear {{contact.salutation}},", "Dear,"),
        ("{{contact.salutation}} {{contact.name}}", "Ada"),
        ("{{contact.name}} {{contact.salutation}}\nx", "Ada\nx"),
        ("a\n{{contact.salutation}}\n{{contact.title}} {{contact.salutation}}\nb", "a\nb"),
        ("a\n\nb", "a\n\nb"),
        ("{{contact.name}} ({{contact.title}}), hi", "Ada, hi"),
        ("{{contact.name}}, {{contact.title}}, {{company}}", "Ada, Mainstem"),
        ("{{contact.name}}, {{contact.title}}", "Ada"),
        ("尊敬的{{contact.name}}{{contact.salutation}}：", "尊敬的Ada："),
        ("{{contact.name}}（{{contact.title}}）您好", "Ada您好"),
        ("Tel: {{contact.title}}.", "Tel:."),
        ("{% if contact.title %}\nTitle: {{contact.title}}\n{% endif %}\nend", "end"),
    ],
)
def test_an_empty_field_leaves_no_hole(source: str, expected: str) -> None:
    """S2.9.3-02."""
    assert merge(source) == expected


def test_an_empty_field_leaves_no_hole_in_html_either() -> None:
    source = "<p>Dear {{contact.salutation}} <b>{{contact.name}}</b>,</p><p>{{contact.title}}</p><p>x<br>{{contact.title}}<br>y</p>"
    assert merge(source, "html") == "<p>Dear <b>Ada</b>,</p><p>x<br>y</p>"


def test_loops_go_through_declared_rows() -> None:
    mails = [{"id": "1", "kind": "work", "address": "a@x.org"}, {"id": "2", "kind": "private", "address": "b@x.org"}]
    source = "{% for m in contact.mails %}{{loop.index}} {{m.address}} {{m.kind}}{% if not loop.last %}; {% endif %}{% endfor %}"
    assert merge(source, mails=mails) == "1 a@x.org Work; 2 b@x.org Private"
    assert faults("{% for m in contact.mails %}{{m.adress}}{% endfor %}{{m.address}}") == [
        ("unknown", 1, 31, "m.adress", "m.address"),
        ("unknown", 1, 55, "m.address", None),
    ]


def test_html_escapes_what_fields_bring() -> None:
    assert merge("<p>{{contact.name}}</p>", "html", name='<img src=x onerror="y">\n&') == (
        "<p>&lt;img src=x onerror=&#34;y&#34;&gt;<br>&amp;</p>"
    )


def test_a_number_as_wide_as_memory_is_written_as_it_came() -> None:
    assert (
        merge("{{contact.name|number}} {{contact.title|number}}", name="1e999999999", title="NaN") == "1e999999999 NaN"
    )


def test_a_line_stays_one_line() -> None:
    assert merge("Hi {{contact.name}}\n there", "line", name="Ada\r\nBcc: all@x.org") == "Hi Ada Bcc: all@x.org there"


def test_a_template_cannot_run_away() -> None:
    rows = [{"id": str(n), "kind": "work", "address": f"a{n}@x.org"} for n in range(200)]
    bomb = "{% for a in contact.mails %}" * 3 + "{% if 0 %}x{% endif %}" + "{% endfor %}" * 3
    started = time.process_time()
    for source in (bomb, bomb.replace("{% if 0 %}x{% endif %}", "x" * 60_000)):
        with pytest.raises(Unfit, match="too long or gives too much"):
            merge(source, mails=rows)
    assert time.process_time() - started < 5


def test_a_check_ends_in_time_whatever_it_is_given() -> None:
    """The worst texts of the allowed length: very many faults, very many tags, very long names."""
    for source in (
        "{{a.b}}" * 14_000,
        "{{contact.nmae}}" * 6_000,
        "{{" + "a." * 40_000 + "b}}",
        "{%if 1%}" * 12_000,
        "{{ 'x" * 20_000,
        "{{" + "1" * 90_000 + "}}",
        "{{" + "1 and " * 16_000 + "1}}",
        "{{" + "not " * 24_000 + "1}}",
        "{{1" + "|upper" * 16_000 + "}}",
        "{%raw%}" * 14_000,
        "{" * 90_000,
    ):
        started = time.process_time()
        assert 1 <= len(check(source, SCOPE).problems) <= 60
        assert time.process_time() - started < 5


@given(st.text(alphabet="{}%-# .()[]|'\"_abcontfrieds=\n\\0", max_size=80))
def test_any_text_is_merged_or_refused_with_a_place(source: str) -> None:
    """Never another error, and a text without tags stays as it is."""
    for form in ("line", "text", "html"):
        try:
            text = merge(source, form)
        except Unfit as unfit:
            assert all(p.line >= 1 and p.column >= 1 for p in unfit.problems)
        else:
            assert GAP not in text


def test_the_picker_offers_what_the_check_takes() -> None:
    offered = picks(SCOPE)
    paths = {pick.path: pick for pick in offered}
    assert {"contact.name", "contact.salutation", "customer.level", "company"} <= paths.keys()
    assert paths["contact.salutation"].label == {"zh": "联系人 · 称呼", "en": "Contact · Salutation"}
    for pick in offered:
        source = "{{PATH}}" if pick.kind != "table" else "{% for x in PATH %}{% endfor %}"
        assert check(source.replace("PATH", pick.path), SCOPE).problems == [], pick.path
    assert "address" in paths["contact.mails"].row


def test_what_a_reader_may_not_see_is_empty() -> None:
    hand = Hand("en", UTC)
    node = record_node(REGISTRY["contact"], {"id": "p1", "name": "Ada"}, hand, REGISTRY.__getitem__, lambda *_: None)
    assert str(node.field("birthday")) == ""
    assert isinstance(node, Node)
