"""How many a mailing would reach is shown while its receivers are still put together."""

from __future__ import annotations

from typing import Any

from tests.conftest import SignIn
from tests.hub.test_mailings import everybody
from tests.hub.writing_house import Town, call, settings, sink, town

__all__ = ["settings", "sink", "town"]


async def test_each_segment_is_counted_with_whom_it_leaves_out(town: Town, signed_in: SignIn) -> None:
    """S2.9.3-01: who has no address, or unsubscribed, is left out; filters narrow each segment by itself."""
    writer = await signed_in("mira", roles=["MK"])
    await everybody(town)

    async def counted(*segments: dict[str, Any]) -> list[tuple[int, int, bool]]:
        answer = await call(writer, "POST", "/api/mailings/count", {"segments": list(segments)}, expect=200)
        return [(one["receivers"], one["left_out"], one["more"]) for one in answer["items"]]

    assert await counted({"kind": "contacts"}, {"kind": "suppliers"}) == [(1, 2, False), (2, 0, False)]
    assert await counted({"kind": "contacts", "filters": {"name__contains": "max"}}) == [(0, 1, False)]
    assert await counted({"kind": "suppliers", "filters": {"code__in": "S1,S3"}}) == [(1, 0, False)]
    assert await counted() == []
    await town.hub.mail.optouts.take_out("mail:sid@example.com", "link")
    assert await counted({"kind": "suppliers"}) == [(1, 1, False)]


async def test_a_filter_that_does_not_fit_is_named_with_its_place(town: Town, signed_in: SignIn) -> None:
    writer = await signed_in("mira", roles=["MK"])
    segments = [{"kind": "contacts"}, {"kind": "suppliers", "filters": {"colour": "red", "name__gt": "a"}}]
    status, said = await writer.call("POST", "/api/mailings/count", {"segments": segments})
    assert (status, [one["path"] for one in said["errors"]]) == (422, ["segments.1.filters.colour"])


async def test_only_who_may_write_to_many_may_count(town: Town, signed_in: SignIn) -> None:
    agent = await signed_in("agent", roles=["SA"], queues=["support"])
    status, _ = await agent.call("POST", "/api/mailings/count", {"segments": [{"kind": "contacts"}]})
    assert status == 403


async def test_the_metadata_says_how_a_field_is_filtered(town: Town, signed_in: SignIn) -> None:
    writer = await signed_in("mira", roles=["MK"])
    meta = await call(writer, "GET", "/api/record-types/contact", None, expect=200)
    assert {"eq", "contains", "startswith", "exists"} <= set(meta["fields"]["name"]["operators"])
    assert meta["fields"]["remark"]["operators"] == ["exists"]
