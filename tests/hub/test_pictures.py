"""Remote pictures: only those of the message, only from the open internet, only pictures, and never by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from hub.desk.pictures import PictureUnavailable
from hub.stream.stream import Stream
from hub.web import picture_fetch
from hub.web.guarded_http import is_public
from hub.web.picture_fetch import PictureFetcher
from tests.hub.desk_house import ANN, BOB, Desk, Http
from tests.lab.envelopes import mail

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FarServer:
    """A stranger's web server; it notes what it is told."""

    port: int = 0
    asked: list[web.Request] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def url(self, path: str, host: str = "pictures.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def gives(self, path: str, body: bytes, **more: object) -> str:
        """Answer with these bytes; returns the address."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(body=body, **more)  # type: ignore[arg-type]

        self.answers[path] = answer
        return self.url(path)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answers[request.path](request)


@pytest.fixture
async def far() -> AsyncIterator[FarServer]:
    """A far server on this machine."""
    server = FarServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


async def _here(_: str) -> list[str]:
    return ["127.0.0.1"]


def lab_fetcher(far: FarServer) -> PictureFetcher:
    """Takes the lab's address for one of the internet, and nothing else."""
    return PictureFetcher(_here, lambda address: address == "127.0.0.1", frozenset({far.port}))


@pytest.fixture
async def desk(stream: Stream) -> Desk:
    """The desk with one queue."""
    desk = Desk(stream)
    await desk.queues("general")
    return desk


async def _mail(desk: Desk, *pictures: str) -> str:
    html = "<p>x</p>" + "".join(f'<img data-remote-src="{address}">' for address in pictures)
    return (await desk.stream.ingest(mail("<a@x>", "ada@example.com", html=html)))["id"]


async def _look(http: Http, message: str, address: str) -> int:
    return (await http("GET", f"/api/messages/{message}/pictures", ANN, params={"u": address})).status


async def test_the_page_is_a_frame_without_scripts(desk: Desk) -> None:
    message = await _mail(desk, "https://t.example/p.gif")
    async with desk.http() as http:
        page = await http("GET", f"/api/messages/{message}/html", ANN)
        assert page.status == 200
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "allow-scripts" not in policy
        assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert b' src="' not in page.body
        asked = await http("GET", f"/api/messages/{message}/html?pictures=show&language=zh-CN", ANN)
        assert f"/api/messages/{message}/pictures?u=https%3A%2F%2Ft.example%2Fp.gif".encode() in asked.body
        assert (await http("GET", f"/api/messages/{message}/html", BOB)).status == 404
        assert (await http("GET", f"/api/messages/{message}/html", None)).status == 401
        assert (await http("GET", f"/api/messages/{message}/html?language=x", ANN)).status == 422


async def test_a_message_without_html_has_no_page(desk: Desk) -> None:
    message = await desk.stream.ingest(mail("<a@x>", "ada@example.com"))
    async with desk.http() as http:
        assert (await http("GET", f"/api/messages/{message['id']}/html", ANN)).status == 404


async def test_a_picture_is_fetched_once_without_a_trace_of_the_reader(desk: Desk, far: FarServer) -> None:
    address = far.gives("/p.png", PNG, content_type="text/html", headers={"Set-Cookie": "a=b"}) + "?who=ada"
    desk.pictures.fetch = lab_fetcher(far)
    message = await _mail(desk, address)
    async with desk.http() as http:
        for _ in range(2):
            shown = await http("GET", f"/api/messages/{message}/pictures", ANN, params={"u": address})
            assert (shown.status, shown.body, shown.headers["Content-Type"]) == (200, PNG, "image/png")
            assert "Set-Cookie" not in shown.headers
            assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert (await http("GET", f"/api/messages/{message}/pictures", BOB, params={"u": address})).status == 404
    (asked,) = far.asked
    assert asked.headers.keys().isdisjoint({"Cookie", "Referer", "Origin", "X-Test-Person"})
    assert asked.headers["Host"] == f"pictures.example:{far.port}"


async def test_only_what_stands_in_the_message_is_fetched(desk: Desk, far: FarServer) -> None:
    there = far.gives("/there.png", PNG)
    other = far.gives("/other.png", PNG)
    desk.pictures.fetch = lab_fetcher(far)
    message = await _mail(desk, there)
    async with desk.http() as http:
        assert await _look(http, message, other) == 404
        assert await _look(http, message, there + "#x") == 404
    assert far.asked == []


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (SVG, {"content_type": "image/svg+xml"}),
        (b"<html><script>x</script>", {"content_type": "image/png"}),
        (PNG, {"status": 404}),
        (PNG, {"headers": {"Content-Encoding": "gzip"}}),
        (PNG + b"\x00" * picture_fetch.MOST_BYTES, {}),
    ],
    ids=["svg", "html that claims to be a picture", "not there", "compressed", "too large"],
)
async def test_only_pictures_of_a_safe_kind_are_handed_on(
    desk: Desk, far: FarServer, body: bytes, more: dict[str, object]
) -> None:
    address = far.gives("/p", body, **more)
    desk.pictures.fetch = lab_fetcher(far)
    message = await _mail(desk, address)
    async with desk.http() as http:
        refused = await http("GET", f"/api/messages/{message}/pictures", ANN, params={"u": address})
        assert refused.status == 404
        assert refused.json["type"].endswith("picture-unavailable")
    assert await desk.db["pictures"].count_documents({}) == 0


