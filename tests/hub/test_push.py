"""Browser push: sealed for one browser, sent once, only where it was chosen and nobody looks. (S2.1.2)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.desk.notice_store import News, store_news
from hub.desk.push.encryption import MOST_BYTES, encrypted, point, url_text
from hub.desk.push.messages import place_of
from hub.desk.push.push_reader import PushReader
from hub.desk.push.rules import MOST_TRIES, PushAnswer, PushUnavailable, outcome_of, pause
from hub.desk.push.subscriptions import MOST, wrong_endpoint
from hub.main import Hub
from hub.settings import PushSettings, Settings
from hub.vault import derived_key_pair
from hub.web.push_post import PushPost
from tests.conftest import SignedIn, SignIn
from tests.hub.test_console_hub import Listen, listen  # noqa: F401 - a fixture
from tests.hub.test_notices import until
from tests.lab.push_service import Browser, PushService, opened, to_bytes, to_text

CHOICES = {"window": True, "flash": True, "sound": True, "push": True}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[PushService]:
    """A push service on this machine."""
    async with PushService(tmp_path) as service:
        yield service


@pytest.fixture
def settings(settings: Settings, service: PushService) -> Settings:
    """A house that uses that push service."""
    push = PushSettings(hosts=("127.0.0.1",), contact="mailto:it@demo.local", inside=True, ca=service.ca, per_minute=5)
    return settings.model_copy(update={"push": push})


async def subscribed(hub: Hub, service: PushService, person: SignedIn) -> Browser:
    """A browser of a person who chose push, in a house that allows it."""
    await hub.db["parameters"].update_one({"_id": "browser-push"}, {"$set": {"value": True}}, upsert=True)
    assert (await person.call("PUT", "/api/me/assistant", CHOICES))[0] == 200
    shown = (await person.call("GET", "/api/me/push"))[1]
    assert shown["enabled"]
    browser = service.subscribe(shown["public_key"])
    status, added = await person.call("POST", "/api/me/push", browser.as_body())
    assert (status, added["current"], added["host"]) == (201, True, "127.0.0.1")
    return browser


async def tell(hub: Hub, person: SignedIn, key: str, cause: str = "mention", **more: Any) -> None:
    """Something happened that this person is told."""
    await store_news(
        hub.units, [News(user=person.user, key=key, cause=cause, title=f"Title {key}", text="secret words", **more)]
    )


async def got(browser: Browser, count: int = 1) -> list[dict[str, Any]]:
    """The messages of a browser, as soon as there are so many."""

    async def enough() -> bool:
        return len(browser.got) >= count

    await until(enough, 30)
    return [content for content, _ in browser.got]


async def ended(hub: Hub, **where: Any) -> dict[str, Any]:
    """The push that is not waiting any more."""
    found: dict[str, Any] = await until(
        lambda: hub.db["pushes"].find_one({"state": {"$in": ["sent", "dropped"]}} | where), 30
    )
    return found


def test_the_encryption_gives_what_the_standard_says() -> None:
    """RFC 8291, appendix A."""
    own = ec.derive_private_key(int.from_bytes(to_bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1())
    browser = ec.derive_private_key(
        int.from_bytes(to_bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), ec.SECP256R1()
    )
    auth = to_bytes("BTBZMqHH6r4Tts7J_aSIgg")
    words = b"When I grow up, I want to be a watermelon"
    body = encrypted(words, point(browser.public_key()), auth, own, to_bytes("DGv6ra1nlYgDCS1FRnbzlw"))
    assert to_text(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr"
        "u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert opened(body, browser, auth) == words
    most = encrypted(b"x" * MOST_BYTES, point(browser.public_key()), auth)
    assert len(most) == 4096
    assert opened(most, browser, auth) == b"x" * MOST_BYTES


def test_the_senders_key_is_the_same_on_every_hub_and_another_in_every_house() -> None:
    keys = [url_text(point(derived_key_pair(key, "vapid").public_key())) for key in (b"a" * 32, b"a" * 32, b"b" * 32)]
    assert keys[0] == keys[1] != keys[2]
    assert len(to_bytes(keys[0])) == 65


def test_what_follows_from_an_answer() -> None:
    """RFC 8030: taken, gone, again later, never."""
    outcomes = {
        status: outcome_of(PushAnswer(status), 1) for status in (200, 201, 404, 410, 429, 500, 503, 400, 413, 301)
    }
    assert [status for status, outcome in outcomes.items() if outcome == "sent"] == [200, 201]
    assert [status for status, outcome in outcomes.items() if outcome == "gone"] == [404, 410]
    assert [status for status, outcome in outcomes.items() if outcome == "again"] == [429, 500, 503]
    assert outcome_of(None, 1) == "again"
    assert outcome_of(None, MOST_TRIES) == "dropped"
    assert pause(PushAnswer(429, 60), 1).total_seconds() == 60
    assert pause(PushAnswer(429, 10**9), 1).total_seconds() <= 600
    assert pause(None, 4) > pause(None, 1)


@pytest.mark.parametrize(
    ("endpoint", "good"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("https://fcm.googleapis.com:8443/abc", False),
        ("http://fcm.googleapis.com/abc", False),
        ("https://me@fcm.googleapis.com/abc", False),
        ("https://fcm.googleapis.com.evil.example/abc", False),
        ("https://evilpush.apple.com/abc", False),
        ("https://127.0.0.1/abc", False),
        ("https://[::1]/abc", False),
        ("https://fcm.googleapis.com:x/abc", False),
        ("ftp:abc", False),
    ],
)
def test_only_known_push_services_are_called(endpoint: str, good: bool) -> None:
    assert (wrong_endpoint(endpoint, PushSettings()) is None) is good


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_inside_is_not_called(service: PushService, address: str) -> None:
    """A push service's name may have been made to point at a neighbour of ours."""

    async def resolve(_: str) -> list[str]:
        return [address]

    post = PushPost(PushSettings(ca=service.ca), resolve)
    for endpoint in (
        f"https://push.example:{service.port}/push/x",
        f"https://{address}:{service.port}/push/x",
        "http://x/",
    ):
        with pytest.raises(PushUnavailable):
            await post(endpoint, {}, b"x")
    assert service.asked == 0


