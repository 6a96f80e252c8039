"""Recordings over HTTP: ranges, the list, the hold, the rules, the export (S2.9.9-09)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.main import Hub
from hub.settings import Settings
from hub.store.client import Doc
from tests.conftest import SignedIn, SignIn
from tests.workers.recording_house import recorded, settings_for, tape, wav, work_of
from workers.tasks.recording_export import export_recordings
from workers.tasks.recordings import fetch_recordings

SOUND = wav(1)


@pytest.fixture
async def supervisor(hub: Hub, signed_in: SignIn) -> SignedIn:
    """Who may hear everything."""
    return await signed_in("sue", roles=["SU"])


class Shelf:
    """Puts recordings of calls into the hub's store, as the workers do."""

    def __init__(self, hub: Hub, settings: Settings, folder: Path) -> None:
        self.hub = hub
        self._work = work_of(settings, hub.db, hub.units)
        self._folder = folder

    async def put(self, name: str, seconds: float = 1, **part: Any) -> Doc:
        """A call with one recording."""
        call = await recorded(self.hub.stream, tape(name), call=name, **part)
        (self._folder / f"{name}.wav").write_bytes(wav(seconds))
        await fetch_recordings(self._work, call["_id"])
        return call

    async def export(self, job: str) -> None:
        """Do an export that was asked for."""
        found = await self.hub.db["jobs"].find_one({"_id": job})
        assert found is not None
        await export_recordings(self._work, **found["arguments"])


@pytest.fixture
def shelf(hub: Hub, mongo_url: str, prepared_database: str, tmp_path: Path) -> Shelf:
    """Of this hub."""
    folder = tmp_path / "monitor"
    folder.mkdir()
    return Shelf(hub, settings_for(mongo_url, prepared_database, folder), folder)


async def test_a_recording_is_given_in_parts(shelf: Shelf, supervisor: SignedIn) -> None:
    """S2.9.9-09: 206, 416, If-Range, If-None-Match, HEAD; played in place, or saved under its name."""
    call = await shelf.put("c.1")
    path, size = f"/api/calls/{call['message']}/recording", len(SOUND)
    http = supervisor.http
    async with http.get(path) as answer:
        assert (answer.status, await answer.read()) == (200, SOUND)
        tag = answer.headers["ETag"]
        assert (answer.headers["Content-Type"], answer.headers["Accept-Ranges"]) == ("audio/wav", "bytes")
        assert answer.headers["Content-Disposition"].startswith("inline")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    for asked, start, end in (("0-99", 0, 99), ("100-", 100, size - 1), ("-50", size - 50, size - 1)):
        async with http.get(path, headers={"Range": f"bytes={asked}"}) as answer:
            assert (answer.status, await answer.read()) == (206, SOUND[start : end + 1])
            assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{size}"
    async with http.get(path, headers={"Range": f"bytes={size}-"}) as answer:
        assert answer.status == 416
        assert (await answer.json())["code"] == "bad-range"
    async with http.get(path, headers={"Range": "bytes=0-9", "If-Range": tag}) as answer:
        assert answer.status == 206
    async with http.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'}) as answer:
        assert answer.status == 200
    async with http.get(path, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    async with http.head(path) as answer:
        assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, str(size), b"")
    async with http.get(f"{path}?download=true") as answer:
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''c.1.wav"
    seen = [doc["what"] async for doc in shelf.hub.db["audit"].find({"about": call["message"]}).sort("_id", 1)]
    assert seen == ["recording.played", "recording.downloaded"]


