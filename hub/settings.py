"""All settings: environment `MAINSTEM_*` over `mainstem.toml`; read once, frozen, handed down in typed parts.

Secrets are written as `${NAME}` in the file and taken from the environment. Unknown keys are refused; every mistake
is reported at once, with the key and a hint.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from hub.errors import SetupError

_REFERENCE = re.compile(r"\$\{(\w+)\}")


class Part(BaseModel):
    """A section of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class QueueSettings(Part):
    """One queue: who waits where. `sla_s` is the answer time aimed at, `wrap_up_s` the after-call work, in seconds."""

    name: str
    name_zh: str = ""
    sla_s: int = 3600
    wrap_up_s: int = 0
    members: tuple[str, ...] = ()


class AccountSettings(BaseModel):
    """One account as written in the file; its other keys are the channel's (`account_model`)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    channel: str
    queue: str = "general"
    enabled: bool = True


class Limits(Part):
    """Bounds that protect the hub. Sizes in bytes, times in seconds."""

    file_bytes: int = 50 * 1024 * 1024
    json_bytes: int = 2 * 1024 * 1024
    replay_events: int = 5000
    keep_events_days: int = 14
    console_queue: int = 1000
    commit_batch: int = 200
    session_days: int = 14
    session_idle_hours: int = 72
    drain_s: float = 10.0


class PushSettings(Part):
    """Browser push. `hosts`: push services that may be used; one with a dot in front stands for every name under it.

    `contact`: a `mailto:` or `https:` address at which a push service finds you. `per_minute`: most to one person.
    `inside`: the push service may stand in your own network, at any port; `ca`: the file of its certificate authority.
    """

    hosts: tuple[str, ...] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        ".notify.windows.com",
        ".push.apple.com",
    )
    contact: str | None = Field(default=None, pattern=r"^(mailto:|https://)\S+$")
    per_minute: int = Field(default=10, ge=1, le=600)
    inside: bool = False
    ca: Path | None = None


class Settings(Part):
    """Everything. `data` is where the embedded MongoDB, keys and files of the machine live."""

    host: str = "127.0.0.1"
    port: int = Field(default=8800, ge=0, le=65535)
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    data: Path = Path("data")
    mongo_url: SecretStr | None = None
    database: str = "mainstem"
    broker_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    log_level: str = "info"
    company: str = "Mainstem"
    default_region: str = "CN"
    time_zone: str = "Asia/Shanghai"
    """Where the days of the call figures begin."""
    demo: bool = False
    console: Path | None = None
    """The built console; None = the one beside the program."""
    limits: Limits = Limits()
    push: PushSettings = PushSettings()
    queues: dict[str, QueueSettings] = {}
    accounts: dict[str, AccountSettings] = {}

    @field_validator("time_zone")
    @classmethod
    def check_zone(cls, value: str) -> str:
        """It must be a zone that this machine knows."""
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; write it like Asia/Shanghai") from None
        return value

    @field_validator("accounts", "queues")
    @classmethod
    def check_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Names go into addresses, rooms and keys; keep them plain."""
        for name in value:
            if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
                raise ValueError(f"name {name!r}: use 1 to 40 of a-z, 0-9, - and _")
        return value


_ENVIRONMENT = {
    "MAINSTEM_HOST": "host",
    "MAINSTEM_PORT": "port",
    "MAINSTEM_PUBLIC_URL": "public_url",
    "MAINSTEM_DATA": "data",
    "MAINSTEM_MONGO_URL": "mongo_url",
    "MAINSTEM_DATABASE": "database",
    "MAINSTEM_BROKER_URL": "broker_url",
    "MAINSTEM_SECRET_KEY": "secret_key",
    "MAINSTEM_LOG_LEVEL": "log_level",
    "MAINSTEM_CONSOLE": "console",
    "MAINSTEM_TIME_ZONE": "time_zone",
}


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process.

    Args:
        overrides: values that win over environment and file (command-line flags, tests).

    Raises:
        SetupError: with every mistake found, each with its place.
    """
    path = Path(os.environ.get("MAINSTEM_CONFIG", "mainstem.toml"))
    values = _read_file(path) if path.exists() else {}
    if not path.exists() and "MAINSTEM_CONFIG" in os.environ:
        raise SetupError(f"MAINSTEM_CONFIG names {path}, which is not there")
    for variable, key in _ENVIRONMENT.items():
        if variable in os.environ:
            values[key] = os.environ[variable]
    values.update(overrides)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise SetupError(f"settings ({path} and MAINSTEM_* variables) need mending:\n" + "\n".join(lines)) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} is not valid TOML: {error}") from None
    missing: list[str] = []
    resolved: dict[str, Any] = _resolve(values, "", missing)
    if missing:
        raise SetupError(f"{path} refers to variables that are not set: " + ", ".join(missing))
    return resolved


def _resolve(value: Any, place: str, missing: list[str]) -> Any:
    if isinstance(value, dict):
        return {k: _resolve(v, f"{place}.{k}".lstrip("."), missing) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolve(v, f"{place}.{i}", missing) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def put(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            missing.append(f"${{{name}}} at {place}")
        return os.environ.get(name, "")

    return _REFERENCE.sub(put, value)


def inherited_environment(**extra: str) -> dict[str, str]:
    """The environment for a child process (mongod, worker), with additions."""
    return {**os.environ, **extra}
