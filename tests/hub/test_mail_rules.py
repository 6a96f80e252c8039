"""Rules before the inbox (S2.9.3-10): what they do, to what, and who may keep them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.main import Hub
from hub.model.envelope import Attachment
from hub.store.client import Doc
from hub.stream.patterns import BadPattern, check_pattern, found_in
from hub.stream.rules import Facts, apply_rules, authentication_failed, holds
from tests.conftest import SignedIn, SignIn
from tests.lab.envelopes import mail

FACTS: dict[str, Any] = {
    "account": "support", "sender": "ada@sub.example.com", "to": ("support@demo.local",), "subject": "发票 INV-77 is late",
    "files": True, "kind": "normal", "automatic": False, "failed": False,
}  # fmt: skip


@pytest.mark.parametrize(
    "when",
    [
        {"accounts": ["sales", "support"]},
        {"from": ["ada@sub.example.com"]},
        {"from": ["@example.com"]},
        {"to": ["support@demo.local"]},
        {"subject_contains": ["invoice", "inv-77"]},
        {"subject_matches": r"发票\s+inv-\d+"},
        {"has_attachment": True},
        {"kinds": ["normal"], "automatic": False, "authentication_failed": False},
    ],
)
def test_a_condition_holds(when: Doc) -> None:
    assert holds(when, Facts(**FACTS))


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"subject_contains": []},
        {"accounts": ["sales"]},
        {"from": ["@ample.com"]},
        {"from": ["example.com"]},
        {"subject_matches": "^INV"},
        {"has_attachment": False},
        {"subject_contains": ["inv"], "automatic": True},
    ],
)
def test_a_condition_does_not_hold(when: Doc) -> None:
    assert not holds(when, Facts(**FACTS))


def rule(number: int, when: Doc, then: Doc, *, stop: bool = False) -> Doc:
    return {"_id": f"r{number}", "name": f"Rule {number}", "when": when, "then": then, "stop": stop}


def test_rules_act_in_order_the_first_wins_and_stop_ends_them() -> None:
    rules = [
        rule(1, {"has_attachment": True}, {"queue": "sales", "tags": ["file"]}),
        rule(2, {"kinds": ["bounce"]}, {"tags": ["never"]}),
        rule(3, {"accounts": ["support"]}, {"queue": "support", "tags": ["file", "late"], "close": True}, stop=True),
        rule(4, {"accounts": ["support"]}, {"archive": True}),
    ]
    effects = apply_rules(rules, Facts(**FACTS))
    assert (effects.queue, effects.tags, effects.state) == ("sales", ["file", "late"], "closed")
    assert [(each["rule"], each["did"]) for each in effects.ruled] == [
        ("r1", ["queue:sales", "tag:file"]),
        ("r3", ["tag:late", "closed"]),
    ]


@pytest.mark.parametrize("more", [{"kind": "bounce"}, {"kind": "auto_reply"}, {"sender": "boss@example.com"}])
def test_nothing_is_forwarded_that_could_go_round(more: Doc) -> None:
    rules = [rule(1, {"accounts": ["support"]}, {"forward": ["boss@example.com"]})]
    effects = apply_rules(rules, Facts(**FACTS | more))
    assert not effects.forward
    assert effects.ruled[0]["did"] == ["not-forwarded:boss@example.com"]


@pytest.mark.parametrize(
    ("told", "failed"),
    [
        ({}, False),
        ({"dmarc": "fail", "spf": "pass"}, True),
        ({"dmarc": "pass", "spf": "fail"}, False),
        ({"spf": "softfail", "dkim": "none"}, True),
        ({"spf": "fail", "dkim": {"result": "pass", "domain": "x"}}, False),
        ({"spf": "none", "dkim": "neutral"}, False),
    ],
)
def test_what_speaks_against_the_origin_of_a_mail(told: Doc, failed: bool) -> None:
    assert authentication_failed({"authentication": told}) is failed


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_pattern_is_searched_for_or_refused_and_never_hangs(pattern: str, text: str) -> None:
    try:
        check_pattern(pattern)
    except BadPattern as error:
        assert str(error)
        assert not found_in(pattern, text)
    else:
        found_in(pattern, text)


def test_a_pattern_made_to_be_slow_is_quick() -> None:
    assert not found_in("(a+)+$", "a" * 1900 + "b")


async def keep(person: SignedIn, name: str, when: Doc, then: Doc, **more: Any) -> Doc:
    status, made = await person.call("POST", "/api/rules", {"name": name, "when": when, "then": then, **more})
    assert status == 201, made
    return dict(made)


async def test_a_rule_acts_before_anybody_is_told(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["SU"])
    agent = await signed_in("agent", queues=["support"])
    files = (Attachment("a.pdf", "application/pdf", b"%PDF"),)
    await keep(
        boss, "Invoices", {"subject_matches": "invoice", "has_attachment": True},
        {"queue": "support", "assignee": agent.user, "tags": ["invoice"]},
    )  # fmt: skip
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", subject="Invoice 7", attachments=files))
    [event] = await hub.db["events"].find({"name": "message.appended"}).to_list()
    assert event["rooms"] == ["queue:support", "supervisors", f"user:{agent.user}"]
    assert event["data"]["conversation"]["tags"] == ["invoice"]
    status, shown = await agent.call("GET", f"/api/messages/{stored['id']}")
    assert status == 200
    assert shown["ruled"][0]["did"] == ["queue:support", f"assignee:{agent.user}", "tag:invoice"]
    _, page = await agent.call("GET", "/api/conversations?assignee=me&tag=invoice")
    assert [each["id"] for each in page["items"]] == [stored["conversation"]]
    untouched = await hub.stream.ingest(mail("<b@x>", "ada@example.com", subject="Invoice 8"))
    assert "ruled" not in untouched


async def test_a_rule_does_not_take_a_conversation_from_those_who_work_on_it(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["SU"])
    first = await hub.stream.ingest(mail("<a@x>", "ada@example.com"))
    await keep(boss, "All", {"from": ["@example.com"]}, {"queue": "support", "close": True, "tags": ["seen"]})
    await hub.stream.ingest(mail("<b@x>", "ada@example.com", refers=("<a@x>",)))
    conversation = await hub.db["conversations"].find_one({"_id": first["conversation"]})
    assert conversation is not None
    assert (conversation["queue"], conversation["state"], conversation["tags"]) == ("general", "open", ["seen"])
    assert conversation["waiting_since"] is not None
    fresh = await hub.stream.ingest(mail("<c@x>", "ada@example.com"))
    closed = await hub.db["conversations"].find_one({"_id": fresh["conversation"]})
    assert closed is not None
    assert (closed["queue"], closed["state"], closed["waiting_since"]) == ("support", "closed", None)


async def test_a_colleague_who_left_and_a_queue_that_is_gone_get_nothing(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["SU"])
    agent = await signed_in("agent")
    await keep(boss, "To the agent", {"from": ["@example.com"]}, {"assignee": agent.user, "queue": "support"})
    await hub.db["record_user"].update_one({"_id": agent.user}, {"$set": {"state": "left"}})
    await hub.db["queues"].delete_one({"_id": "support"})
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com"))
    conversation = await hub.db["conversations"].find_one({"_id": stored["conversation"]})
    assert conversation is not None
    assert (conversation["assignee"], conversation["queue"]) == (None, "general")


async def test_rules_are_kept_changed_and_removed_by_supervisors(hub: Hub, signed_in: SignIn) -> None:
    boss, agent = await signed_in("boss", roles=["SU"]), await signed_in("agent")
    made = await keep(boss, "One", {"automatic": True}, {"archive": True})
    await keep(boss, "Two", {"automatic": True}, {"close": True}, place=1)
    _, page = await boss.call("GET", "/api/rules")
    assert [each["name"] for each in page["items"]] == ["Two", "One"]
    status, changed = await boss.call("PATCH", f"/api/rules/{made['id']}", {"enabled": False}, If_Match='"1"')
    assert (status, changed["enabled"], changed["revision"]) == (200, False, 2)
    status, _ = await boss.call("PATCH", f"/api/rules/{made['id']}", {"name": "X"}, If_Match='"1"')
    assert status == 412
    assert (await boss.call("DELETE", f"/api/rules/{made['id']}"))[0] == 204
    assert (await boss.call("DELETE", f"/api/rules/{made['id']}"))[0] == 404
    body = {"name": "X", "when": {"automatic": True}, "then": {"close": True}}
    assert (await agent.call("POST", "/api/rules", body))[0] == 403
    assert (await agent.call("GET", "/api/rules"))[0] == 403
    said = await hub.db["audit"].distinct("what", {"about": f"rule:{made['id']}"})
    assert sorted(said) == ["rule.added", "rule.changed", "rule.removed"]


@pytest.mark.parametrize(
    ("when", "then", "field"),
    [
        ({"subject_matches": "("}, {"close": True}, "when.subject_matches"),
        ({"subject_matches": "(?=a)"}, {"close": True}, "when.subject_matches"),
        ({}, {"close": True}, "when"),
        ({"automatic": True}, {}, "then"),
        ({"automatic": True}, {"queue": "nowhere"}, "then.queue"),
        ({"automatic": True}, {"assignee": "nobody"}, "then.assignee"),
        ({"automatic": True}, {"forward": ["not an address"]}, "then.forward"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_with_its_field(
    hub: Hub, signed_in: SignIn, when: Doc, then: Doc, field: str
) -> None:
    boss = await signed_in("boss", roles=["SU"])
    status, problem = await boss.call("POST", "/api/rules", {"name": "Bad", "when": when, "then": then})
    assert status == 422
    assert [each["path"] if "path" in each else each["field"] for each in problem["errors"]] == [field]


async def test_rules_are_tried_on_a_stored_message_without_doing_anything(hub: Hub, signed_in: SignIn) -> None:
    boss = await signed_in("boss", roles=["SU"])
    stored = await hub.stream.ingest(mail("<a@x>", "ada@example.com", subject="Invoice 7"))
    await keep(boss, "Saved", {"subject_contains": ["invoice"]}, {"tags": ["saved"]})
    status, tried = await boss.call("POST", "/api/rules/try", {"message": stored["id"]})
    assert (status, tried["tags"]) == (200, ["saved"])
    unsaved = {"name": "Unsaved", "when": {"from": ["ADA@example.com"]}, "then": {"archive": True}}
    _, tried = await boss.call("POST", "/api/rules/try", {"message": stored["id"], "rule": unsaved})
    assert (tried["state"], tried["tags"], tried["ruled"][0]["name"]) == ("archived", [], "Unsaved")
    conversation = await hub.db["conversations"].find_one({"_id": stored["conversation"]})
    assert conversation is not None
    assert (conversation["state"], conversation["tags"]) == ("open", [])
