"""What the API may say of a provider's secrets, and where those may be sent.

Who may change providers is not thereby somebody who may read the server's environment, or the keys
that others have given: a provider could be a server of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic.alias_generators import to_camel

from shared.api_keys.principal import Principal
from shared.api_keys.scopes import Scope
from shared.errors import ValidationFailed
from shared.providers.extras import variables
from shared.providers.presets import PRESETS, Preset
from shared.providers.provider import Provider, read_file
from shared.providers.proxy_url import DIRECT
from shared.settings import OWN_PREFIX, Settings, SettingsError
from shared.written_path import file_problem

#: Where a provider is, and what is believed there: who changes these decides who gets its secrets.
_WHITHER: Final = ("base_url", "heartbeat_url", "proxy", "ca_file")
#: Hosts of services where each customer has one of its own, by the variable of their key.
_OWN_HOSTS: Final = {"AZURE_OPENAI_API_KEY": (".openai.azure.com", ".services.ai.azure.com")}


def check_secrets(
    settings: Settings, principal: Principal, before: Provider | None, after: Provider
) -> None:
    """Raise ValidationFailed, naming the field, unless the change may be made by this caller."""
    named = after.api_key_env
    if named and (before is None or named != before.api_key_env):
        _check_variable(settings, named)
    if Scope.ADMIN in principal.scopes:
        return
    if before is not None:
        _check_kept(before, after)
    if named and (before is None or named != before.api_key_env or _moved(before, after)):
        _check_whither(settings, named, after)
        chosen = before if before is not None and named == before.api_key_env else None
        _check_way(settings, named, chosen, after)


def _check_variable(settings: Settings, name: str) -> None:
    if name.upper().startswith(OWN_PREFIX):
        raise _refused("apiKeyVar", f"'{name}' is a variable of ReplyTo's own.")
    if name not in _allowed(settings):
        raise _refused(
            "apiKeyVar",
            f"'{name}' may not be named over the API; an operator can list it in "
            "REPLYTO_PROVIDER_KEY_VARS, or name it in providers.toml.",
        )


def _allowed(settings: Settings) -> frozenset[str]:
    if settings.provider_key_vars:
        return frozenset(settings.provider_key_vars)
    own = [name for provider in _of_file(settings) for name in _variables(provider)]
    return frozenset((*own, *(one.api_key_env for one in PRESETS.values() if one.api_key_env)))


def _check_kept(before: Provider, after: Provider) -> None:
    """Let nobody send secrets elsewhere that they have not given."""
    moved = _moved(before, after)
    kept = [
        bool(before.sealed_key) and before.sealed_key == after.sealed_key,
        bool(before.headers and before.headers == after.headers),
        bool(before.query and before.query == after.query),
    ]
    if moved and any(kept):
        raise _refused(
            moved,
            "the secrets of this provider would go elsewhere: give its apiKey again, or make "
            "another provider, or ask somebody whose key has the scope 'admin'.",
        )


def _check_whither(settings: Settings, name: str, after: Provider) -> None:
    """Let a variable's key go only where the operator, or the service that it is of, wants it."""
    if name in settings.provider_key_vars:
        return
    for url in filter(None, (after.base_url, after.heartbeat_url)):
        if not _belongs(name, str(url), settings):
            raise _refused(
                "apiBaseUrl",
                f"the key in '{name}' is not for {urlsplit(str(url)).hostname}: give an apiKey, or "
                "ask somebody whose key has the scope 'admin', or an operator to list the variable "
                "in REPLYTO_PROVIDER_KEY_VARS.",
            )


def _check_way(settings: Settings, name: str, before: Provider | None, after: Provider) -> None:
    """Let nobody read a variable's key on its way who is not there already."""
    if name in settings.provider_key_vars:
        return
    known = [one for one in _of_file(settings) if one.api_key_env == name]
    known += [before] if before is not None else []
    is_read = any(str(url).startswith("http:") for url in (after.base_url, after.heartbeat_url))
    # What is encrypted a proxy cannot read, unless its own certificate is believed.
    for field, matters in (("ca_file", True), ("proxy", is_read)):
        value = getattr(after, field)
        if matters and value not in (None, DIRECT, *(getattr(one, field) for one in known)):
            raise _refused(
                to_camel(field),
                f"the key in '{name}' could be read on this way: give an apiKey, or ask somebody "
                "whose key has the scope 'admin', or an operator to list the variable in "
                "REPLYTO_PROVIDER_KEY_VARS.",
            )


def _belongs(name: str, url: str, settings: Settings) -> bool:
    known: list[Preset | Provider] = [*PRESETS.values(), *_of_file(settings)]
    homes = {
        _origin(str(one.base_url)) for one in known if one.api_key_env == name and one.base_url
    }
    scheme, host, _ = _origin(url)
    own = any(host.endswith(ending) for ending in _OWN_HOSTS.get(name, ()))
    return _origin(url) in homes or (own and scheme == "https")


def _moved(before: Provider | None, after: Provider) -> str:
    """Return the field, as the API calls it, by which secrets would go elsewhere; or nothing."""
    if before is None:
        return ""
    told = {"base_url": "apiBaseUrl", "heartbeat_url": "heartbeatUrl", "ca_file": "caFile"}
    for name in _WHITHER:
        was, is_now = getattr(before, name), getattr(after, name)
        same = _origin(str(was)) == _origin(str(is_now)) if was and is_now else was == is_now
        if name in ("ca_file", "proxy"):
            same = was == is_now
        if name == "heartbeat_url" and not same and is_now:
            same = _origin(str(is_now)) == _origin(str(before.base_url))
        if not same and is_now:
            return told.get(name, name)
    return ""


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    usual = 443 if parts.scheme == "https" else 80
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or usual


def _of_file(settings: Settings) -> Iterable[Provider]:
    if file_problem(settings.providers_file):
        return ()
    try:
        return read_file(settings.providers_file) or ()
    except SettingsError:
        return ()


def _variables(provider: Provider) -> Iterable[str]:
    own = (provider.api_key_env,) if provider.api_key_env else ()
    return (*own, *variables(provider.headers), *variables(provider.query))


def check_places(settings: Settings, changed: Mapping[str, Any]) -> None:
    """Raise ValidationFailed, naming the field, for a URL where no provider may be."""
    for name in ("base_url", "heartbeat_url", "metrics_url", "proxy"):
        field = "apiBaseUrl" if name == "base_url" else to_camel(name)
        url = str(changed.get(name) or "")
        places = settings.provider_places
        problem = places.problem_of_proxy(url) if name == "proxy" else places.problem_of_url(url)
        if problem:
            raise _refused(field, f"no provider may be at {problem}.")


def _refused(field: str, why: str) -> ValidationFailed:
    return ValidationFailed(f"{field}: {why}", field=field)