async def test_a_notice_wakes_the_browser_and_says_no_more_than_it_must(
    hub: Hub, service: PushService, signed_in: SignIn
) -> None:
    """The service itself checks headers and sender, and opens the content."""
    ada = await signed_in("ada")
    browser = await subscribed(hub, service, ada)
    await tell(hub, ada, "a", "record", about={"type": "contact", "record": "c1"})
    await tell(hub, ada, "b", "delivery.failed", about={"conversation": "nowhere"})
    first, second = sorted(await got(browser, 2), key=lambda content: str(content["kind"]))
    assert set(first) == {"id", "kind", "title", "path", "language"}
    assert (first["kind"], first["title"], first["path"]) == ("ordinary", "Title a", "/console/records/contact/c1")
    assert (second["kind"], second["title"], second["path"]) == ("warning", "", "/console/inbox/nowhere")
    assert first["language"] == "en"
    headers = {content["kind"]: sent for content, sent in browser.got}
    assert headers["ordinary"]["Topic"] == first["id"]
    assert [headers[kind]["Urgency"] for kind in ("ordinary", "warning")] == ["normal", "high"]
    assert service.refused == []


async def test_a_conversation_without_subject_does_not_give_its_message_away(
    hub: Hub, service: PushService, signed_in: SignIn
) -> None:
    """The title of such a notice is the beginning of a message; its push has none."""
    ada = await signed_in("ada")
    browser = await subscribed(hub, service, ada)
    await hub.db["conversations"].insert_one({"_id": "c9", "subject": "", "preview": "secret words"})
    await tell(hub, ada, "a", "assignment", about={"conversation": "c9"})
    [content] = await got(browser)
    assert content["title"] == ""


async def test_seen_twice_is_sent_once(hub: Hub, service: PushService, signed_in: SignIn) -> None:
    """After a crash the reader sees events again."""
    ada = await signed_in("ada")
    browser = await subscribed(hub, service, ada)
    await tell(hub, ada, "a")
    await got(browser)
    await ended(hub)
    event = await hub.db["events"].find_one({"name": "notice.changed"})
    assert event is not None
    for _ in range(2):
        await PushReader(hub.db, hub.notices.push_sender.wake).handle([event])
    await tell(hub, ada, "b")
    assert [content["title"] for content in await got(browser, 2)] == ["Title a", "Title b"]
    assert await hub.db["pushes"].count_documents({}) == 2


