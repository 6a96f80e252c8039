"""Home pages follow a scheme, and what a person makes of theirs stays with the person."""

from __future__ import annotations

from tests.conftest import SignIn

PENDING = {"id": "p", "kind": "pending"}
QUEUES = {"id": "q", "kind": "queues"}


async def test_a_new_person_sees_the_built_in_page_and_changes_survive(signed_in: SignIn) -> None:
    """S2.1.1-01, -03: in another browser too."""
    ada = await signed_in("ada")
    status, page = await ada.call("GET", "/api/home")
    assert (status, page["scheme"], page["personal"]) == (200, None, False)
    assert {block["kind"] for block in page["blocks"]} == {
        "pending",
        "notices",
        "queues",
        "announcements",
        "menus",
        "records",
        "schedule",
        "report",
    }
    changed = [QUEUES, {**PENDING, "hidden": True}]
    assert (await ada.call("PUT", "/api/home", {"blocks": changed}))[0] == 200
    again = (await (await signed_in("ada")).call("GET", "/api/home"))[1]
    assert again["personal"] is True
    assert [(b["id"], b["hidden"]) for b in again["blocks"]] == [("q", False), ("p", True)]
    assert (await ada.call("DELETE", "/api/home"))[1]["personal"] is False


async def test_schemes_are_assigned_to_persons_and_roles_and_others_do_not_see_them(signed_in: SignIn) -> None:
    """S2.1.1-15: the person's before the role's before the standard."""
    boss, ada, sam, vic = [await signed_in(login, roles=[role]) for login, role in
                           (("boss", "admin"), ("ada", "SA"), ("sam", "SP"), ("vic", "VM"))]  # fmt: skip

    async def make(name: str, **whom: object) -> dict[str, object]:
        status, made = await boss.call("POST", "/api/home-schemes", {"name": name, "blocks": [PENDING], **whom})
        assert status == 201, made
        found: dict[str, object] = made
        return found

    await make("Sales", roles=["SP", "SA"])
    one = await make("Ada's", users=[ada.user])
    await make("Usual", standard=True)
    other = await make("Usual two", standard=True)
    for person, expected in ((ada, "Ada's"), (sam, "Sales"), (vic, "Usual two")):
        assert (await person.call("GET", "/api/home"))[1]["scheme"] == expected
    assert (await ada.call("GET", "/api/home-schemes"))[0] == 403
    place = f"/api/home-schemes/{one['id']}"
    assert (await boss.call("PATCH", place, {"users": []}, If_Match="7"))[0] == 412
    assert (await boss.call("PATCH", place, {"users": []}, If_Match="1"))[0] == 200
    assert (await ada.call("GET", "/api/home"))[1]["scheme"] == "Sales"
    assert (await boss.call("DELETE", f"/api/home-schemes/{other['id']}"))[0] == 204
    assert (await vic.call("GET", "/api/home"))[1]["scheme"] is None
    assert (await boss.call("POST", "/api/home-schemes", {"name": "x", "blocks": [], "roles": ["ghost"]}))[0] == 422


async def test_a_page_that_makes_no_sense_is_refused_by_field(signed_in: SignIn) -> None:
    ada = await signed_in("ada")
    for blocks, path in (
        ([PENDING, PENDING], "blocks.1.id"),
        ([{"id": "r", "kind": "records"}], "blocks.0.type"),
        ([{"id": "x", "kind": "weather"}], "blocks.0.kind"),
        ([{"id": "m", "kind": "menus", "links": ["https://elsewhere.example"]}], "blocks.0.links.0"),
    ):
        status, problem = await ada.call("PUT", "/api/home", {"blocks": blocks})
        assert (status, problem["errors"][0]["path"]) == (422, path)


async def test_the_assistants_choices_are_kept_and_the_house_can_switch_it_off(signed_in: SignIn) -> None:
    """S2.1.2-01, -03."""
    boss, ada = await signed_in("boss", roles=["admin"]), await signed_in("ada")
    first = (await ada.call("GET", "/api/me/assistant"))[1]
    assert first == {"enabled": True, "window": True, "flash": True, "sound": True, "push": False}
    quiet = {"window": True, "flash": True, "sound": False, "push": False}
    assert (await ada.call("PUT", "/api/me/assistant", quiet))[1] == {"enabled": True, **quiet}
    assert (await boss.call("PATCH", "/api/parameters", {"values": {"assistant": False}}))[0] == 200
    again = (await (await signed_in("ada")).call("GET", "/api/me/assistant"))[1]
    assert again == {"enabled": False, **quiet}
    assert (await ada.call("PUT", "/api/me/assistant", {**quiet, "sound": "loud"}))[0] == 422
