"""Where a provider of each type answers whether it is there, and how it is told its key. Pure."""

from __future__ import annotations

from base64 import b64encode

#: What answers at once, by provider type, under the server's root.
_ALIVE = {"automatic1111": "sdapi/v1/sd-models", "comfyui": "system_stats"}


def models_url(kind: str, base_url: str) -> str:
    """Return where a provider lists its models, or answers something as cheap."""
    base = base_url.rstrip("/")
    root = base.removesuffix("/v1")
    if kind in _ALIVE:
        return f"{root}/{_ALIVE[kind]}"
    if kind == "replicate":
        return f"{base}/account"
    return f"{base}/models" if kind == "openai" else f"{root}/v1/models"


def key_headers(kind: str, header: str | None, key: str) -> tuple[tuple[str, str], ...]:
    """Return the header that carries the key: the one of its type, unless another is named."""
    if header:
        return ((header, key),)
    if kind == "anthropic":
        return (("x-api-key", key),)
    if kind == "automatic1111":
        # Its key is `user:password`.
        return (("Authorization", f"Basic {b64encode(key.encode()).decode()}"),)
    return (("Authorization", f"Bearer {key}"),)
