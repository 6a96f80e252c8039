"""What an operator configures for one PBX."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from channels.telephony.ice_uri import ice_uri
from crm_core.ground.faults import unfit
from hub.calling import RecordingPlace
from hub.channel import Account, Section
from hub.errors import Permanent


class TelephonyAccount(Account):
    """One PBX: where its AMI answers, and how numbers are read and dialled there."""

    channel: str = "telephony"
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=5038, ge=1, le=65535)
    username: str = Field(min_length=1, max_length=80)
    secret: SecretStr
    tls: bool = False
    """AMI over TLS; without it the secret is still never sent (challenge and response), but what is said is readable."""
    ca: Path | None = None
    """A PEM file of certificate authorities, where the PBX's certificate is not from a public one."""
    region: str = Field(default="CN", pattern=r"^[A-Z]{2}$")
    """The country (ISO 3166) that numbers without one belong to."""
    technology: str = Field(default="PJSIP", pattern=r"^[A-Za-z0-9]{1,16}$")
    context: str = Field(default="from-phones", pattern=r"^[A-Za-z0-9_-]{1,79}$")
    """Where in the dialplan a number that an agent dials is looked up."""
    ring_s: int = Field(default=30, ge=5, le=300)
    """So long the agent's own phone rings before dialling is given up."""
    sip_ws_url: str = Field(default="", pattern=r"^(wss?://[^\s/?#]+(/[^\s?#]*)?)?$")
    """Where the PBX speaks SIP over a websocket; with it, employees may have their phone in the browser."""
    phones_username: str = Field(default="", max_length=80)
    """A second AMI user, who may do nothing but look after phones (`write = system`); needed for phones in browsers."""
    phones_secret: SecretStr | None = None
    ice_servers: tuple[str, ...] = Field(default=(), max_length=8)
    """STUN and TURN servers (`stun:HOST:PORT`, `turn:HOST:PORT`, `turns:HOST:PORT`) for browsers outside the PBX's network."""
    turn_secret: SecretStr | None = Field(default=None, validate_default=True)
    """What the TURN servers share with us (coturn: `static-auth-secret`), for passwords that run out."""
    relay_only: bool = False
    """Sound of browsers goes through a TURN server and never another way, for houses whose firewall wants it."""
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    """For each answer of the PBX."""
    ping_s: float = Field(default=5.0, gt=0, le=60)
    """After so much silence the PBX is asked whether it is there."""
    keep_events_days: int = Field(default=90, ge=1, le=3650)
    """So long the raw events are kept."""

    recordings: Path | None = None
    """The folder where Asterisk writes recordings, as hubs and workers see it; without it they stay on the PBX."""
    recordings_clear: bool = False
    """Remove a recording from that folder once it is in the store."""
    recordings_wait_min: int = Field(default=60, ge=1, le=7 * 1440)
    """So long after its call a recording is waited for."""
    recordings_keep_days: int | None = Field(default=None, ge=1, le=36500)
    """So long recordings are kept; None = for ever. A queue may have a rule of its own."""

    plan_folder: Path | None = None
    """`local/` of the PBX's configuration, where a hub beside the PBX writes the plan; without it an operator does."""

    @property
    def recording_place(self) -> RecordingPlace | None:
        """Where recordings are found; None where nobody here can read them."""
        if self.recordings is None:
            return None
        return RecordingPlace(
            folder=self.recordings, clear=self.recordings_clear, keep_days=self.recordings_keep_days,
            give_up_after=timedelta(minutes=self.recordings_wait_min),
        )  # fmt: skip

    @field_validator("ice_servers")
    @classmethod
    def _are_ice_servers(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        for text in servers:
            server = ice_uri(text)
            if server is None:
                raise unfit(
                    "ice-server", "write stun:HOST:PORT, turn:HOST:PORT or turns:HOST:PORT, not {what}", what=text
                )
            if not server.possible:
                raise unfit("ice-transport", "{what}: stun: names no transport, and turns: none but tcp", what=text)
        return servers

    @field_validator("turn_secret")
    @classmethod
    def _turn_has_a_secret(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if _relays(info) and not (secret and secret.get_secret_value()):
            raise unfit("turn-secret", "a turn: server needs the secret that it shares with us")
        return secret

    @field_validator("relay_only")
    @classmethod
    def _relay_has_a_server(cls, relay_only: bool, info: ValidationInfo) -> bool:
        if relay_only and "ice_servers" in info.data and not _relays(info):
            raise unfit("relay-needs-turn", "only through a relay: name a turn: server among the servers")
        return relay_only

    @model_validator(mode="after")
    def _phones_have_a_user(self) -> Self:
        if bool(self.phones_username) != (self.phones_secret is not None):
            raise unfit("name-and-secret", "give the AMI user for phones both a name and a secret")
        if self.sip_ws_url and not self.phones_username:
            raise unfit(
                "phones-user", "phones in browsers need the AMI user for phones (phones_username, phones_secret)"
            )
        return self

    @property
    def keep_for(self) -> timedelta:
        """How long raw events are kept."""
        return timedelta(days=self.keep_events_days)

    def tls_context(self) -> ssl.SSLContext | None:
        """What trusts the PBX's certificate; None without TLS. Raises `Permanent` where `ca` cannot be read."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        except OSError as error:
            raise Permanent(f"ca of account {self.id}: {self.ca} cannot be read: {error}") from error


def _relays(info: ValidationInfo) -> bool:
    return any(server.relays for text in info.data.get("ice_servers", ()) if (server := ice_uri(text)))


FORM = (
    Section(
        "PBX",
        "电话交换机",
        {
            "host": ("AMI host", "AMI 主机"),
            "port": ("AMI port", "AMI 端口"),
            "username": ("AMI user", "AMI 用户名"),
            "secret": ("AMI secret", "AMI 密码"),
            "region": ("Country of numbers without one", "默认国家/地区"),
        },
    ),
    Section(
        "Recordings",
        "通话录音",
        {
            "recordings": ("Folder of the recordings", "录音文件夹"),
            "recordings_clear": ("Remove there what is stored", "入库后从该文件夹删除"),
            "recordings_keep_days": ("Kept for (days; empty: for ever)", "保留天数（留空为永久）"),
            "recordings_wait_min": ("Waited for after the call (min)", "通话后最长等待（分钟）"),
        },
    ),
    Section(
        "Phones in browsers",
        "浏览器话机",
        {
            "sip_ws_url": ("SIP websocket of the PBX (ws://...)", "交换机 SIP WebSocket 地址 (ws://...)"),
            "phones_username": ("AMI user for phones", "话机管理 AMI 用户名"),
            "phones_secret": ("Its secret", "话机管理 AMI 密码"),
            "ice_servers": ("STUN and TURN servers", "STUN/TURN 服务器"),
            "turn_secret": ("Shared secret of the TURN servers", "TURN 共享密钥"),
            "relay_only": ("Sound only through TURN", "语音只经 TURN 中继"),
        },
        fine=True,
    ),
    Section(
        "Fine tuning",
        "细节设置",
        {
            "tls": ("AMI over TLS", "使用 TLS"),
            "ca": ("Certificate authorities (file)", "证书颁发机构（文件）"),
            "plan_folder": ("Folder of the PBX for its plan", "交换机方案的配置文件夹"),
            "context": ("Dialplan context for dialling", "拨号方案上下文"),
            "technology": ("Technology of the phones", "话机协议"),
            "ring_s": ("Own phone rings for (s)", "本机振铃时长（秒）"),
            "timeout_s": ("Time limit of an answer (s)", "应答超时（秒）"),
            "ping_s": ("Asked after silence of (s)", "静默多久后探测（秒）"),
            "keep_events_days": ("Raw events are kept for (days)", "原始事件保留天数"),
        },
        fine=True,
    ),
)
