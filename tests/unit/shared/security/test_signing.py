"""Signatures as Standard Webhooks specifies them, verified by the libraries that receivers use."""

from __future__ import annotations

import time
from base64 import b64decode

import pytest
import svix.webhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook

from shared.security.signing import (
    PrivateKey,
    SecretKey,
    message_id,
    new_private_key,
    signature_headers,
)
from shared.settings import new_callback_secret

LIBRARIES = [
    pytest.param(Webhook, id="standardwebhooks"),
    pytest.param(svix.webhooks.Webhook, id="svix"),
]


def test_signature_headers_match_the_published_vector() -> None:
    body = (
        b'{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z",'
        b'"data":{"id":"1f81eb52-5198-4599-803e-771906343485"}}'
    )
    headers = signature_headers(
        [SecretKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1674087231,
        body,
    )
    expected = "v1,ARw42xaAApl/nxRo+iPGYwSaMQaOwMo2eyH5JBRA+bQ="
    assert headers["webhook-signature"] == expected


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("body", [b"{}", '{"text":"Grüße 🙂"}'.encode()])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def test_signatures_of_all_keys_verify_in_any_time_zone(
    library: type[Webhook], body: bytes, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        secrets = [new_callback_secret(), new_callback_secret()]
        keys = [*map(SecretKey, secrets), PrivateKey(new_private_key())]
        headers = signature_headers(keys, message_id(7), int(time.time()), body)
        for secret in secrets:
            library(secret).verify(body, headers)
            with pytest.raises(Exception, match="No matching signature"):
                library(secret).verify(body + b" ", headers)
        with pytest.raises(Exception, match="No matching signature"):
            library(new_callback_secret()).verify(body, headers)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_asymmetric_signature_verifies_with_the_public_key_alone() -> None:
    key = PrivateKey(new_private_key())
    headers = signature_headers([key], "msg_1", 1674087231, b'{"a":"\xc3\xbc"}')
    version, signature = headers["webhook-signature"].split(",")
    public = Ed25519PublicKey.from_public_bytes(b64decode(key.public_key.removeprefix("whpk_")))
    public.verify(b64decode(signature), b'msg_1.1674087231.{"a":"\xc3\xbc"}')
    assert version == "v1a"
    with pytest.raises(InvalidSignature):
        public.verify(b64decode(signature), b"msg_1.1674087232.{}")


def test_private_key_may_carry_its_public_half() -> None:
    # A pair that another sender's documentation gives.
    pair = (
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicM"
        "Fs6Kvg=="
    )
    assert PrivateKey(pair).public_key == "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="


@pytest.mark.parametrize("text", ["", "whsk_", "whsk_!", "whsk_AAAA", "AAAA", "whsec_AAAA"])
def test_private_key_refuses_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="whsk_"):
        PrivateKey(text)


def test_key_id_names_a_key_and_says_nothing_about_it() -> None:
    secret = new_callback_secret()
    assert SecretKey(secret).id == SecretKey(secret).id != SecretKey(new_callback_secret()).id
    assert SecretKey(secret).id not in secret
