"""Where the secrets of an account's configuration are, and how they are sealed for the store.

A secret is what the channel's `account_model` declares `SecretStr`, at any depth.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretStr

from hub.vault import Vault

_MARK = "sealed"
_OWN_PLACE = {"id", "channel", "queue", "enabled"}
"""Fields that every account has and that stand beside the configuration, not in it."""


def sealed_config(model: BaseModel, vault: Vault) -> dict[str, Any]:
    """The model's fields for the store: plain JSON values, each secret sealed."""
    dumped = model.model_dump(exclude_unset=True, exclude=_OWN_PLACE)
    out: dict[str, Any] = _storable(dumped, vault)
    return out


def opened_config(config: Any, vault: Vault) -> Any:
    """The stored fields with their secrets open, ready for validation.

    Raises:
        SetupError: a secret was sealed with another key.
    """
    if isinstance(config, dict):
        if config.keys() == {_MARK}:
            return vault.open(config[_MARK])
        return {key: opened_config(value, vault) for key, value in config.items()}
    if isinstance(config, list):
        return [opened_config(value, vault) for value in config]
    return config


def shown_config(config: Any) -> Any:
    """The stored fields without their secrets; a secret that is set shows as None."""
    if isinstance(config, dict):
        return None if config.keys() == {_MARK} else {key: shown_config(value) for key, value in config.items()}
    if isinstance(config, list):
        return [shown_config(value) for value in config]
    return config


def secret_names(config: Any, place: str = "") -> list[str]:
    """The places of the secrets that are set, as `a.b`."""
    if isinstance(config, list):
        return [name for i, value in enumerate(config) for name in secret_names(value, f"{place}.{i}".lstrip("."))]
    if not isinstance(config, dict):
        return []
    if config.keys() == {_MARK}:
        return [place]
    return [name for key, value in config.items() for name in secret_names(value, f"{place}.{key}".lstrip("."))]


def _storable(value: Any, vault: Vault) -> Any:
    if isinstance(value, SecretStr):
        return {_MARK: vault.seal(value.get_secret_value())}
    if isinstance(value, dict):
        return {str(key): _storable(v, vault) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_storable(v, vault) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)  # paths and addresses validate again from their text
