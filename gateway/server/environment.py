"""What the server and the application tell each other in a request's WSGI environment."""

from __future__ import annotations

from typing import Final

#: The connection that the request came on.
CONNECTION: Final = "replyto.connection"
#: Set once the request has brought a key that is one.
KNOWN: Final = "replyto.known"
