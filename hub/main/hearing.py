"""What a hub itself wants to know of the stream: who has work now."""

from __future__ import annotations

from hub.main.house import House
from hub.store.client import Doc


def hear(house: House, events: list[Doc]) -> None:
    """Wake those whom these events concern."""
    accounts = house.accounts
    house.streaming.readers.wake({event["name"] for event in events})
    house.floor.wallboard.hear(events)
    for event in events:
        match event["name"]:
            case "hub.outbox-filled":
                accounts.outbox.wake(event["data"]["account"])
            case "hub.account-changed":
                accounts.keeper.wake()
                accounts.outbox.accounts_changed()
                accounts.mark_lanes.accounts_changed()
