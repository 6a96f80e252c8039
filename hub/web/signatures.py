"""How one writes: signatures, and the seconds in which a message can be taken back."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.accounts.directory import Directory
from hub.identity.caller import Caller
from hub.web.may import ADMINISTER, SIGNED_IN, WRITE
from hub.web.routes import Routes
from hub.writing.habits import Habits, HabitsOut, Signature

routes = Routes("signatures")

SignatureText = Annotated[str, Field(max_length=4000)]


class SignatureIn(BaseModel):
    """A signature in both languages; templates over `sender` and `company`."""

    model_config = ConfigDict(extra="forbid")

    zh: SignatureText = ""
    en: SignatureText = ""


class HabitsIn(BaseModel):
    """What is to be changed; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    undo_s: Annotated[int, Field(ge=0, le=120)] | None = None
    signature: SignatureIn | None = None
    accounts: (
        Annotated[dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")], SignatureIn], Field(max_length=50)]
        | None
    ) = None


@routes.get("/api/me/writing", may=SIGNED_IN)
async def show_writing_habits(caller: Caller, habits: Habits) -> HabitsOut:
    """The caller's signatures and undo time."""
    return await habits.of(caller.user)


@routes.patch("/api/me/writing", may=WRITE)
async def change_writing_habits(body: HabitsIn, caller: Caller, habits: Habits) -> HabitsOut:
    """Change the caller's signatures or undo time; a fault in a signature is named with its place."""
    return await habits.keep(caller.user, body.model_dump(exclude_none=True))


@routes.get("/api/accounts/{account}/signature", may=SIGNED_IN)
async def show_account_signature(account: str, habits: Habits, directory: Directory) -> Signature:
    """The signature of an account, for those who have none of their own."""
    return await habits.of_account((await directory.one(account)).id)


@routes.put("/api/accounts/{account}/signature", may=ADMINISTER)
async def change_account_signature(account: str, body: SignatureIn, habits: Habits, directory: Directory) -> Signature:
    """Set the signature of an account."""
    return await habits.keep_account((await directory.one(account)).id, {"zh": body.zh, "en": body.en})
