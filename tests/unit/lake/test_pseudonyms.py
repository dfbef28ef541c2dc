"""Pseudonyms and the secret behind them."""

from __future__ import annotations

import hashlib
import hmac
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.pseudonyms import SECRET_VARIABLE, Pseudonymiser, SecretError, load_or_create


def test_a_key_is_the_hmac_of_platform_and_native_id() -> None:
    expected = hmac.new(b"s" * 32, b"reddit|t3_abc", hashlib.sha256).hexdigest()[:32]
    assert Pseudonymiser(b"s" * 32).key("reddit", "t3_abc") == expected


@given(st.binary(min_size=16, max_size=200), st.text(max_size=8), st.text(max_size=200))
def test_a_key_is_the_hmac_whatever_the_length_of_secret_and_id(secret: bytes, platform: str, native_id: str) -> None:
    expected = hmac.new(secret, f"{platform}|{native_id}".encode(), hashlib.sha256).hexdigest()[:32]
    assert Pseudonymiser(secret).key(platform, native_id) == expected
    assert Pseudonymiser(secret).remembered(platform, 10)[native_id] == expected


def test_remembered_keys_are_bounded_and_stay_right() -> None:
    pseudonyms = Pseudonymiser(b"s" * 32)
    remembered = pseudonyms.remembered("x", 3)
    for number in [*range(10), *range(10)]:
        assert remembered[str(number)] == pseudonyms.key("x", str(number))
        assert len(remembered) <= 3


def test_a_pseudonymiser_that_went_to_another_process_makes_the_same_keys() -> None:
    pseudonyms = Pseudonymiser(b"s" * 32)
    assert pickle.loads(pickle.dumps(pseudonyms)).key("x", "1") == pseudonyms.key("x", "1")  # noqa: S301 - our own bytes


def test_handles_meet_whatever_their_case_and_sign() -> None:
    pseudonyms = Pseudonymiser(b"s" * 32)
    assert pseudonyms.handle_key("x", "@Ann ") == pseudonyms.handle_key("x", "ann")


def test_the_secret_is_made_once_with_mode_600_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    file = tmp_path / "secrets" / "pseudonym.key"
    first = load_or_create(file).key("x", "1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_or_create(file).key("x", "1") == first


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    file = tmp_path / "pseudonym.key"
    load_or_create(file)
    file.chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        load_or_create(file)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, (b"e" * 32).hex())
    assert load_or_create(tmp_path / "none.key").key("x", "1") == Pseudonymiser(b"e" * 32).key("x", "1")
    assert not (tmp_path / "none.key").exists()


def test_a_malformed_secret_says_so_without_showing_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "not-hex-but-secret")
    with pytest.raises(SecretError) as caught:
        load_or_create(tmp_path / "none.key")
    assert "not-hex-but-secret" not in str(caught.value)


def test_the_secret_never_shows_in_its_repr() -> None:
    assert "sssss" not in repr(Pseudonymiser(b"s" * 32))
