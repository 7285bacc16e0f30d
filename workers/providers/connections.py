"""The connections to providers: urllib3's, asked and written to in fewer steps.

A synchronous chat spends more CPU in a worker than anywhere else, and a third of that is HTTP. What
is saved here changes nothing of what is sent. See docs/adr/0013-a-lean-hot-path.md.
"""

from __future__ import annotations

import http.client
import select
import socket
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from gevent.monkey import get_original
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ProxyError
from requests.utils import get_encoding_from_headers, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection

from shared.egress.answer_head import AnswerHead
from shared.egress.judged import Judged, pool_classes
from shared.egress.trust import Trust
from shared.lean import Part, Step
from shared.security.provider_places import ANYWHERE, ProviderPlaces
from workers.providers.repeating import Pool, TlsPool

#: A request up to this goes out in one system call (bytes); a larger one is not copied for that.
_JOINED_BYTES: Final = 65_536

#: A connection that is quiet is asked whether it is there (seconds, seconds, times): an answer may
#: take minutes to begin, and who stands in between (NAT, balancers) forgets what is quiet.
_PROBES: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 5}
_SOCKET_OPTIONS: Final = [
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in _PROBES.items()
        if hasattr(socket, name)
    ),
]

# The one that gevent has not patched: it is asked without waiting, which with gevent's own is a
# turn of the event loop.
_poll: Final[Any] = get_original("select", "poll")


class _Lean(Judged):
    """What is told of both kinds of connections."""

    sock: Any
    #: Whether it has brought an answer; what breaks then may just have been kept for too long.
    has_served = False
    _held: list[bytes] | None = None
    #: http.client's: the lines of the head.
    _buffer: list[bytes]

    @property
    def is_connected(self) -> bool:
        """Whether the connection can be used: it is open, and nobody has said a word or hung up."""
        if self.sock is None:
            return False
        poll = _poll()
        poll.register(self.sock.fileno(), select.POLLIN)
        return not poll.poll(0)

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request: head and body in one piece, if they are small."""
        if not isinstance(options.get("body"), bytes | None):
            # It comes piece by piece, and is not to be kept.
            super().request(*args, **options)  # type: ignore[misc]
            return
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*args, **options)  # type: ignore[misc]
        finally:
            self._held = None
        if sum(len(piece) for piece in held) <= _JOINED_BYTES:
            held = [b"".join(held)]
        for piece in held:
            self.send(piece)

    def putheader(self, header: Any, *values: Any) -> None:
        """Add a field to the head. Raises ValueError for one that must not be sent."""
        if len(values) == 1 and type(header) is str and type(values[0]) is str:
            self._buffer.append(_field_line(header, values[0]))
        else:
            super().putheader(header, *values)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        """Send, or keep until the request is complete."""
        if self._held is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._held.append(data)

    def _new_conn(self) -> Any:
        """Dial. Raises NewConnectionError also for an address where no provider may be."""
        self.has_served = False
        return super()._new_conn()


class _Connection(_Lean, HTTPConnection):
    response_class = AnswerHead


class _TlsConnection(_Lean, HTTPSConnection):
    response_class = AnswerHead
    _trust: Trust | None = None

    def connect(self) -> None:
        """Dial, trusting whom the files name now; they are read once for all connections.

        Raises OSError and what urllib3 raises.
        """
        # A proxy that speaks TLS itself is trusted by the same files, which urllib3 then reads.
        if not (self.proxy and self.proxy.scheme == "https"):
            self._trust_once()
        super().connect()

    def _trust_once(self) -> None:
        """Leave urllib3 no file to read; it may dial again and again."""
        if self._trust is None:
            self._trust = Trust(self.ca_certs or self.ca_cert_dir, self.cert_file, self.key_file)
            self.ca_certs = self.ca_cert_dir = self.cert_file = self.key_file = None
        self.ssl_context = self._trust.context()


@lru_cache(maxsize=2000)
def _field_line(name: str, value: str) -> bytes:
    """Return a field as http.client writes it, which looks at each; most come with every call."""
    head = http.client.HTTPConnection("")
    head.putrequest("GET", "/", skip_host=True, skip_accept_encoding=True)
    head.putheader(name, value)
    return head._buffer[-1]  # type: ignore[attr-defined, no-any-return]  # noqa: SLF001


def _refuse_proxys_word(request: PreparedRequest, resp: Any) -> None:
    if resp.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        resp.close()
        raise ProxyError("407 Proxy Authentication Required", request=request)


class Adapter(HTTPAdapter):
    """Keeps connections to each provider open; finds those of a host without naming its settings.

    Most providers are asked directly, with the settings that all share; the others are told apart
    by their proxy, by whom they trust, and by our certificate.
    """

    def __init__(self, places: ProviderPlaces = ANYWHERE, **options: Any) -> None:
        self._classes = pool_classes(places, (Pool, _Connection), (TlsPool, _TlsConnection))
        super().__init__(**options)

    def init_poolmanager(self, connections: int, *args: Any, **options: Any) -> None:
        """Make the manager of the pools, of so many hosts at most."""
        options["socket_options"] = _SOCKET_OPTIONS
        super().init_poolmanager(connections, *args, **options)
        self._most_pools = connections
        self.poolmanager.pool_classes_by_scheme = self._classes
        self._pools: dict[object, Any] = {}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool of the request's host, by these settings."""
        parts = urlsplit(str(request.url))
        host: object = f"{parts.scheme}://{parts.netloc}"
        # Whom to trust is asked of nobody who speaks no TLS.
        if proxies or (parts.scheme != "http" and (verify is not True or cert)):
            host = (host, verify, cert, select_proxy(str(request.url), proxies))
        pool = self._pools.get(host)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            if len(self._pools) >= self._most_pools:
                # Its manager keeps those that were asked for last.
                self._pools.clear()
            self._pools[host] = pool
        return pool

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the manager of the pools behind a proxy; they are as lean as the others."""
        if proxy not in self.proxy_manager and len(self.proxy_manager) >= self._most_pools:
            self.proxy_manager.clear()
        manager = super().proxy_manager_for(proxy, socket_options=_SOCKET_OPTIONS, **options)
        manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Return what the first line asks for: of a server its path, of a proxy the URL."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Return the answer; nobody looks at its cookies.

        Raises ProxyError for one that only a proxy can give (RFC 9110).
        """
        _refuse_proxys_word(req, resp)
        response = Response()
        response.status_code, response.reason = resp.status, resp.reason
        # Urllib3's are found in any case as well.
        response.headers = resp.headers
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw, response.url = resp, str(req.url)
        response.request = req
        response.connection = self
        return response


def _plain_response(self: Adapter, req: PreparedRequest, resp: Any) -> Response:
    _refuse_proxys_word(req, resp)
    return HTTPAdapter.build_response(self, req, resp)


#: What can be left to urllib3 and requests.
STEPS: Final = (
    Step("urllib3: one write a request", (Part(_Lean, "request"), Part(_Lean, "send"))),
    Step("http.client: fields of requests", (Part(_Lean, "putheader"),)),
    Step("http.client: fields of answers", (Part(AnswerHead, "begin"),)),
    Step("urllib3: looking before use", (Part(_Lean, "is_connected"),)),
    Step("urllib3: trust read once", (Part(_TlsConnection, "connect"),)),
    Step("requests: finding the pool", (Part(Adapter, "get_connection_with_tls_context"),)),
    Step(
        "requests: answers",
        (Part(Adapter, "request_url"), Part(Adapter, "build_response", _plain_response)),
    ),
)