async def test_a_service_that_is_busy_is_asked_again(hub: Hub, service: PushService, signed_in: SignIn) -> None:
    """RFC 8030: 5xx and 429 pass; a pause that is asked for is kept."""
    ada = await signed_in("ada")
    browser = await subscribed(hub, service, ada)
    service.answers = [(503, {}), (429, {"Retry-After": "40"})]
    begun = now()
    await tell(hub, ada, "a")
    await until(lambda: hub.db["pushes"].find_one({"tries": 1}))
    await hub.db["pushes"].update_one({}, {"$set": {"due": begun}})
    waiting = await until(lambda: hub.db["pushes"].find_one({"tries": 2}))
    assert (waiting["due"] - begun).total_seconds() >= 39
    assert browser.got == []
    await hub.db["pushes"].update_one({}, {"$set": {"due": begun}})
    await got(browser)
    assert (await ended(hub))["state"] == "sent"
    assert service.asked == 3


@pytest.mark.parametrize("how", ["gone", "other sender"])
async def test_a_browser_that_is_gone_is_forgotten(hub: Hub, service: PushService, signed_in: SignIn, how: str) -> None:
    ada = await signed_in("ada")
    browser, other = await subscribed(hub, service, ada), await subscribed(hub, service, ada)
    if how == "gone":
        browser.gone = True
    else:
        browser.sender = "another"
    await tell(hub, ada, "a")
    await got(other)
    await ended(hub, state="dropped")
    items = (await ada.call("GET", "/api/me/push"))[1]["items"]
    assert len(items) == 1
    assert browser.got == []


async def test_nothing_is_sent_where_it_was_not_chosen_or_has_been_seen(
    hub: Hub, service: PushService, signed_in: SignIn
) -> None:
    """The person's choice, the house's two switches, the notice's state: whatever holds when it would be sent."""
    ada = await signed_in("ada")
    browser = await subscribed(hub, service, ada)
    assert (await ada.call("PUT", "/api/me/assistant", CHOICES | {"push": False}))[0] == 200
    await tell(hub, ada, "a")
    assert (await ended(hub))["why"] == "not chosen"
    assert (await ada.call("PUT", "/api/me/assistant", CHOICES))[0] == 200
    for number, switch in enumerate(("assistant", "browser-push")):
        await hub.db["parameters"].update_one({"_id": switch}, {"$set": {"value": False}}, upsert=True)
        await tell(hub, ada, f"off {number}")
        await until(lambda n=number: _count(hub, 2 + n, why="not chosen"))  # type: ignore[misc]
        await hub.db["parameters"].update_one({"_id": switch}, {"$set": {"value": True}})
    service.answers = [(503, {})]
    await tell(hub, ada, "read")
    await until(lambda: hub.db["pushes"].find_one({"tries": 1}))
    await ada.call("POST", "/api/notices/state", {"state": "read"})
    await hub.db["pushes"].update_many({"tries": 1}, {"$set": {"due": now()}})
    await ended(hub, why="seen or old")
    assert browser.got == []


async def _count(hub: Hub, least: int, **where: Any) -> bool:
    return await hub.db["pushes"].count_documents(where) >= least


async def test_who_looks_at_a_console_is_not_woken(
    hub: Hub,
    service: PushService,
    signed_in: SignIn,
    listen: Listen,  # noqa: F811 - the fixture
) -> None:
    """A visible tab counts on every hub; a hidden one, or one that is gone, does not."""
    ada = await signed_in("ada")
    browser = await subscribed(hub, service, ada)
    console = await listen(ada)
    await console.ask("look", {"visible": True})
    await tell(hub, ada, "a")
    assert (await ended(hub))["why"] == "looking"
    await console.ask("look", {"visible": False})
    await tell(hub, ada, "b")
    await got(browser)
    await console.ask("look", {"visible": True})
    await console.io.disconnect()
    await until(lambda: _nobody_looks(hub), 30)
    await tell(hub, ada, "c")
    assert [content["title"] for content in await got(browser, 2)] == ["Title b", "Title c"]


async def _nobody_looks(hub: Hub) -> bool:
    return await hub.db["looking"].count_documents({}) == 0


