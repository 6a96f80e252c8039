"""Records over HTTP: the contract's calls, on a running hub."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from crm_core.access.actor import system
from hub.main import Hub
from tests.conftest import SignedIn, SignIn


async def region(hub: Hub) -> str:
    body = {"code": "CN", "name": "China", "level": "country"}
    return str((await hub.records.create(system(), "region", body))["id"])


async def make(who: SignedIn, key: str, **body: Any) -> dict[str, Any]:
    status, row = await who.call("POST", f"/api/records/{key}", body)
    assert status == 201, row
    assert isinstance(row, dict)
    return row


async def test_a_record_lives_its_life_over_http(hub: Hub, signed_in: SignIn) -> None:
    who = await signed_in("mia", roles=["SM"])
    body = {"name": "星河科技", "kind": "direct", "status": "prospect", "region": await region(hub)}
    row = await make(who, "customer", **body)
    assert row["number"] == "CUS000001"
    assert row["labels"][row["region"]] == "China"
    path = f"/api/records/customer/{row['id']}"
    assert (await who.call("PATCH", path, {"name": "x"}))[0] == 428
    assert (await who.call("PATCH", path, {"name": "x"}, If_Match='"7"'))[0] == 412
    status, row = await who.call("PATCH", path, {"website": "xinghe.cn"}, If_Match='"1"')
    assert (status, row["revision"], row["website"]) == (200, 2, "xinghe.cn")
    status, page = await who.call("GET", "/api/records/customer?name__contains=星河&count=true")
    assert (status, [r["id"] for r in page["items"]], page["next"], page["count"]) == (200, [row["id"]], None, 1)
    status, row = await who.call("POST", f"{path}/transition", {"to": "frozen", "reason": "asleep"})
    assert (status, row["state"]) == (200, "frozen")
    status, problem = await who.call("POST", f"{path}/transition", {"to": "merged"})
    assert (status, problem["allowed"]) == (409, ["active"])
    status, log = await who.call("GET", f"{path}/history?limit=2")
    assert (status, [e["change"] for e in log["items"]], log["next"]) == (200, ["moved", "changed"], 2)
    assert (await who.call("DELETE", path, If_Match="1"))[0] == 412
    assert (await who.call("DELETE", path))[0] == 204
    assert (await who.call("GET", path))[0] == 404


async def test_what_is_out_of_sight_is_not_found_and_what_is_not_allowed_is_forbidden(
    hub: Hub, signed_in: SignIn
) -> None:
    ann, bob = await signed_in("ann", roles=["SP"]), await signed_in("bob", roles=["SP"])
    agent = await signed_in("agent", roles=["SA"])
    body = {"name": "Acme", "kind": "direct", "status": "prospect", "region": await region(hub)}
    row = await make(ann, "customer", **body)
    path = f"/api/records/customer/{row['id']}"
    for method, tail, sent in (
        ("GET", "", None),
        ("GET", "/history", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
    ):
        status, hidden = await bob.call(method, path + tail, sent, If_Match="1")
        missing = await bob.call(method, path.replace(row["id"], "0" * 26) + tail, sent, If_Match="1")
        assert status == 404
        assert hidden["detail"] == missing[1]["detail"], "one cannot tell hidden from missing"
    status, problem = await agent.call("PATCH", path, {"name": "x"}, If_Match="1")
    assert (status, problem["status"]) == (403, 403)
    assert (await agent.call("GET", "/api/records/role"))[0] == 404
    assert (await agent.call("POST", "/api/records/department", {"code": "x"}))[0] == 403
    status, problem = await agent.call("PATCH", f"/api/records/user/{agent.user}", {"roles": []}, If_Match="1")
    assert (status, problem["fields"]) == (403, ["roles"])
    status, colleague = await agent.call("GET", f"/api/records/user/{ann.user}")
    assert status == 200
    assert set(colleague) <= {
        "id", "revision", "state", "labels", "employee_no", "name", "name_latin", "department", "position", "phones",
        "mails", "extension", "photo",
    }  # fmt: skip


async def test_bad_input_is_answered_with_the_names_of_the_fields(signed_in: SignIn) -> None:
    who = await signed_in("sa", roles=["SA"])
    status, problem = await who.call("POST", "/api/records/contact", {"nane": "Ada", "revision": 3})
    assert (status, {e["path"]: e["code"] for e in problem["errors"]}) == (
        422,
        {"nane": "unknown", "revision": "computed"},
    )
    assert (await who.call("POST", "/api/records/contact", ["Ada"]))[0] == 400
    assert (await who.call("POST", "/api/records/planet", {}))[0] == 404
    _, problem = await who.call("GET", "/api/records/contact?nane=a&name__near=b&name__contains=")
    assert {e["path"]: e["code"] for e in problem["errors"]} == {
        "nane": "filter-unknown", "name__near": "filter-operator", "name__contains": "filter-length",
    }  # fmt: skip
    assert problem["errors"][1]["args"]["fit"].startswith("eq, ne")
    status, problem = await who.call("GET", "/api/records/contact?order=salary")
    assert (status, problem["errors"][0]["path"]) == (422, "order")
    assert (await who.call("GET", "/api/records/contact?name=a&name=b"))[0] == 422
    assert (await who.call("GET", "/api/records/contact?name[$ne]=a"))[0] == 422


async def test_a_repeated_post_makes_one_record(hub: Hub, signed_in: SignIn) -> None:
    who = await signed_in("sa", roles=["SA"])
    rows = [await who.call("POST", "/api/records/contact", {"name": "Ada"}, Idempotency_Key="once-12345") for _ in "12"]
    assert rows[0][1]["id"] == rows[1][1]["id"]
    assert await hub.db["record_contact"].count_documents({}) == 1


async def test_metadata_shows_what_the_person_may_know(hub: Hub, signed_in: SignIn) -> None:
    agent, admin = await signed_in("sa", roles=["SA"]), await signed_in("root", roles=["admin"])
    status, types = await agent.call("GET", "/api/record-types")
    assert status == 200
    assert "role" not in {t["key"] for t in types["items"]}
    assert (await agent.call("GET", "/api/record-types/role"))[0] == 404
    status, mine = await agent.call("GET", "/api/record-types/customer")
    assert "credit_limit" not in mine["fields"]
    assert "credit_limit" not in mine["schema"]["properties"]
    status, whole = await admin.call("GET", "/api/record-types/customer")
    assert whole["fields"]["credit_limit"]["label"] == {"zh": "信用额度", "en": "Credit limit"}
    async with admin.http.get("/api/record-types/customer") as answer:
        tag = answer.headers["ETag"]
    async with admin.http.get("/api/record-types/customer", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    row = await make(admin, "contact", name="Ada")
    schema = (await admin.call("GET", "/api/record-types/contact"))[1]["schema"]
    data = {k: v for k, v in row.items() if k not in ("labels", "warnings", "asks")}
    jsonschema.validate(data, schema)


async def test_a_token_that_may_only_write_changes_no_roles(hub: Hub, signed_in: SignIn) -> None:
    admin = await signed_in("root", roles=["admin"])
    status, made = await admin.call("POST", "/api/me/tokens", {"name": "t", "scopes": ["read", "write"]})
    assert status in (200, 201), made
    token = {"Authorization": f"Bearer {made['secret']}"}
    body = {"code": "X", "name": "X", "admin": True}
    async with admin.http.post("/api/records/role", json=body, headers=token, cookies={}) as answer:
        assert answer.status == 403, await answer.text()
    async with admin.http.post("/api/records/contact", json={"name": "Ada"}, headers=token) as answer:
        assert answer.status == 201, await answer.text()


def test_each_type_stands_in_the_documentation() -> None:
    from openapi_spec_validator import validate

    from crm_core.declare.registry import Registry
    from crm_core.load import load
    from hub.desk.attachments import Attachments
    from hub.store.records import Records
    from hub.web import record_types, records
    from hub.web.openapi import openapi
    from hub.web.record_docs import record_docs
    from hub.writing.message_rules.asks import RuleAsks

    routes = [*records.routes.routes, *record_types.routes.routes]
    parts = {Records: None, Registry: None, Attachments: None, RuleAsks: None}
    document = openapi(routes, parts, more=record_docs(load()))
    validate(json.loads(json.dumps(document)))
    for declared in load():
        assert {"get", "post"} <= document["paths"][f"/api/records/{declared.meta.key}"].keys()
    sent = document["components"]["schemas"]["Record_customer_in"]["properties"]
    assert "name" in sent
    assert "number" not in sent


_ODD: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, "", " ", "x" * 600, "\x00", "\ud800", "ﷺ", [], {}, [None], [[]], {"$ne": 1},
    [{"id": "x"}], [{"$gt": ""}], {"a": {"b": []}}, "9999-99-99", "1e999", "NaN", ["\ud800"],
]  # fmt: skip


async def test_no_input_is_answered_with_an_inner_error(signed_in: SignIn) -> None:
    """Odd values in all fields of several types at once, and in each field of one; odd paths and queries too."""
    who = await signed_in("root", roles=["admin"])
    for key in ("contact", "customer", "role", "currency", "team"):
        fields = (await who.call("GET", f"/api/record-types/{key}"))[1]["fields"]
        for odd in _ODD:
            body = json.dumps(dict.fromkeys(fields, odd))
            headers = {"X-CSRF-Token": who.csrf, "Content-Type": "application/json"}
            async with who.http.post(f"/api/records/{key}", data=body, headers=headers) as answer:
                assert answer.status in (400, 422), (key, odd)
            for name in fields if key == "contact" else ():
                one = json.dumps({"name": "A", name: odd})
                async with who.http.post(f"/api/records/{key}", data=one, headers=headers) as answer:
                    assert answer.status < 500, (key, name, odd, await answer.text())
    odd_queries = ["id=%00", "name=%ED%A0%80", "name__contains=%ED%A0%80", "after=%00", "limit=²", "order=%F0%9F%92%A9",
                   "name__in=" + "," * 200, "created_at__gt=99999-01-01", "revision=99999999999999999999", "x[$ne]=1",
                   "after=WyJfaWQiLC0xLG51bGwsMV0", "name__startswith=" + "(" * 400, "tags__contains=a", "custom__exists=true"]  # fmt: skip
    for query in odd_queries:
        status, _ = await who.call("GET", f"/api/records/contact?{query}")
        assert status < 500, query
    for path in ("%00", "%ED%A0%80", "a" * 3000, "$ne"):
        assert (await who.call("GET", f"/api/records/contact/{path}"))[0] in (400, 404), path
        assert (await who.call("GET", f"/api/records/{path}"))[0] in (400, 404), path