async def test_a_server_that_never_ends_is_left(
    far: FarServer, monkeypatch: pytest.MonkeyPatch, expected_errors: list[str]
) -> None:
    expected_errors.append("Error handling request")  # of the far server, which is left in the middle

    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"\x00")
            await asyncio.sleep(0.02)

    far.answers["/slow"] = drip
    monkeypatch.setattr(picture_fetch, "WITHIN_S", 0.3)
    with pytest.raises(PictureUnavailable, match="did not answer"):
        await lab_fetcher(far)(far.url("/slow"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:0:7f00:1::", "ff02::1", "2001:db8::1", "0x7f.1", "2130706433", "localhost", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_open_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1"])
def test_an_address_of_the_open_internet_is_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "127.1"]
)
async def test_no_way_of_writing_our_own_address_gets_through(far: FarServer, host: str) -> None:
    """With the product's own rule and the system's own resolver; only the port is the lab's."""
    far.gives("/p.png", PNG)
    with pytest.raises(PictureUnavailable):
        await PictureFetcher(ports=frozenset({far.port}))(far.url("/p.png", host))
    assert far.asked == []


async def test_one_private_address_among_public_ones_spoils_a_name(far: FarServer) -> None:
    async def both(_: str) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    far.gives("/p.png", PNG)
    with pytest.raises(PictureUnavailable, match="open internet"):
        await PictureFetcher(both, ports=frozenset({far.port}))(far.url("/p.png"))
    assert far.asked == []


async def test_a_name_is_looked_up_once_for_each_connection(far: FarServer) -> None:
    """A name that changes its mind between the check and the connection (rebinding) finds no gap."""
    asked: list[str] = []

    async def changing(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    fetch = PictureFetcher(changing, lambda address: address == "127.0.0.1", frozenset({far.port}))
    assert await fetch(far.gives("/p.png", PNG)) == PNG
    assert asked == ["pictures.example"]


def _redirect(far: FarServer, path: str, to: str) -> str:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": to})

    far.answers[path] = answer
    return far.url(path)


async def test_a_redirect_is_followed_and_judged_anew(far: FarServer) -> None:
    far.gives("/p.png", PNG)
    assert await lab_fetcher(far)(_redirect(far, "/a", "/p.png")) == PNG
    for to in (
        far.url("/p.png", "[::1]"),
        far.url("/p.png", "127.0.0.2"),
        "http://pictures.example:1/p.png",
        "file:///etc/passwd",
        "http://user:word@pictures.example/p.png",
    ):
        with pytest.raises(PictureUnavailable):
            await lab_fetcher(far)(_redirect(far, "/a", to))
    _redirect(far, "/round", "/round")
    with pytest.raises(PictureUnavailable, match="too many redirects"):
        await lab_fetcher(far)(far.url("/round"))


async def test_an_unreachable_server_is_a_picture_that_is_not_there(far: FarServer) -> None:
    port = far.port + 1 if far.port < 65_000 else far.port - 1
    fetch = PictureFetcher(_here, lambda address: address == "127.0.0.1", frozenset({port}))
    with pytest.raises(PictureUnavailable):
        await fetch(f"http://pictures.example:{port}/p.png")
