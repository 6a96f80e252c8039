"""The event classes of the stream; each names its wire name and its rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from typing_extensions import override

from crm_core.ground.events import EVERYONE, HUB, SUPERVISORS, Event, Room, queue_room, user_room
from hub.model.call import CallOut, CandidateOut, SpyMode
from hub.model.callback import CallbackOut
from hub.model.conversation import ConversationOut
from hub.model.message import MessageOut
from hub.model.notice import NoticeOut


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
class ForwardAsked(Event, name="hub.forward-asked"):
    """Rules want a message forwarded: `forward` is a list of `{to, rule}`. Never leaves the hubs."""

    message: str
    conversation: str
    forward: list[dict[str, str]]

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({HUB})


@dataclass(frozen=True, kw_only=True)
class JobChanged(Event, name="job.changed"):
    """A piece of background work began, went on, ended or failed. Told to whoever asked for it, else to supervisors.
    `cancelling`: it was taken back and ends at its next report."""

    id: str
    task: str
    state: str
    done: int
    total: int | None
    text: str
    error: str | None
    user: str | None
    cancelling: bool = False

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({user_room(self.user) if self.user else SUPERVISORS})


@dataclass(frozen=True, kw_only=True)
class NoticeChanged(Event, name="notice.changed"):
    """A notice of a person was stored, or `notice` is None and several were read or archived. `unread`: by kind, at
    most 1,000 each."""

    notice: NoticeOut | None
    unread: dict[str, int]
    _user: str

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({user_room(self._user)})


@dataclass(frozen=True, kw_only=True)
class InternalChanged(Event, name="internal.changed"):
    """An internal message was sent (`sent`), or a receiver read it. Told to its sender."""

    id: str
    sent: bool = False
    _user: str

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({user_room(self._user)})


@dataclass(frozen=True, kw_only=True)
class AnnouncementChanged(Event, name="announcement.changed"):
    """An announcement was made (`made`) or withdrawn; or somebody confirmed it, which only that person, the author and
    supervisors hear. Says only that; who may read it reads it."""

    id: str
    made: bool = False
    _only: frozenset[Room] | None = None

    @override
    def rooms(self) -> frozenset[Room]:
        return self._only or frozenset({EVERYONE})


@dataclass(frozen=True, kw_only=True)
class ParameterChanged(Event, name="parameter.changed"):
    """An administrator changed a system parameter; what hangs on it is to be read anew."""

    id: str

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({EVERYONE})


@dataclass(frozen=True, kw_only=True)
class HomeChanged(Event, name="home.changed"):
    """A person's home page (or, without a person, a scheme) was laid out anew."""

    _user: str | None = None

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({user_room(self._user) if self._user else EVERYONE})


@dataclass(frozen=True, kw_only=True)
class CallRinging(Event, name="call.ringing"):
    """A phone rings: all that the screen pop paints. Told to whoever has the extension, and to supervisors.

    `waited_s`: since the call began. `stamps`: when the PBX rang it, when the hub heard of it, and when this was told.
    """

    call: CallOut
    ring: str
    number: str
    caller_name: str
    extension: str
    queue: str | None
    waited_s: float
    candidates: list[CandidateOut]
    conversations: list[dict[str, Any]]
    stamps: dict[str, datetime]
    _user: str | None

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({SUPERVISORS, *([user_room(self._user)] if self._user else [])})


@dataclass(frozen=True, kw_only=True)
class CallSupervised(Event, name="call.supervised"):
    """Your own phone is beside this call, in this manner; or is not any more. Told to nobody else."""

    call: str | None
    mode: SpyMode | None
    _user: str

    @override
    def rooms(self) -> frozenset[Room]:
        return frozenset({user_room(self._user)})


@dataclass(frozen=True, kw_only=True)
class CallChanged(InRooms, name="call.changed"):
    """Something of a call is different: its state, who is in it, a transfer."""

    call: CallOut


@dataclass(frozen=True, kw_only=True)
class CallAnswered(InRooms, name="call.answered"):
    """Somebody talks with the other side for the first time in this call."""

    call: CallOut


@dataclass(frozen=True, kw_only=True)
class CallEnded(InRooms, name="call.ended"):
    """Everybody has hung up."""

    call: CallOut


@dataclass(frozen=True, kw_only=True)
class CallbackChanged(InRooms, name="callback.changed"):
    """A callback was planned, is due, was dialled, done or cancelled; or a lost caller waits for one."""

    callback: CallbackOut
