"""The vault opens only what its key sealed; a token carries its value, for its purpose only, in any letter case."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from crm_core.ground.ids import new_id
from hub.errors import SetupError
from hub.settings import Settings
from hub.vault import Signer, Vault, installation_key

KEY = bytes(range(32))


@given(st.text())
def test_what_is_sealed_is_opened_again_and_never_looks_the_same_twice(text: str) -> None:
    vault = Vault(KEY)
    sealed = vault.seal(text)
    assert vault.open(sealed) == text
    assert vault.seal(text) != sealed


def test_another_key_is_named_in_the_refusal() -> None:
    one, two = Vault(KEY), Vault(bytes(32))
    with pytest.raises(SetupError, match=f"{one.key_id}.*{two.key_id}.*MAINSTEM_SECRET_KEY"):
        two.open(one.seal("hush"))


@pytest.mark.parametrize(
    "damage", ["", "v2.x.y", "v1.{id}.", "v1.{id}.%%", "v1.{id}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
)
def test_damage_is_told(damage: str) -> None:
    vault = Vault(KEY)
    with pytest.raises(SetupError):
        vault.open(damage.replace("{id}", vault.key_id))


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "deep" / "data")
    first, second = installation_key(settings), installation_key(settings)
    path = settings.data / "secret.key"
    assert first == second
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in settings.data.iterdir()] == ["secret.key"]


def test_a_broken_key_file_is_refused_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("AAAA\n")
    with pytest.raises(SetupError, match="32"):
        installation_key(Settings(data=tmp_path))
    (tmp_path / "secret.key").write_text("not base64!\n")
    with pytest.raises(SetupError, match="backup"):
        installation_key(Settings(data=tmp_path))


def test_the_key_may_come_from_the_settings(tmp_path: Path) -> None:
    given = Settings(data=tmp_path, secret_key=SecretStr("x" * 40))
    assert installation_key(given) == installation_key(given)
    assert not list(tmp_path.iterdir())
    with pytest.raises(SetupError, match="too short"):
        installation_key(Settings(secret_key=SecretStr("short")))


@given(value=st.text(max_size=40), upper=st.booleans())
def test_a_token_carries_its_value_in_any_case(value: str, upper: bool) -> None:
    signer = Signer(KEY)
    token = signer.sign("reply", value)
    assert token == token.lower()
    assert signer.check("reply", token.upper() if upper else token) == value
    assert signer.check("unsubscribe", token) is None
    assert Signer(bytes(32)).check("reply", token) is None


def test_a_token_for_an_id_fits_the_local_part_of_a_mail_address() -> None:
    token = Signer(KEY).sign("reply", new_id())
    assert len(f"support+c.{token}") <= 64
    assert all(c.isalnum() or c == "." for c in token)


@given(st.text(max_size=80))
def test_no_text_of_chance_is_a_token(text: str) -> None:
    assert Signer(KEY).check("reply", text) is None


@given(at=st.integers(0, 42), to=st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_one_changed_character_voids_a_token(at: int, to: str) -> None:
    signer = Signer(KEY)
    token = signer.sign("reply", "01hzzzzzzzzzzzzzzzzzzzzzzz")
    changed = token[:at] + to + token[at + 1 :]
    assert changed == token or signer.check("reply", changed) is None
