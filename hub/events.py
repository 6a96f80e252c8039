"""The event classes of the stream; each names its wire name and its rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from typing_extensions import override

from crm_core.ground.events import EVERYONE, HUB, SUPERVISORS, Event, Room, queue_room, user_room
from hub.model.conversation import ConversationOut
from hub.model.message import MessageOut


@dataclass(frozen=True, kw_only=True)
class InRooms(Event):
    """An event whose rooms follow from a document that it does not carry whole: whoever announces it computes them."""

    _rooms: frozenset[Room]

    @override
    def rooms(self) -> frozenset[Room]:
        return self._rooms


@dataclass(frozen=True, kw_only=True)
class MessageAppended(InRooms, name="message.appended"):
    """A message was stored; carries the conversation as it is since, so that a list needs no second event."""

    conversation: ConversationOut
    message: MessageOut


@dataclass(frozen=True, kw_only=True)
class MessageAmended(InRooms, name="message.amended"):
    """A stored message changed: its delivery, its call, its place (`message.conversation`)."""

    conversation: str
    message: MessageOut


@dataclass(frozen=True, kw_only=True)
class ConversationChanged(InRooms, name="conversation.changed"):
    """State, queue, assignee, records, parties or tags of a conversation changed.

    `moved` says that messages came or went (split, join): whoever shows the thread reads it again.
    """

    conversation: ConversationOut
    moved: bool = False


@dataclass(frozen=True, kw_only=True)
class ConversationGone(InRooms, name="conversation.changed"):
    """The conversation left the sight of these rooms (moved to another queue, joined into another). Says only that."""

    id: str
    gone: bool = True


@dataclass(frozen=True, kw_only=True)
class AgentChanged(Event, name="agent.changed"):
    """A colleague's presence changed."""

    user: str
    name_shown: str
    state: str
    reason: str | None
    since: datetime

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({EVERYONE})


@dataclass(frozen=True, kw_only=True)
class QueueChanged(Event, name="queue.changed"):
    """Members or settings of a queue changed."""

    queue: str
    members: list[str]

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({queue_room(self.queue), SUPERVISORS})


@dataclass(frozen=True, kw_only=True)
class NoticeRaised(Event, name="notice.raised"):
    """Something that a person, or every supervisor, should know: a failed delivery, a full quarantine."""

    kind: str
    text: str
    about: dict[str, Any]
    user: str | None = None

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({user_room(self.user) if self.user else SUPERVISORS})


@dataclass(frozen=True, kw_only=True)
class SignInEnded(Event, name="hub.sign-in-ended"):
    """A session or token was revoked; every hub closes the sockets that stand on it. Never leaves the hubs."""

    user: str
    sign_in: str | None

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({HUB})


@dataclass(frozen=True, kw_only=True)
class RightsChanged(Event, name="hub.rights-changed"):
    """A person's roles, queues or department changed; every hub lets their consoles reconnect to fresh rooms."""

    user: str

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({HUB})


@dataclass(frozen=True, kw_only=True)
class AccountChanged(Event, name="hub.account-changed"):
    """An account was added, changed or removed; owners start, restart or stop it. Never leaves the hubs."""

    account: str

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({HUB})


@dataclass(frozen=True, kw_only=True)
class OutboxFilled(Event, name="hub.outbox-filled"):
    """A message was queued for sending; wakes the outboxes. Never leaves the hubs."""

    account: str

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({HUB})


@dataclass(frozen=True, kw_only=True)
class JobChanged(Event, name="job.changed"):
    """A piece of background work began, went on, ended or failed. Told to whoever asked for it, else to supervisors."""

    id: str
    task: str
    state: str
    done: int
    total: int | None
    text: str
    error: str | None
    user: str | None

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({user_room(self.user) if self.user else SUPERVISORS})
