"""Reconciling: nothing that came in may be missing or doubled, and the store says so itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.accounts.directory import Directory
from hub.reconcile import Reconciler, reconcile
from hub.settings import AccountSettings, Settings
from hub.store.client import Database, Doc
from hub.stream.stream import Stream
from hub.vault import Vault, installation_key
from tests.hub.far_side import ListingChannel
from tests.lab.envelopes import mail

CUSTOMER = "anna@customer.example"


def directory_of(db: Database, tmp_path: Path, channel: ListingChannel) -> Directory:
    key = installation_key(Settings(data=tmp_path, secret_key=SecretStr("a key for tests only")))
    accounts = {"support": AccountSettings(channel="listing")}
    return Directory(db, Vault(key), accounts, lambda _kind: channel)


async def counts(db: Database, directory: Directory) -> tuple[list[str], list[str], str | None]:
    [result] = await reconcile(db, directory, "support", second_look_s=0.01)
    return result.missing, result.doubled, result.error


def raw(name: str) -> Doc:
    return {"_id": name, "account": "support", "at": now() - timedelta(hours=1), "open": True}


async def test_what_the_far_side_has_and_the_store_has_is_neither_missing_nor_doubled(
    db: Database, stream: Stream, tmp_path: Path
) -> None:
    await stream.ingest(mail("<a@x>", CUSTOMER))
    await stream.ingest(mail("<a@x>", CUSTOMER))
    await stream.ingest(mail("<b@x>", CUSTOMER, ledger="INBOX/1/2"))
    directory = directory_of(db, tmp_path, ListingChannel(["<a@x>", "INBOX/1/2"]))
    assert await counts(db, directory) == ([], [], None)


async def test_what_only_the_far_side_has_is_missing(db: Database, stream: Stream, tmp_path: Path) -> None:
    await stream.ingest(mail("<a@x>", CUSTOMER))
    directory = directory_of(db, tmp_path, ListingChannel(["<a@x>", "<lost@x>"]))
    assert await counts(db, directory) == (["<lost@x>"], [], None)


async def test_what_arrives_between_the_two_looks_is_not_missing(db: Database, stream: Stream, tmp_path: Path) -> None:
    directory = directory_of(db, tmp_path, ListingChannel(["<late@x>"]))
    await db["raw"].insert_one(raw("r-late"))

    async def arrive() -> None:
        await stream.ingest(mail("<late@x>", CUSTOMER, raw="r-late"))

    async with asyncio.TaskGroup() as group:
        group.create_task(arrive())
        looking = group.create_task(reconcile(db, directory, "support", second_look_s=1.0))
    assert looking.result()[0].ok


async def test_raw_input_that_nothing_was_made_of_is_missing(db: Database, tmp_path: Path) -> None:
    await db["raw"].insert_one(raw("r1"))
    missing, _, _ = await counts(db, directory_of(db, tmp_path, ListingChannel()))
    assert missing == ["r1"]


async def test_what_is_in_quarantine_is_not_missing(db: Database, tmp_path: Path) -> None:
    await db["quarantine"].insert_one(
        {"account": "support", "external_id": "<bad@x>", "state": "waiting", "at": now(), "_id": "q"}
    )
    directory = directory_of(db, tmp_path, ListingChannel(["<bad@x>"]))
    [result] = await reconcile(db, directory, "support", second_look_s=0.01)
    assert (result.missing, result.quarantined) == ([], 1)


async def test_two_messages_of_one_raw_input_are_one_double(db: Database, stream: Stream, tmp_path: Path) -> None:
    await stream.ingest(mail("<a@x>", CUSTOMER, raw="r1"))
    second = await stream.ingest(mail("<made-up@x>", CUSTOMER, raw="r1"))
    _, doubled, _ = await counts(db, directory_of(db, tmp_path, ListingChannel()))
    assert doubled == [second["id"]]


async def test_one_id_with_two_contents_is_no_double_but_with_one_content_it_is(
    db: Database, stream: Stream, tmp_path: Path
) -> None:
    await stream.ingest(mail("<a@x>", CUSTOMER, fingerprint="1" * 64))
    second = await stream.ingest(mail("<a@x>", CUSTOMER, fingerprint="2" * 64))
    directory = directory_of(db, tmp_path, ListingChannel())
    assert (await counts(db, directory))[1] == []
    await db["messages"].update_one({"_id": second["id"]}, {"$set": {"fingerprint": "1" * 64}})
    assert (await counts(db, directory))[1] == [second["id"]]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["message", "repeat", "place", "quarantine", "nothing", "other account"]), max_size=12))
async def test_missing_is_exactly_what_the_store_has_in_no_form(db: Database, tmp_path: Path, forms: list[str]) -> None:
    for collection in ("messages", "repeats", "ledger", "quarantine"):
        await db[collection].delete_many({})
    for number, form in enumerate(forms):
        account = "other" if form == "other account" else "support"
        about = {"_id": f"{number}", "account": account, "external_id": f"<{number}@x>", "at": now()}
        match form:
            case "message" | "other account":
                await db["messages"].insert_one(about | {"seq": number})
            case "repeat":
                await db["repeats"].insert_one(about)
            case "place":
                await db["ledger"].insert_one(about | {"external_id": "<it@x>", "place": f"<{number}@x>"})
            case "quarantine":
                await db["quarantine"].insert_one(about | {"state": "waiting"})
    directory = directory_of(db, tmp_path, ListingChannel([f"<{n}@x>" for n in range(len(forms))]))
    lacking = [f"<{n}@x>" for n, form in enumerate(forms) if form in ("nothing", "other account")]
    assert await counts(db, directory) == (lacking, [], None)


async def test_a_far_side_that_cannot_be_asked_is_said_and_is_not_ok(
    db: Database, stream: Stream, tmp_path: Path
) -> None:
    await stream.ingest(mail("<a@x>", CUSTOMER))
    directory = directory_of(db, tmp_path, ListingChannel(["<a@x>"], away=True))
    [result] = await reconcile(db, directory, "support", second_look_s=0.01)
    assert not result.ok
    assert result.line() == "support: missing 0 doubled 0 (the far side could not be asked: the far side hung up)"


async def test_an_account_that_is_configured_no_more_is_still_looked_at(db: Database, tmp_path: Path) -> None:
    await db["raw"].insert_one(raw("r1") | {"account": "former"})
    results = await reconcile(db, directory_of(db, tmp_path, ListingChannel()), second_look_s=0.01)
    assert [(r.account, r.missing) for r in results] == [("former", ["r1"]), ("support", [])]


async def test_an_unknown_account_is_refused_by_name(db: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await reconcile(db, directory_of(db, tmp_path, ListingChannel()), "nobody")


async def test_the_result_is_kept_for_the_health_page(db: Database, tmp_path: Path) -> None:
    directory = directory_of(db, tmp_path, ListingChannel(["<lost@x>"]))
    await reconcile(db, directory, "support", second_look_s=0.01)
    [kept] = await Reconciler(db, directory).last()
    assert (kept["account"], kept["missing"], kept["missing_ids"], kept["doubled"]) == ("support", 1, ["<lost@x>"], 0)
