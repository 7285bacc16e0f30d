"""A receiver of callbacks: checks each one's signature, notes duplicates, and keeps it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import responses

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError, WebhookVerificationError

from cli.api.forwarding import Forward
from cli.wsgi_thread import (
    RAW_TARGET,
    Environ,
    ServerThread,
    StartResponse,
    body_of,
    headers_of,
)
from shared.listen_address import url_host

#: Callbacks and their ids that are remembered.
_KEPT = 10_000

#: What `verdict` is for a signature that verifies.
VALID = "valid"


@dataclass(frozen=True, slots=True)
class ReceivedCallback:
    """One request that came in, and what the receiver thinks of it."""

    method: str
    #: The request target exactly as it was sent, with its query string.
    target: str
    headers: dict[str, str]
    body: bytes
    #: `valid`, or `INVALID: ` and why.
    verdict: str
    #: Which time this webhook-id comes: 1, 2, …
    occurrence: int
    #: HTTP status of the receiver's answer.
    status: int
    #: Unix seconds.
    received_at: float = field(default_factory=time.time)
    #: The URL that was asked for the answer, if one was.
    forwarded_to: str = ""


def webhook_for(secret: str) -> Webhook:
    """Return the verifier for a secret, `whsec_` + base64; raises ValueError if it is none."""
    try:
        return Webhook(secret)
    except EmptyWebhookSecretError as exc:
        raise ValueError("the secret is empty") from exc


def verdict_on(webhook: Webhook, headers: dict[str, str], body: bytes) -> str:
    """Verify a callback by the Standard Webhooks specification; say `valid` or what is wrong."""
    try:
        webhook.verify(body, headers, json_parse=False)
    # A malformed header raises ValueError, of which binascii.Error is one kind.
    except (WebhookVerificationError, ValueError) as exc:
        return f"INVALID: {exc or type(exc).__name__}"
    return VALID


class Receiver:
    """The server: start(), `url`, `received`, stop(). Answers 503 to the first `fail_first`.

    Raises ValueError if the secret is none.
    """

    def __init__(
        self,
        secret: str,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        fail_first: int = 0,
        forward: Forward | None = None,
        on_callback: Callable[[ReceivedCallback], None] = lambda _: None,
    ) -> None:
        self._webhook = webhook_for(secret)
        self._failures_left = fail_first
        self._on_callback = on_callback
        self._forward = forward
        self._received: deque[ReceivedCallback] = deque(maxlen=_KEPT)
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._arrived = threading.Condition()
        self._server = ServerThread(self._application, host, port)

    @property
    def url(self) -> str:
        """The URL to which callbacks can be sent; known once started."""
        return f"http://{url_host(self._server.host)}:{self._server.port}"

    @property
    def received(self) -> list[ReceivedCallback]:
        """What came in so far, oldest first."""
        return list(self._received)

    def start(self) -> Receiver:
        """Listen; raises OSError when the address can't be had."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def wait_for(self, count: int, timeout_s: float) -> list[ReceivedCallback]:
        """Return what came in as soon as there are `count`; raises TimeoutError."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._received) >= count, timeout_s):
                raise TimeoutError(f"{len(self._received)} of {count} callbacks in {timeout_s} s")
            return self.received

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        callback = self._judge(environ)
        with self._arrived:
            self._received.append(callback)
            self._arrived.notify_all()
        self._on_callback(callback)
        reason = responses.get(callback.status, "Unknown")
        start_response(f"{int(callback.status)} {reason}", [("content-type", "text/plain")])
        return [reason.encode() + b"\n"]

    def _judge(self, environ: Environ) -> ReceivedCallback:
        headers, body = headers_of(environ), body_of(environ)
        failing = self._failures_left > 0
        self._failures_left -= failing
        status, forwarded_to = int(HTTPStatus.OK), ""
        if failing:
            status = int(HTTPStatus.SERVICE_UNAVAILABLE)
        elif self._forward is not None:
            forwarded_to = self._forward.url_of(environ[RAW_TARGET])
            status = self._forward.send(environ["REQUEST_METHOD"], forwarded_to, headers, body)
        return ReceivedCallback(
            method=environ["REQUEST_METHOD"],
            target=environ[RAW_TARGET],
            headers=headers,
            body=body,
            verdict=verdict_on(self._webhook, headers, body),
            occurrence=self._count(headers.get("webhook-id", "")),
            status=status,
            forwarded_to=forwarded_to,
        )

    def _count(self, webhook_id: str) -> int:
        """Return which time this id comes; requests without an id are no duplicates."""
        if not webhook_id:
            return 1
        seen = self._seen.pop(webhook_id, 0) + 1
        self._seen[webhook_id] = seen
        if len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        return seen
