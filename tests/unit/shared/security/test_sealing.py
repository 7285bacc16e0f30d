from __future__ import annotations

import pytest

from shared.security.sealing import NotSealedHere, Sealer, is_encryption_key, new_encryption_key


def test_sealer_opens_what_it_sealed() -> None:
    sealer = Sealer(new_encryption_key())

    sealed = sealer.seal("sk-gehéim")

    assert sealer.open(sealed) == "sk-gehéim"
    assert sealer.open(sealed.encode()) == "sk-gehéim"


def test_sealed_secret_does_not_show_it_nor_repeat_itself() -> None:
    sealer = Sealer(new_encryption_key())

    first, second = sealer.seal("sk-1234567890"), sealer.seal("sk-1234567890")

    assert "sk-" not in first
    assert first != second


@pytest.mark.parametrize(
    "sealed",
    ["", "no token", Sealer(new_encryption_key()).seal("x")],
    ids=["nothing", "no token", "with another key"],
)
def test_sealer_refuses_what_it_did_not_seal(sealed: str) -> None:
    with pytest.raises(NotSealedHere):
        Sealer(new_encryption_key()).open(sealed)


@pytest.mark.parametrize("text", ["", "short", "ü" * 44, "A" * 40], ids=repr)
def test_is_encryption_key_refuses_other_text(text: str) -> None:
    assert not is_encryption_key(text)
    assert is_encryption_key(new_encryption_key())
