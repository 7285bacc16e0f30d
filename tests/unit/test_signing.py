"""Signatures as Standard Webhooks specifies them."""

from __future__ import annotations

import time

import pytest
from standardwebhooks.webhooks import Webhook

from shared.settings import new_callback_secret
from shared.signing import message_id, signature_headers


def test_signature_headers_match_the_published_vector() -> None:
    body = (
        b'{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z",'
        b'"data":{"id":"1f81eb52-5198-4599-803e-771906343485"}}'
    )
    headers = signature_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1674087231,
        body,
    )
    expected = "v1,ARw42xaAApl/nxRo+iPGYwSaMQaOwMo2eyH5JBRA+bQ="
    assert headers["webhook-signature"] == expected


@pytest.mark.parametrize("body", [b"{}", '{"text":"Grüße 🙂"}'.encode()])
def test_signature_headers_verify_when_secret_is_one_of_ours(body: bytes) -> None:
    secret = new_callback_secret()
    headers = signature_headers(secret, message_id(7), int(time.time()), body)
    Webhook(secret).verify(body, headers)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(secret).verify(body + b" ", headers)
