"""A message rule that asks whoever saves whom to tell."""

from __future__ import annotations

from hub.main import Hub
from tests.conftest import SignIn
from tests.hub.rule_house import customer, read_to_the_end, shown, start_rule, told


async def test_who_saves_is_asked_and_only_the_chosen_are_told(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-02: candidates are those who may read the record; an answer that is sent twice tells nothing twice."""
    mia, sue, tom = await signed_in("mia", roles=["SM"]), await signed_in("sue", roles=["SM"]), await signed_in("tom")
    recipients = [{"by": "role", "value": "SM"}, {"by": "owner"}]
    rule = await start_rule(hub, ask=True, field="short_name", recipients=recipients)
    acme = await customer(hub, "Acme", owner=mia.user)
    place = f"/api/records/customer/{acme}"
    status, same = await mia.call("PATCH", place, {"name": "Acme"}, If_Match="1")
    assert (status, same["asks"]) == (200, [])
    status, row = await mia.call("PATCH", place, {"short_name": "A"}, If_Match="1")
    [ask] = row["asks"]
    assert ask == {"rule": rule, "name": "Rule", "revision": 2, "candidates": [{"id": sue.user, "name": "Sue"}]}
    answer = {"record": acme, "revision": 2, "users": [sue.user]}
    tell = f"/api/message-rules/{rule}/tell"
    assert (await tom.call("POST", tell, answer))[0] == 404, "it is not Tom's change"
    status, problem = await mia.call("POST", tell, answer | {"users": [tom.user]})
    assert (status, problem["errors"][0]["path"]) == (422, "users.0")
    await read_to_the_end(hub)
    assert await told(sue) == [], "nobody was chosen yet"
    for _ in range(2):
        assert await mia.call("POST", tell, answer) == (200, {"told": 1})
    assert await told(sue) == ["Acme"]
    assert (await mia.call("POST", tell, answer | {"revision": 1}))[0] == 404
    assert (await shown(hub, rule))["fired"] == 1


async def test_others_cannot_be_chosen_afterwards_and_whoever_closes_the_question_tells_nobody(
    hub: Hub, signed_in: SignIn
) -> None:
    """S2.9.1-02."""
    mia, sue, kim = [await signed_in(name, roles=["SM"]) for name in ("mia", "sue", "kim")]
    rule = await start_rule(hub, ask=True, on="state", once_per="record")
    acme = await customer(hub, "Acme", owner=mia.user)
    tell, move = f"/api/message-rules/{rule}/tell", f"/api/records/customer/{acme}/transition"
    row = (await mia.call("POST", move, {"to": "frozen"}))[1]
    assert sorted(one["name"] for one in row["asks"][0]["candidates"]) == ["Kim", "Sue"]
    assert await mia.call("POST", tell, {"record": acme, "revision": 2, "users": []}) == (200, {"told": 0})
    row = (await mia.call("POST", move, {"to": "active"}))[1]
    assert len(row["asks"]) == 1, "nobody was told, so it asks again"
    answer = {"record": acme, "revision": 3, "users": [kim.user]}
    assert (await mia.call("POST", tell, answer))[0] == 200
    assert (await mia.call("POST", tell, answer | {"users": [sue.user]}))[0] == 409
    row = (await mia.call("POST", move, {"to": "frozen"}))[1]
    assert row["asks"] == [], "once for each record"
    await read_to_the_end(hub)
    assert (await told(kim), await told(sue)) == (["Acme"], [])
