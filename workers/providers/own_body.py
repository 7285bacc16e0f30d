"""A client's request as one provider gets it: its own model name, and what was left to us."""

from __future__ import annotations

from typing import Final

from shared.operation import Operation
from shared.providers.provider import Provider
from shared.wire.chat_request import with_model
from shared.wire.request_defaults import with_defaults

#: The operations whose requests have the members that a model's defaults name.
_SAMPLED: Final = (Operation.CHAT, Operation.COMPLETION)


def body_for(provider: Provider, model: str, operation: Operation, request: bytes) -> bytes:
    """Return the request with the provider's own model name, and the defaults of that model."""
    own_name, defaults = provider.models[model], provider.defaults.get(model)
    if operation not in _SAMPLED:
        defaults = None
    if own_name == model and defaults is None:
        return request
    text = with_model(request.decode("utf-8"), own_name)
    return (with_defaults(text, defaults.members) if defaults else text).encode("utf-8")
