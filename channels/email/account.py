"""What an operator configures for one mailbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from channels.email.addressing import without_token
from channels.email.mailboxes import key_of
from channels.email.oauth import OAuth2
from channels.email.own_servers import check_hops
from crm_core.ground.addresses import mail_key
from crm_core.ground.faults import unfit
from hub.channel import Account

Tls = Literal["none", "starttls", "tls"]
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_IMPLICIT_TLS_PORT = 993


class EmailAccount(Account):
    """One mailbox: where its mail comes in (`imap_*`, `door_*`, or both), where its answers go out (`smtp_*`), which
    addresses it has.

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
    door_protocol: Literal["smtp", "lmtp"] = "smtp"
    """`lmtp`: for a mail server of one's own before the door, which then hears what became of each recipient."""
    door_name: str = "mainstem"
    """What the door calls itself to those who knock; a public door gives its DNS name."""
    door_certificate: Path | None = None
    door_key: Path | None = None
    size_limit_mb: int = Field(default=50, ge=1, le=500)
    door_connections: int = Field(default=200, ge=1, le=10_000)
    door_timeout_s: float = Field(default=120.0, gt=0, le=3600)

    imap_host: str | None = None
    """No host, no mailbox to read."""
    imap_port: int | None = Field(default=None, ge=1, le=65535)
    imap_tls: Tls | None = None
    """As `tls` when not given; on port 993 `tls`."""
    imap_ca: Path | None = None
    """A PEM file of certificate authorities, where the server's certificate is not from a public one."""
    imap_folders: tuple[str, ...] = Field(default=("INBOX",), min_length=1, max_length=50)
    """The first is watched (IDLE), the others are looked at every `imap_poll_s`."""
    imap_timeout_s: float = Field(default=30.0, gt=0, le=600)
    """For each answer of the server."""
    imap_idle_s: float = Field(default=240.0, gt=0, le=1740)
    """IDLE is begun anew after so long, and the server asked whether it is there: RFC 2177 allows 29 minutes, but a
    connection that died without a word is noticed only then."""
    imap_poll_s: float = Field(default=60.0, gt=0, le=3600)
    start_from: Literal["now"] | date | None = None
    """Older mail is left alone; the last 30 days when not given. More can be filled in later."""
    mark_seen: Literal["on_read", "on_arrival", "never"] = "on_read"
    """When mail is marked as read on the server."""
    deleted_goes_to: Literal["trash", "nowhere"] = "trash"
    """Mail that is deleted here is moved to the server's trash, or removed there too."""
    sent_folder: str | None = None
    """Found by its special use (RFC 6154) when not given."""
    sent_copies: Literal["append", "server", "never"] = "append"
    """Who files what we send: we, or the server itself (Gmail, Microsoft 365)."""
    read_sent: bool = True
    """Take in what is written from this mailbox with other programs."""
    oauth2: OAuth2 | None = None
    """Instead of `password`, for IMAP and SMTP."""

    trusted_authserv_ids: tuple[str, ...] = Field(default=(), max_length=20)
    """Names under which servers of ours write `Authentication-Results`; what others write there is not believed."""
    trusted_hops: tuple[str, ...] = Field(default=(), max_length=50)
    """Our own servers before the mailbox, by the names they write into `Received` and by their addresses: who handed a mail to
    the outermost of them is the one that SPF is about."""
    check_authentication: bool = False
    """Check SPF, DKIM and DMARC ourselves where no trusted server did. Asks the DNS for each mail."""

    smtp_host: str | None = None
    smtp_port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    tls: Tls = "starttls"
    smtp_ca: Path | None = None
    """A PEM file of certificate authorities, where the server's certificate is not from a public one."""
    smtp_timeout_s: float = Field(default=60.0, gt=0, le=600)
    dkim_selector: str = Field(default="", pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$")
    dkim_domain: str = Field(default="", pattern=r"^[A-Za-z0-9.-]{0,253}$")
    """The sender's domain when not given."""
    dkim_key: SecretStr | None = Field(default=None, json_schema_extra={"lines": True})
    """The private key (PEM, RSA or Ed25519); what we send is signed with it."""
    dkim_key_file: Path | None = None
    """The same in a file."""
    in_doubt: Literal["resend", "hold"] = "resend"
    """After a crash between *sent* and *recorded*: send again under the same Message-ID, or wait for a person."""

    @field_validator("addresses")
    @classmethod
    def _addresses_are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if mail_key(f"any{address}" if address.startswith("@") else address) is None:
                raise unfit(
                    "address-or-domain",
                    "{what} is neither a mail address nor a domain with an @ before it",
                    what=address,
                )
        return tuple(address.strip().lower() for address in value)

    @field_validator("trusted_hops")
    @classmethod
    def _hops_are_hops(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        check_hops(value)
        return value

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if self.smtp_host and mail_key(self.sender) is None:
            raise unfit("sender-needed", "from_address is needed to send: no full address stands in addresses")
        if bool(self.dkim_selector) != bool(self.dkim_key or self.dkim_key_file):
            raise unfit("dkim-pair", "dkim_selector belongs together with dkim_key or dkim_key_file")
        if (self.door_certificate is None) != (self.door_key is None):
            raise unfit("door-pair", "door_certificate and door_key belong together")
        plain = {
            self.smtp_host: self.tls == "none" and bool(self.username),
            self.imap_host: self.imap_place[1] == "none",
        }
        if any(host and host not in _LOOPBACK and in_plain_text for host, in_plain_text in plain.items()):
            raise unfit(
                "no-plain-password", "a password is not sent without TLS to another machine: set tls to starttls or tls"
            )
        return self

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        if self.imap_host and not (self.username and (self.password or self.oauth2)):
            raise unfit("imap-sign-in", "imap_host needs username, and password or oauth2")
        if self.oauth2 and self.password:
            raise unfit("one-secret", "password and oauth2 exclude each other")
        if self.oauth2 and not self.username:
            raise unfit("oauth2-user", "oauth2 needs username")
        if any(not name.strip() or any(ord(char) < 32 for char in name) for name in self._folder_names):
            raise unfit("folder-name", "a folder has a name of printable characters")
        return self

    @property
    def _folder_names(self) -> tuple[str, ...]:
        return (*self.imap_folders, *([self.sent_folder] if self.sent_folder is not None else []))

    @property
    def imap_place(self) -> tuple[int, Tls]:
        """Port and way of encryption of the mailbox."""
        tls = self.imap_tls or ("tls" if self.imap_port == _IMPLICIT_TLS_PORT else self.tls)
        return self.imap_port or (_IMPLICIT_TLS_PORT if tls == "tls" else 143), tls

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