async def test_the_bytes_are_reached_by_no_other_door(shelf: Shelf, supervisor: SignedIn, signed_in: SignIn) -> None:
    """The file store has them, but its own route gives them to nobody; nor is anything given without signing in."""
    call = await shelf.put("c.1")
    _, message = await supervisor.call("GET", f"/api/messages/{call['message']}")
    [one] = message["call"]["recordings"]
    assert (await supervisor.call("GET", f"/api/files/{one['file']}"))[0] == 404
    agent = await signed_in("ann", roles=["SA"], queues=["support"])
    for method, path in (("GET", "recording"), ("HEAD", "recording"), ("GET", "recording/peaks")):
        assert (await agent.call(method, f"/api/calls/{call['message']}/{path}"))[0] == 404
    assert (await agent.call("PUT", f"/api/calls/{call['message']}/legal-hold", {"reason": "x"}))[0] == 403
    period = {"since": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}
    assert (await agent.call("POST", "/api/recordings/export", period))[0] == 403
    assert (await agent.call("PUT", "/api/recordings/rules/support", {"days": 1}))[0] == 403
    assert (await supervisor.call("PUT", "/api/recordings/rules/support", {"days": 1}))[0] == 403


async def test_recordings_are_listed_by_time_queue_number(shelf: Shelf, supervisor: SignedIn) -> None:
    """Newest first, page by page, each once."""
    for number in range(5):
        await shelf.put(f"c.{number}", queue="sales" if number % 2 else "support", number=f"+86138001380{number:02}")
    found: list[str] = []
    after = ""
    while True:
        _, page = await supervisor.call("GET", f"/api/recordings?limit=2{after}")
        found += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert sorted(found) == [f"pbx|c.{number}" for number in range(5)]
    for query, count in (
        ("queue=sales", 2), ("number=%2B8613800138000", 1), ("agent=nobody", 0), ("since=2030-01-01T00:00:00Z", 0),
        ("until=2030-01-01T00:00:00Z", 5),
    ):  # fmt: skip
        _, page = await supervisor.call("GET", f"/api/recordings?{query}")
        assert len(page["items"]) == count, query
    assert (await supervisor.call("GET", "/api/recordings?since=yesterday"))[0] == 422


async def test_a_hold_and_a_rule_are_set_and_audited(shelf: Shelf, supervisor: SignedIn, signed_in: SignIn) -> None:
    """The hold shows on the message; the rule is an administrator's."""
    call = await shelf.put("c.1")
    path = f"/api/calls/{call['message']}/legal-hold"
    assert (await supervisor.call("PUT", path, {"reason": "a lawsuit"}))[0] == 204
    _, message = await supervisor.call("GET", f"/api/messages/{call['message']}")
    assert message["call"]["legal_hold"]["reason"] == "a lawsuit"
    _, page = await supervisor.call("GET", "/api/recordings")
    assert page["items"][0]["hold"]["name"] == "Sue"
    assert (await supervisor.call("PUT", path, {"reason": None}))[0] == 204
    assert (await supervisor.call("PUT", "/api/calls/none/legal-hold", {"reason": "x"}))[0] == 404
    admin = await signed_in("root", roles=["admin"])
    assert (await admin.call("PUT", "/api/recordings/rules/nowhere", {"days": 1}))[0] == 404
    assert await admin.call("PUT", "/api/recordings/rules/support", {"days": 30}) == (
        200, {"queue": "support", "days": 30},
    )  # fmt: skip
    _, rules = await supervisor.call("GET", "/api/recordings/rules")
    assert rules["items"] == [{"queue": "support", "days": 30}]
    what = [d["what"] async for d in shelf.hub.db["audit"].find({"what": {"$regex": "^recording"}}).sort("_id", 1)]
    assert what == ["recording.held", "recording.released", "recording.rule"]


async def test_an_export_is_asked_for_and_fetched_by_who_asked(
    shelf: Shelf, supervisor: SignedIn, signed_in: SignIn
) -> None:
    """The zip belongs to the person who asked for it."""
    await shelf.put("c.1")
    period = {"since": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}
    status, asked = await supervisor.call("POST", "/api/recordings/export", period)
    assert status == 202
    await shelf.export(asked["job"])
    status, data = await supervisor.call("GET", f"/api/files/{asked['file']}")
    assert (status, data[:2]) == (200, b"PK")
    other = await signed_in("max", roles=["SU"])
    assert (await other.call("GET", f"/api/files/{asked['file']}"))[0] == 404
    assert (await supervisor.call("POST", "/api/recordings/export", {"since": period["since"]}))[0] == 422
