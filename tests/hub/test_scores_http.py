"""Quality scores of recorded calls: who scores, who sees, what is kept (S2.9.9, quality)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.main import Hub
from tests.conftest import SignedIn, SignIn
from tests.hub.test_recordings_http import Shelf
from tests.workers.recording_house import settings_for

SHEET = {
    "en": "Service", "zh": "服务",
    "criteria": [
        {"en": "Greeting", "zh": "问候", "weight": 1, "most": 5},
        {"en": "Solution", "zh": "解决", "weight": 3, "most": 10},
    ],
}  # fmt: skip


@pytest.fixture
def shelf(hub: Hub, mongo_url: str, prepared_database: str, tmp_path: Path) -> Shelf:
    """Puts recordings into the hub's store."""
    folder = tmp_path / "monitor"
    folder.mkdir()
    return Shelf(hub, settings_for(mongo_url, prepared_database, folder), folder)


class Jury:
    """Two supervisors, an agent with extension 1001, and somebody else."""

    def __init__(self, sue: SignedIn, max_: SignedIn, ann: SignedIn, eve: SignedIn) -> None:
        self.sue, self.max, self.ann, self.eve = sue, max_, ann, eve
        self.sheet: Any = None

    @property
    def criteria(self) -> tuple[str, str]:
        first, second = self.sheet["criteria"]
        return first["id"], second["id"]

    async def score(self, who: SignedIn, call: str, greeting: int, solution: int, **more: Any) -> tuple[int, Any]:
        points = dict(zip(self.criteria, (greeting, solution), strict=True))
        return await who.call("PUT", f"/api/calls/{call}/scores/{self.sheet['id']}", {"points": points, **more})


@pytest.fixture
async def jury(hub: Hub, signed_in: SignIn) -> Jury:
    """With a sheet."""
    jury = Jury(
        await signed_in("sue", roles=["SU"]), await signed_in("max", roles=["SU"]),
        await signed_in("ann", roles=["SA"], queues=["support"]), await signed_in("eve", roles=["SA"], queues=["support"]),
    )  # fmt: skip
    await hub.db["record_user"].update_one({"_id": jury.ann.user}, {"$set": {"extension": "1001"}})
    status, jury.sheet = await jury.sue.call("POST", "/api/score-sheets", SHEET)
    assert status == 201
    return jury


async def test_a_score_is_weighted_changed_and_its_history_kept(shelf: Shelf, jury: Jury) -> None:
    """One score per sheet, scorer and call; the list of recordings shows the average."""
    call = (await shelf.put("c.1"))["message"]
    status, first = await jury.score(jury.sue, call, 5, 5, note="good")
    assert (status, first["total"], first["agent"]["id"]) == (200, 62.5, jury.ann.user)  # (1*1 + 3*0.5) / 4
    status, second = await jury.score(jury.sue, call, 5, 10, note="better on a second hearing")
    assert (second["id"], second["total"]) == (first["id"], 100)
    assert [(each["total"], each["note"]) for each in second["history"]] == [(62.5, "good")]
    status, other = await jury.score(jury.max, call, 0, 0)
    assert (status, other["total"]) == (200, 0)
    _, page = await jury.sue.call("GET", f"/api/calls/{call}/scores")
    assert len(page["items"]) == 2
    _, listed = await jury.sue.call("GET", "/api/recordings")
    assert listed["items"][0]["score"] == 50
    _, averages = await jury.sue.call("GET", "/api/scores/averages")
    assert averages["items"] == [{"agent": {"id": jury.ann.user, "name": "Ann"}, "average": 50, "scores": 2}]
    _, none = await jury.sue.call("GET", "/api/scores/averages?until=2020-01-01T00:00:00Z")
    assert none["items"] == []


async def test_points_that_the_sheet_does_not_take_are_named(shelf: Shelf, jury: Jury) -> None:
    call = (await shelf.put("c.1"))["message"]
    status, answer = await jury.score(jury.sue, call, 6, 3)
    assert (status, [each["path"] for each in answer["errors"]]) == (422, [f"points.{jury.criteria[0]}"])
    path = f"/api/calls/{call}/scores/{jury.sheet['id']}"
    status, answer = await jury.sue.call("PUT", path, {"points": {jury.criteria[0]: 1, "x": 1}})
    assert {each["path"] for each in answer["errors"]} == {f"points.{jury.criteria[1]}", "points.x"}
    assert (await jury.score(jury.sue, call, 1, 1, agent=jury.eve.user))[0] == 422
    assert (await jury.score(jury.sue, "none", 1, 1))[0] == 404
    await jury.sue.call("PATCH", f"/api/score-sheets/{jury.sheet['id']}", {"active": False})
    assert (await jury.score(jury.sue, call, 1, 1))[0] == 409


async def test_agents_see_and_answer_their_own_scores_only(shelf: Shelf, hub: Hub, jury: Jury) -> None:
    """The right: 403 to score, nothing of others' scores, a comment by the one it is about."""
    call = (await shelf.put("c.1"))["message"]
    _, score = await jury.score(jury.sue, call, 3, 3)
    for agent in (jury.ann, jury.eve):
        assert (await jury.score(agent, call, 5, 10))[0] == 403
        assert (await agent.call("GET", "/api/scores/averages"))[0] == 403
        assert (await agent.call("POST", "/api/score-sheets", SHEET))[0] == 403
    _, mine = await jury.ann.call("GET", "/api/me/scores")
    assert [each["id"] for each in mine["items"]] == [score["id"]]
    for path in ("/api/me/scores", f"/api/calls/{call}/scores"):
        assert (await jury.eve.call("GET", path))[1]["items"] == []
    path = f"/api/scores/{score['id']}/comments"
    assert (await jury.eve.call("POST", path, {"text": "hm"}))[0] == 404
    status, answered = await jury.ann.call("POST", path, {"text": "The line was bad."})
    assert (status, answered["comments"][0]["by"]["id"]) == (201, jury.ann.user)
    await hub.db["record_user"].update_one({"_id": jury.ann.user}, {"$set": {"extension": "1002"}})
    await hub.db["recordings"].update_many({}, {"$set": {"agents.0.user": jury.sue.user}})
    assert (await jury.score(jury.sue, call, 5, 10))[0] == 403  # nobody scores their own call
