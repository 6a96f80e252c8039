"""What an operator configures for one mailbox."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from channels.email.addressing import without_token
from channels.email.mailboxes import key_of
from crm_core.ground.addresses import mail_key
from hub.channel import Account

Tls = Literal["none", "starttls", "tls"]


class EmailAccount(Account):
    """One mailbox: where its mail comes in (`door_*`), where its answers go out (`smtp_*`), which addresses it has.

    `addresses` holds addresses (`support@example.com`) and whole domains (`@example.com`).
    """

    channel: str = "email"
    addresses: tuple[str, ...] = Field(min_length=1)
    from_address: str | None = None
    """The sender of what we write; the first full address of `addresses` when not given."""
    from_name: str = ""

    door_host: str = "127.0.0.1"
    door_port: int | None = Field(default=None, ge=0, le=65535)
    """No port, no door. 0 takes any free port."""
    door_name: str = "mainstem"
    """What the door calls itself to those who knock; a public door gives its DNS name."""
    door_certificate: Path | None = None
    door_key: Path | None = None
    size_limit_mb: int = Field(default=50, ge=1, le=500)
    door_connections: int = Field(default=200, ge=1, le=10_000)
    door_timeout_s: float = Field(default=120.0, gt=0, le=3600)

    smtp_host: str | None = None
    smtp_port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    tls: Tls = "starttls"
    smtp_ca: Path | None = None
    """A PEM file of certificate authorities, where the server's certificate is not from a public one."""
    smtp_timeout_s: float = Field(default=60.0, gt=0, le=600)
    in_doubt: Literal["resend", "hold"] = "resend"
    """After a crash between *sent* and *recorded*: send again under the same Message-ID, or wait for a person."""

    @field_validator("addresses")
    @classmethod
    def _addresses_are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if mail_key(f"any{address}" if address.startswith("@") else address) is None:
                raise ValueError(f"{address!r} is neither a mail address nor a domain with an @ before it")
        return tuple(address.strip().lower() for address in value)

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if self.smtp_host and mail_key(self.sender) is None:
            raise ValueError("from_address is needed to send: no full address stands in addresses")
        if (self.door_certificate is None) != (self.door_key is None):
            raise ValueError("door_certificate and door_key belong together")
        if (
            self.smtp_host
            and self.username
            and self.tls == "none"
            and self.smtp_host not in {"127.0.0.1", "localhost", "::1"}
        ):
            raise ValueError("a password is not sent without TLS to another machine: set tls to starttls or tls")
        return self

    @property
    def sender(self) -> str:
        """The address that our mails come from; empty when only domains are configured."""
        return self.from_address or next((each for each in self.addresses if not each.startswith("@")), "")

    @property
    def size_limit(self) -> int:
        """The largest mail taken, in bytes."""
        return self.size_limit_mb * 1024 * 1024

    @cached_property
    def _known(self) -> tuple[frozenset[str], frozenset[str]]:
        full = {each for each in self.addresses if not each.startswith("@")} | ({self.sender} if self.sender else set())
        return frozenset(full), frozenset(each[1:] for each in self.addresses if each.startswith("@"))

    def owns(self, address: str) -> bool:
        """Whether mail to this address is for this account; `+tags` and tokens are looked through."""
        low = address.strip().lower()
        full, domains = self._known
        return low in full or without_token(low) in full or low.rpartition("@")[2] in domains

    def own_keys(self, addressed: Iterable[str]) -> frozenset[str]:
        """The address keys that are ours: the configured ones, and those of the recipients that belong to us."""
        keys = {key_of(each) for each in self._known[0]} | {key_of(each) for each in addressed if self.owns(each)}
        return frozenset(key for key in keys if key)