@pytest.mark.parametrize("how", ["signed out", "ran out"])
async def test_a_subscription_ends_with_its_sign_in(
    hub: Hub, service: PushService, signed_in: SignIn, how: str
) -> None:
    ada, still = await signed_in("ada"), await signed_in("ada")
    browser, other = await subscribed(hub, service, ada), await subscribed(hub, service, still)
    if how == "signed out":
        assert (await ada.call("DELETE", "/api/session"))[0] in (200, 204)
        await until(lambda: _left(hub, 1))
    else:
        first = await hub.db["push_subscriptions"].find_one({"endpoint": browser.endpoint})
        assert first is not None
        await hub.db["sessions"].update_one({"_id": first["sign_in"]}, {"$set": {"expires_at": now()}})
    await tell(hub, still, "a")
    await got(other)
    await until(lambda: _left(hub, 1))
    assert browser.got == []


async def _left(hub: Hub, count: int) -> bool:
    return await hub.db["push_subscriptions"].count_documents({}) == count


async def test_a_flood_waits_and_others_do_not(hub: Hub, service: PushService, signed_in: SignIn) -> None:
    """At most five a minute to one person here."""
    ada, ben = await signed_in("ada"), await signed_in("ben")
    browser, bens = await subscribed(hub, service, ada), await subscribed(hub, service, ben)
    await asyncio.gather(*(tell(hub, ada, str(number)) for number in range(8)))
    await until(lambda: _count(hub, 3, state="waiting", due={"$gt": now()}), 30)
    await tell(hub, ben, "b")
    await got(bens)
    assert len(browser.got) == 5
    await hub.db["pushes"].update_many({"state": "sent"}, {"$set": {"sent_at": now() - timedelta(hours=1)}})
    await hub.db["pushes"].update_many({"state": "waiting"}, {"$set": {"due": now()}})
    assert len({content["id"] for content in await got(browser, 8)}) == 8


async def test_only_the_own_browsers_and_only_in_person(hub: Hub, service: PushService, signed_in: SignIn) -> None:
    """Rights, and errors that name the field."""
    ada, ben = await signed_in("ada"), await signed_in("ben")
    browser = await subscribed(hub, service, ada)
    [mine] = (await ada.call("GET", "/api/me/push"))[1]["items"]
    assert (await ben.call("GET", "/api/me/push"))[1]["items"] == []
    assert (await ben.call("DELETE", f"/api/me/push/{mine['id']}"))[0] == 404
    good = browser.as_body()
    for wrong, path in (
        (good | {"endpoint": "https://127.0.0.2/x"}, "endpoint"),
        (good | {"keys": good["keys"] | {"p256dh": "B" * 87}}, "keys.p256dh"),
        (good | {"keys": good["keys"] | {"auth": "A" * 30}}, "keys.auth"),
    ):
        status, problem = await ada.call("POST", "/api/me/push", wrong)
        assert (status, [error["path"] for error in problem["errors"]]) == (422, [path])
    token = (await ada.call("POST", "/api/me/tokens", {"name": "bot", "scopes": ["read", "write"]}))[1]["secret"]
    bearer = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(hub.url) as http, http.post("/api/me/push", json=good, headers=bearer) as answer:
        assert answer.status == 403
    assert (await ada.call("DELETE", f"/api/me/push/{mine['id']}"))[0] in (200, 204)
    assert (await ada.call("GET", "/api/me/push"))[1]["items"] == []


async def test_a_person_has_so_many_browsers_and_a_house_may_have_none(
    hub: Hub, service: PushService, signed_in: SignIn
) -> None:
    """The one that was added first gives way; off until an administrator opens it."""
    ada = await signed_in("ada")
    shown = (await ada.call("GET", "/api/me/push"))[1]
    assert shown["enabled"] is False
    browser = service.subscribe(shown["public_key"])
    assert (await ada.call("POST", "/api/me/push", browser.as_body()))[0] == 409
    browsers = [await subscribed(hub, service, ada) for _ in range(MOST + 1)]
    kept = {doc["endpoint"] async for doc in hub.db["push_subscriptions"].find()}
    assert kept == {each.endpoint for each in browsers[1:]}
    again = browsers[-1].as_body()
    assert (await ada.call("POST", "/api/me/push", again))[0] == 201
    assert await _left(hub, MOST)
    secrets = [doc["auth"] async for doc in hub.db["push_subscriptions"].find()]
    assert to_text(browsers[-1].auth) not in secrets


def test_a_click_leads_where_the_notice_would() -> None:
    assert place_of("mention", {"conversation": "c1", "message": "m1"}) == "/console/inbox/c1"
    assert place_of("announcement", {"announcement": "a"}) == "/console/notices?tab=announcements"
    assert place_of("internal", {"internal": new_id()}) == "/console/notices"
