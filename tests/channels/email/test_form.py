"""The account form: every field of every channel has a name in both languages, and names no field that is not there."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from hub.channel import AnyChannel, kinds, load
from hub.web.accounts import channel_out


def _fields(schema: dict[str, Any], root: dict[str, Any], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, field in schema.get("properties", {}).items():
        reference = next((p["$ref"] for p in (field, *field.get("anyOf", ())) if "$ref" in p), None)
        inner = root["$defs"][reference.rpartition("/")[2]] if reference else {}
        names |= _fields(inner, root, f"{prefix}{name}.") if "properties" in inner else {prefix + name}
    return names


@pytest.mark.parametrize("kind", kinds())
def test_the_form_names_every_field_in_both_languages(kind: str) -> None:
    channel: AnyChannel = load(kind)
    shown = channel_out(channel)
    named = [field["name"] for section in shown["form"] for field in section["fields"]]
    assert len(named) == len(set(named))
    assert set(named) == _fields(shown["account"], shown["account"])
    for section in shown["form"]:
        words = [section["label"], *(field["label"] for field in section["fields"])]
        assert all(word["en"].strip() and word["zh"].strip() for word in words)


def test_secrets_are_write_only_in_the_schema() -> None:
    """What the console draws as a password field is what the model keeps secret."""
    schema = channel_out(load("email"))["account"]
    assert issubclass(load("email").account_model, BaseModel)
    secret = [name for name, field in schema["properties"].items() if "writeOnly" in str(field)]
    assert {"password", "dkim_key"} <= set(secret)
