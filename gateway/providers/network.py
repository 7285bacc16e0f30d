"""What the API may say of the way to a provider: which files it may name, which it leaves as is.

Who may change providers is not thereby somebody who may read files of the server, or try which
there are. So the API names files of one folder, which the operator has chosen, and nobody looks
there before a worker uses them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic.alias_generators import to_camel

from shared.errors import ValidationFailed
from shared.providers.proxy_url import FROM_ENVIRONMENT
from shared.security.masked_url import has_mask, masked_url
from shared.settings import Settings

_FILES: Final = ("ca_file", "client_cert", "client_key")
#: What is shown without its password, and may come back so.
_SHOWN_MASKED: Final = ("base_url", "heartbeat_url", "metrics_url", "proxy")
_TOLD: Final = {"base_url": "apiBaseUrl"}
_is_file_name = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*").fullmatch


def permitted(
    settings: Settings, known: Mapping[str, Any], fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields as the registry takes them. Raises ValidationFailed naming the field.

    `known` has the provider as it is, if it is changed. An empty text takes a value away.
    """
    changed = {
        name: value for name, value in fields.items() if not _is_as_shown(name, value, known)
    }
    check_unmasked(changed)
    for name in (*_FILES, "proxy", "heartbeat_url", "metrics_url"):
        if changed.get(name) == "":
            changed[name] = None
    for name in _FILES:
        if changed.get(name) is not None:
            changed[name] = _file(settings, name, changed[name])
    if str(changed.get("proxy") or "").startswith(FROM_ENVIRONMENT):
        raise ValidationFailed(
            "proxy: over the API give its URL; only providers.toml can name a variable.",
            field="proxy",
        )
    return changed


def check_unmasked(changed: Mapping[str, Any]) -> None:
    """Refuse what was shown in the place of a secret and comes back changed. ValidationFailed.

    Whoever edits a URL that was shown as `https://***@host/v1` would else wipe its password.
    """
    for name in _SHOWN_MASKED:
        if has_mask(str(changed.get(name) or "")):
            told = _TOLD.get(name, to_camel(name))
            raise ValidationFailed(
                f"{told}: '***' stands where a secret is not shown. Leave the field out to keep "
                "what is there, or give the whole URL.",
                field=told,
            )


def _is_as_shown(name: str, value: Any, known: Mapping[str, Any]) -> bool:
    """Whether a client has sent back what it was shown."""
    before = known.get(name)
    if not isinstance(before, str):
        return False
    return value == before or (name in _SHOWN_MASKED and value == masked_url(before))


def _file(settings: Settings, field: str, name: str) -> str:
    told = to_camel(field)
    if settings.certificates_dir is None:
        raise ValidationFailed(
            f"{told}: over the API only files of the folder REPLYTO_CERTIFICATES_DIR can be named, "
            "and that is not set; providers.toml can name any file.",
            field=told,
        )
    if not _is_file_name(name):
        raise ValidationFailed(
            f"{told}: give the name of a file in REPLYTO_CERTIFICATES_DIR, without a folder.",
            field=told,
        )
    return str(settings.certificates_dir.absolute() / name)
