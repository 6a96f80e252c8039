"""Threading by subject: the sender is checked, generic subjects bring nothing together, ids win (S2.9.3-10)."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from crm_core.ground.clock import now
from hub.model.draft import Draft
from hub.model.envelope import Envelope, ThreadKey
from hub.model.subjects import bare_subject, telling_subject
from hub.store.client import Database
from hub.stream.stream import Stream
from tests.lab.envelopes import mail


def titled(message_id: str, sender: str, subject: str, *, days_ago: int = 0, **more: object) -> Envelope:
    """A mail without references, with the key that its subject gives."""
    envelope = mail(message_id, sender, subject=subject, **more)  # type: ignore[arg-type]
    envelope.at = now() - timedelta(days=days_ago)
    told = telling_subject(subject)
    if told:
        envelope.thread_keys = (*envelope.thread_keys, ThreadKey("subject", told[0], own=not told[1]))
    return envelope


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: Printer on fire", "printer on fire"),
        ("RE[2]: AW: WG: Printer on fire", "printer on fire"),
        ("回复：答复: 转发：打印机着火", "打印机着火"),
        ("Sv: VS: Odp: Antw: Rif: Printer on fire", "printer on fire"),
        ("[EXTERNAL] Re: Printer   on fire", "printer on fire"),
        ("返信: 转寄: プリンター", "プリンター"),
        ("Report: not a prefix", "report: not a prefix"),
    ],
)
def test_the_words_of_mail_programs_are_not_part_of_a_subject(subject: str, bare: str) -> None:
    assert bare_subject(subject)[0] == bare


@pytest.mark.parametrize(
    "subject", ["", "Re:", "Hello", "Re: Invoice", "回复: 发票", "你好", "12345", "(no subject)", "ok"]
)
def test_a_subject_that_says_too_little_brings_nothing_together(subject: str) -> None:
    assert telling_subject(subject) is None


async def test_an_answer_without_references_joins_by_its_subject_and_says_so(stream: Stream) -> None:
    first = await stream.ingest(titled("<a@x>", "ada@example.com", "Printer on fire"))
    answer = await stream.ingest(titled("<b@x>", "ada@example.com", "AW: Printer on fire"))
    assert answer["conversation"] == first["conversation"]
    assert answer["joined_because"] == {"reason": "subject", "detail": "printer on fire"}


async def test_the_same_subject_from_a_stranger_joins_nothing(stream: Stream) -> None:
    first = await stream.ingest(titled("<a@x>", "ada@example.com", "Printer on fire"))
    stranger = await stream.ingest(titled("<b@x>", "eve@evil.example", "Re: Printer on fire"))
    other_account = await stream.ingest(titled("<c@x>", "ada@example.com", "Re: Printer on fire", account="sales"))
    assert len({first["conversation"], stranger["conversation"], other_account["conversation"]}) == 3


async def test_two_mails_that_both_begin_something_stay_apart(stream: Stream) -> None:
    first = await stream.ingest(titled("<a@x>", "ada@example.com", "Weekly order list"))
    second = await stream.ingest(titled("<b@x>", "ada@example.com", "Weekly order list"))
    assert first["conversation"] != second["conversation"]
    answer = await stream.ingest(titled("<c@x>", "ada@example.com", "Re: Weekly order list"))
    assert answer["conversation"] == second["conversation"], "the newest takes the answer"


async def test_an_old_or_finished_conversation_is_not_joined_by_subject(stream: Stream, db: Database) -> None:
    await stream.ingest(titled("<a@x>", "ada@example.com", "Printer on fire", days_ago=15))
    late = await stream.ingest(titled("<b@x>", "ada@example.com", "Re: Printer on fire"))
    assert late["joined_because"]["reason"] == "opened"
    await db["conversations"].update_many({}, {"$set": {"state": "closed"}})
    closed = await stream.ingest(titled("<c@x>", "ada@example.com", "Re: Printer on fire"))
    assert closed["joined_because"]["reason"] == "opened"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_order_of_arrival_does_not_matter(stream: Stream, db: Database, order: tuple[int, ...]) -> None:
    mails = [
        titled("<a@x>", "ada@example.com", "Printer on fire", cc=("bob@example.com",)),
        titled("<b@x>", "bob@example.com", "Re: Printer on fire", days_ago=-1),
        mail("<c@x>", "bob@example.com", refers=("<a@x>",), subject="Re: Printer on fire"),
    ]
    for number in order:
        await stream.ingest(mails[number])
    assert len(await db["messages"].distinct("conversation")) == 1


async def test_what_comes_late_takes_in_the_answer_that_we_have_answered_already(stream: Stream) -> None:
    answer = await stream.ingest(titled("<b@x>", "ada@example.com", "Re: Printer on fire"))
    await stream.send(Draft(conversation=answer["conversation"], author="u1", text="What printer?"))
    late = await stream.ingest(titled("<a@x>", "ada@example.com", "Printer on fire", days_ago=1))
    assert late["conversation"] == answer["conversation"]


async def test_a_new_matter_does_not_join_an_answer_that_was_written_before_it(stream: Stream) -> None:
    answer = await stream.ingest(titled("<b@x>", "ada@example.com", "Re: Printer on fire", days_ago=2))
    new = await stream.ingest(titled("<a@x>", "ada@example.com", "Printer on fire"))
    assert new["conversation"] != answer["conversation"]


async def test_ids_win_over_the_subject(stream: Stream) -> None:
    named = await stream.ingest(mail("<n@x>", "ada@example.com", subject="Something else"))
    await stream.ingest(titled("<a@x>", "ada@example.com", "Printer on fire"))
    answer = titled("<b@x>", "ada@example.com", "Re: Printer on fire")
    answer.thread_keys = (*answer.thread_keys, ThreadKey("reference", "<n@x>"))
    stored = await stream.ingest(answer)
    assert stored["conversation"] == named["conversation"]
    assert stored["joined_because"]["reason"] == "reference"


async def test_a_reference_wins_over_a_token_that_names_another_conversation(stream: Stream) -> None:
    """After a split the answers to what was split off go there, though the reply address names the first one."""
    one = await stream.ingest(mail("<a@x>", "ada@example.com"))
    two = await stream.ingest(mail("<b@x>", "ada@example.com"))
    answer = mail("<c@x>", "ada@example.com", refers=("<b@x>",))
    answer.thread_keys = (ThreadKey("token", one["conversation"]), *answer.thread_keys)
    assert (await stream.ingest(answer))["conversation"] == two["conversation"]


async def test_an_answer_to_what_we_wrote_finds_back_by_its_subject(stream: Stream) -> None:
    first = await stream.ingest(titled("<a@x>", "ada@example.com", "Printer on fire", days_ago=20))
    await stream.send(
        Draft(conversation=first["conversation"], author="u1", text="We come.", subject="Re: Printer on fire")
    )
    answer = await stream.ingest(titled("<b@x>", "ada@example.com", "Re: Printer on fire"))
    assert answer["conversation"] == first["conversation"]
