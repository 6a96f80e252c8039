"""What stands around every request: correlation, problems, headers, sizes, and who the far side is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from pydantic import BaseModel, ConfigDict
from pymongo.errors import AutoReconnect

from crm_core.ground.errors import Throttled
from hub.log import correlation
from hub.metrics import HTTP_SECONDS
from hub.store.client import Database
from hub.store.unit import Units
from hub.web.far_side import FAR_END, SECURE, Proxies
from hub.web.headers import content_security_policy
from hub.web.may import PUBLIC
from hub.web.routes import Routes
from tests.hub.identity_house import Browser, House, build_house

routes = Routes("trial")
ended = asyncio.Event()


class Thing(BaseModel):
    """A thing."""

    model_config = ConfigDict(extra="forbid")

    name: str


@routes.post("/api/trial", may=PUBLIC)
async def make_thing(body: Thing) -> dict[str, str | None]:
    """Echo a thing."""
    return {"name": body.name, "correlation": correlation.get()}


@routes.get("/api/trial/{how}", may=PUBLIC)
async def fail(how: str, request: web.Request) -> web.StreamResponse:
    """Fail in several ways."""
    if how == "bug":
        raise KeyError("the inside of the house")
    if how == "slow-down":
        raise Throttled("wait", retry_after=2.2)
    if how == "no-store":
        raise AutoReconnect("mongodb://user:secret@db")
    if how == "found":
        raise web.HTTPFound("/console/")
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half")
    try:
        while how == "endless":
            await response.write(b"x" * 10_000)
            await asyncio.sleep(0.01)
    finally:
        ended.set()
    raise KeyError("in the middle")


@pytest.fixture
async def house(db: Database, units: Units) -> House:
    return await build_house(db, units)


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with house.browser(routes) as browser:
        yield browser


async def test_a_sane_correlation_id_is_kept_and_another_replaced(browser: Browser) -> None:
    kept = await browser.call("POST", "/api/trial", {"name": "x"}, X_Correlation_Id="import-2024.12")
    assert kept.headers["X-Correlation-Id"] == "import-2024.12"
    assert (await kept.json())["correlation"] == "import-2024.12"
    for insane in ("short", "x" * 65, "a b c d e f g", '{"$gt":""}'):
        fresh = await browser.call("POST", "/api/trial", {"name": "x"}, X_Correlation_Id=insane)
        assert fresh.headers["X-Correlation-Id"] not in ("", insane)
    assert correlation.get() is None


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nowhere", 404, "not-found"),
        ("DELETE", "/api/session", 401, "sign-in-needed"),
        ("GET", "/api/session", 405, "method-not-allowed"),
        ("GET", "/api/trial/slow-down", 429, "throttled"),
        ("GET", "/api/trial/no-store", 503, "unavailable"),
    ],
)
async def test_every_error_is_a_problem_document(
    browser: Browser, method: str, path: str, status: int, code: str
) -> None:
    answer = await browser.call(method, path)
    body = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"urn:mainstem:problem:{code}"
    assert body["correlation"] == answer.headers["X-Correlation-Id"]
    assert "secret" not in str(body)
    if status == 405:
        assert set(answer.headers["Allow"].split(",")) == {"POST", "DELETE"}
    if code == "throttled":
        assert answer.headers["Retry-After"] == "3"


async def test_a_bug_says_nothing_of_the_inside_and_is_logged(browser: Browser, expected_errors: list[str]) -> None:
    expected_errors.append("request failed")
    answer = await browser.call("GET", "/api/trial/bug")
    body = await answer.json()
    assert answer.status == 500
    assert "inside" not in str(body)
    assert body["correlation"]


async def test_an_answer_that_breaks_off_is_cut_and_never_looks_whole(
    browser: Browser, expected_errors: list[str]
) -> None:
    expected_errors.append("request failed")
    answer = await browser.call("GET", "/api/trial/middle")
    with pytest.raises(Exception, match=r"(?i)payload|disconnect|closed|reset"):
        await answer.read()


async def test_a_client_that_goes_away_is_no_error(house: House) -> None:
    runner = web.AppRunner(house.application(routes))  # as in the product, where a handler outlives its client
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    writer.write(b"GET /api/trial/endless HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()
    writer.close()
    await asyncio.wait_for(ended.wait(), 10)
    await runner.cleanup()


async def test_redirects_pass(browser: Browser) -> None:
    answer = await browser.client.get("/api/trial/found", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/console/")


async def test_every_answer_tells_the_browser_to_be_strict(browser: Browser) -> None:
    for path in ("/api/me", "/api/nowhere", "/api/trial/slow-down"):
        headers = (await browser.call("GET", path)).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "mainstem"


def test_a_strange_host_header_does_not_get_into_the_policy() -> None:
    assert "ws://hub.example:8800 " in content_security_policy("hub.example:8800")
    for host in ("evil'; script-src *", "a b", ""):
        assert "script-src 'self';" in content_security_policy(host)
        assert "ws:" not in content_security_policy(host)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused(db: Database, units: Units, announced: bool) -> None:
    house = await build_house(db, units, limits={"json_bytes": 1000})

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"name": "'
        for _ in range(10):
            yield b"x" * 200
            await asyncio.sleep(0)
        yield b'"}'

    async with house.browser(routes) as browser:
        data = b'{"name": "' + b"x" * 2000 + b'"}' if announced else stream()
        head = {"Content-Type": "application/json"}
        answer = await browser.client.post("/api/trial", data=data, headers=head)
        assert answer.status == 413
        assert (await answer.json(content_type="application/problem+json"))["code"] == "too-large"


async def test_unknown_fields_and_wrong_content_types_are_named(browser: Browser) -> None:
    extra = await browser.call("POST", "/api/trial", {"name": "x", "$where": "1"})
    assert extra.status == 422
    assert (await extra.json())["errors"][0]["path"] == "$where"
    form = await browser.client.post("/api/session", data={"login": "ada", "password": "x"})
    assert form.status == 400


async def test_requests_are_measured_by_route_and_not_by_path(browser: Browser) -> None:
    await browser.call("GET", "/api/trial/slow-down")
    await browser.call("GET", "/api/some/scanner/path")
    seen = {sample.labels["route"] for metric in HTTP_SECONDS.collect() for sample in metric.samples}
    assert "/api/trial/{how}" in seen
    assert not any("slow-down" in route or "scanner" in route for route in seen)


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.5", "1.1.1.1", "203.0.113.5"),  # no proxy of ours: anybody can write the header
        ("10.0.0.2", "1.1.1.1, 198.51.100.7", "198.51.100.7"),  # only the last hop was seen by our proxy
        ("10.0.0.2", "198.51.100.7, 10.0.0.9", "198.51.100.7"),
        ("10.0.0.2", "rubbish", "10.0.0.2"),
        ("10.0.0.2", "", "10.0.0.2"),
    ],
)
def test_forwarded_addresses_are_believed_from_our_proxies_only(remote: str, forwarded: str, address: str) -> None:
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=remote)
    Proxies(("10.0.0.0/8",)).note(request)
    assert request[FAR_END].address == address
    assert request[SECURE] == remote.startswith("10.")
