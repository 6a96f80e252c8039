"""What an operator configures for the far side of the tests."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hub.channel import Account


class Spare(BaseModel):
    """A second place with a secret of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    secret: SecretStr


class EchoAccount(Account):
    """One far side."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    secret: SecretStr
    spares: tuple[Spare, ...] = ()
    in_doubt: Literal["resend", "hold"] = "resend"
    timeout_s: float = 5.0
    rude: str = ""
    """Makes the channel misbehave: `raise` has a bug in it, `hook` has a slow hook."""
