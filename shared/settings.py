"""All settings: environment variables with the prefix `REPLYTO_`, their defaults and meaning."""

from __future__ import annotations

import difflib
import json
import os
import re
import secrets as random
import tomllib
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from standardwebhooks.webhooks import EmptyWebhookSecretError

from shared.database.file_place import folder_problem, problem_of
from shared.database.url import parse_url
from shared.files_address import read_files_address
from shared.listen_address import base_url, listen_host
from shared.security.provider_places import ProviderPlaces
from shared.security.sealing import is_encryption_key, new_encryption_key
from shared.security.signing import PrivateKey, SecretKey, new_private_key
from shared.security.targets import TargetPolicy, target_policy
from shared.setting_forms import LONGEST_S, MOST, Form, default_of, form_of, is_quoted, is_text
from shared.store.address import RedisAddress, read_address
from shared.written_path import at_home, file_problem
from shared.written_path import folder_problem as unread_folder

_is_origin = re.compile(r"https?://[^/\s,]+", re.IGNORECASE).fullmatch
Seconds = Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=MOST)]
#: The same, and none at all.
Amount = Annotated[int, Field(ge=0, le=MOST)]
#: Of one kind, on one machine; what each does at once.
Processes = Annotated[int, Field(ge=1, le=1_000)]
Concurrency = Annotated[int, Field(ge=1, le=1_000_000)]

#: Where something listens that is no web server but may do harm with a request (the Fetch standard
#: blocks the same kind): ftp, ssh, telnet, mail, DNS, file shares, directories, databases, caches.
_NOT_WEB_PORTS: Final = (
    "19,20,21,22,23,25,43,53,69,79,110,111,119,123,135,137,138,139,143,161,389,427,445,465,512,513,"
    "514,515,548,554,587,631,636,873,993,995,1433,1521,2049,3306,3389,5432,5672,5900,6000,6379,"
    "6667,9042,9092,11211,27017"
)
#: By how much a callback may outlive its schedule: the most jitter there is (a factor), and room
#: for rests and Retry-Afters (seconds).
_CALLBACK_JITTER: Final = 1.2
_CALLBACK_GRACE_S: Final = 86_400.0

#: How much of a wrong value is shown.
_SHOWN: Final = 60

#: The settings that are a path and nothing else.
_PATHS: Final = ("data_dir", "providers_file", "certificates_dir")

#: How the names of our own environment variables begin.
OWN_PREFIX: Final = "REPLYTO_"


class SettingsError(Exception):
    """A setting has a wrong value; the message names it in one line."""


class Settings(BaseSettings):
    """What an operator can set. Each field is `REPLYTO_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="REPLYTO_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address the gateway listens on.")
    port: int = Field(5006, ge=1, le=65535, description="Port the gateway listens on.")
    base_url: str | None = Field(
        None,
        description=(
            "Public URL of the gateway, for status URLs and links to results. Default: the URL "
            "the client used."
        ),
    )
    data_dir: Path = Field(Path(".data"), description="Where secrets and the embedded Redis live.")
    redis_url: str = Field(
        "",
        description="The ledger: `redis://`, `rediss://` (TLS), `unix://` or "
        "`sentinel://…?master_name=`. Default: the one `replyto up` runs, else localhost:6379.",
    )
    redis_min_replicas: Amount = Field(
        0,
        description=(
            "Redis replicas that must hold a job before it is accepted; otherwise 503. 0: do not "
            "wait for replicas."
        ),
    )
    embedded_redis_bytes: Count | None = Field(
        None,
        description=(
            "Memory limit of the Redis that `replyto up` runs, bytes; beyond it jobs are refused "
            "with 503. Default: half of the memory of the machine or container."
        ),
    )
    database_url: str = Field(
        "",
        description="History and API keys: `postgresql://…` or `sqlite:///…`. Default: the file "
        "`history.db` in the data directory.",
    )
    providers_file: Path = Field(Path("providers.toml"), description="The LLM providers.")
    certificates_dir: Path | None = Field(
        None,
        description=(
            "Folder with the files that admins may use over the API as a provider's `caFile`, "
            "`clientCert` or `clientKey`; the same path on every machine. Default: none."
        ),
    )

    provider_key_vars: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Environment variables that admins may name over the API as a provider's "
        "`apiKeyVar`, comma-separated, for whatever URL. Default: those of the presets and of "
        "providers.toml, each for its own service. Never ReplyTo's own.",
    )
    provider_allow_private: bool = Field(
        default=True, description="Allow providers at private and loopback addresses."
    )
    provider_allow: str = Field(
        "",
        description="Networks (CIDR) and hosts (`*.example.com` too), comma-separated, where "
        "providers may be although they are private.",
    )

    api_key: SecretStr = Field(
        SecretStr(""),
        description="The bootstrap API key. Default: generated in the data directory.",
    )
    auth_secret: SecretStr = Field(
        SecretStr(""), description="The admin secret. Default: generated in the data directory."
    )
    callback_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs callbacks, `whsec_…`. Default: generated in the data directory.",
    )
    callback_private_keys: SecretStr = Field(
        SecretStr(""),
        description=(
            "Ed25519 keys that sign callbacks, `whsk_…`, separated by spaces; every key signs. "
            "Default: one, generated in the data directory."
        ),
    )
    callback_signing: Literal["symmetric", "asymmetric", "both"] = Field(
        "symmetric",
        description="What signs callbacks: `symmetric` (secrets), `asymmetric` (key pairs), "
        "`both`.",
    )
    encryption_key: SecretStr = Field(
        SecretStr(""),
        description="Seals secrets kept in Redis, such as provider keys: 32 bytes in URL-safe "
        "base64, the same on all machines. Default: generated in the data directory.",
    )
    callback_allow_private: bool = Field(
        default=False, description="Allow callbacks to private and loopback addresses."
    )
    callback_allow: str = Field(
        "",
        description="Networks (CIDR) and hosts (`*.example.com` too), comma-separated, that "
        "callbacks may go to although they are private.",
    )
    callback_refused_ports: str = Field(
        _NOT_WEB_PORTS,
        description="Ports that callbacks never go to, comma-separated. Default: well-known ones "
        "of other services (mail, databases, …).",
    )
    callback_schedule: str = Field(
        "5,30,120,600,1800,7200,18000,36000,50400,72000,86400",
        description="Pauses between attempts to deliver a callback, seconds, comma-separated.",
    )
    callback_overload_pause_s: Seconds = Field(
        60, description="Shortest pause after a receiver was overloaded or timed out."
    )
    callback_dns_timeout_s: Seconds = Field(
        3, description="Time limit for resolving a receiver's name."
    )
    callback_connect_timeout_s: Seconds = Field(
        5, description="Time limit for connecting to a receiver, TLS included."
    )
    callback_read_timeout_s: Seconds = Field(
        15, description="How long a receiver may stay silent once it has the callback."
    )
    callback_timeout_s: Seconds = Field(
        20, description="Time limit for one attempt to deliver a callback, in total."
    )
    callback_lease_s: Seconds = Field(
        10, description="A worker's claim on an attempt at a callback, renewed while it runs."
    )
    callback_endpoint_limit: Count = Field(
        4, description="Concurrent attempts at one path of a host for one key, across all workers."
    )
    callback_host_limit: Count = Field(
        100,
        description="Concurrent attempts at one host and port, across all workers, paths and keys.",
    )
    callback_breaker_failures: Count = Field(
        5,
        description=(
            "Consecutive failures after which an endpoint, or an unreachable host, is paused."
        ),
    )
    callback_breaker_s: Seconds = Field(
        60, description="How long that pause lasts; then one callback probes."
    )

    callback_body_limit_bytes: Count = Field(
        1024 * 1024,
        description="A callback whose body would be larger carries a link to the result instead.",
    )
    result_link_ttl_s: Seconds = Field(
        604_800, description="How long such a link is valid; it also ends when its result is gone."
    )

    log_format: Literal["text", "json"] = Field(
        "text", description="Log format of all processes: `text`, or `json` (one object per line)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged: `debug`, `info`, `warning` or `error`."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Opens `/metrics` and nothing else. Default: none, only the admin secret does.",
    )
    access_log: bool = Field(default=False, description="Log each request to the gateway.")

    lean: bool = Field(
        default=True,
        description="`false` runs the libraries' own ways where ours leave out what nobody needs: "
        "slower, and it tells whether a fault is ours.",
    )

    trusted_proxies: Amount = Field(
        0,
        description=(
            "Number of proxies in front of the gateway whose `X-Forwarded-For` and "
            "`X-Forwarded-Proto` are trusted."
        ),
    )

    pages_open: bool = Field(
        default=False,
        description="Sign browsers on this machine in automatically, with the bootstrap API key.",
    )

    currency: Annotated[str, Form("three capital letters of ISO 4217, such as EUR")] = Field(
        "USD",
        pattern=r"^[A-Z]{3}$",
        description="What the prices in providers.toml are in, as the pages show costs: three "
        "letters of ISO 4217.",
    )

    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins whose pages may call the API from a browser, comma-separated or a "
        "JSON list, `*` for all. Default: none.",
    )
    gateway_processes: Processes = Field(1, description="Gateway processes to run.")
    chat_processes: Processes = Field(
        1, description="Chat worker processes `replyto up` and `replyto work` run."
    )
    chat_concurrency: Concurrency = Field(
        200, description="LLM calls one chat worker makes at once."
    )
    callback_concurrency: Concurrency = Field(
        1000, description="Callbacks one worker makes at once."
    )
    connection_limit: Count = Field(
        10_000,
        description="Most connections of one gateway process, as far as it may open files; then "
        "the one that has waited longest for its client makes room.",
    )
    address_connection_limit: Count = Field(
        6_000,
        description="Most of them from one client address (of IPv6: from one /64 network). "
        "Behind `REPLYTO_TRUSTED_PROXIES` that is the proxy's to limit.",
    )
    head_timeout_s: Seconds = Field(30, description="Time limit for receiving a request's head.")
    idle_timeout_s: Seconds = Field(
        75, description="How long a connection without a request is kept open."
    )
    body_timeout_s: Seconds = Field(
        30,
        description="Longest time a request's body may take, beside what it has at the least rate.",
    )
    send_timeout_s: Seconds = Field(
        60, description="How long a client may accept nothing of an answer or stream."
    )
    least_bytes_per_s: Count = Field(
        1024, description="Lowest rate at which a request's body may arrive."
    )
    max_json_values: Count = Field(
        400_000,
        description="Most JSON values in a request body; an object counts as four.",
    )
    max_body_bytes: Count = Field(20 * 1024 * 1024, description="Largest request body, bytes.")
    batch_limit: Count = Field(
        1_000, description="Most requests in one batch (`POST /api/{Dto}[]`); then 400."
    )
    queue_limit: Count = Field(200_000, description="Most jobs that wait for one model; then 429.")

    owner_queue_limit: Count = Field(
        100_000,
        description="Most jobs of one API key that wait behind the window of one model; then 429.",
    )
    owner_delayed_limit: Count = Field(
        200_000,
        description="Most jobs of one API key that wait for their `runAfter`; then 429.",
    )
    owner_flow_limit: Count = Field(
        100_000,
        description="Most flow keys of one API key that are in use at once; then 429.",
    )
    group_limit: Count = Field(100_000, description="Most jobs of one group; then 409.")
    group_idle_s: Seconds = Field(
        300, description="A group whose jobs have ended is closed when none has joined for so long."
    )
    owner_queue_bytes: Count = Field(
        1024**3,
        description="Most bytes that the requests of one API key's jobs take until these have a "
        "result, of all models together; then 429.",
    )
    queue_window: Count = Field(
        64,
        description="Most messages of one model and priority handed to Celery at once; "
        "fewer on a slow one.",
    )
    sync_limit: Count = Field(
        5_000, description="Most synchronous calls that wait in one gateway process; then 429."
    )
    stream_limit: Count = Field(
        2_000, description="Most streams that one gateway process relays at once; then 429."
    )
    interactive_share: float = Field(
        0.2, ge=0, lt=1, description="Share of a chat worker's slots kept for synchronous calls."
    )

    job_timeout_s: Seconds = Field(
        86_400, description="Deadline of a queued job, counted from when it is accepted."
    )
    sync_timeout_s: Seconds = Field(600, description="Deadline of a synchronous call.")
    attempt_timeout_s: Seconds = Field(600, description="Time limit for a single call to an LLM.")
    connect_timeout_s: Seconds = Field(5, description="Time limit for connecting to an LLM.")
    answer_max_bytes: int = Field(
        64 * 1024 * 1024,
        ge=1024,
        le=256 * 1024 * 1024,
        description="Largest answer of an LLM, bytes, decompressed, and of all events of a stream; "
        "a larger one fails as `answer_too_large`.",
    )
    max_attempts: Count = Field(
        5, description="Attempts at a job whose LLM has transient failures."
    )
    max_crashes: Count = Field(3, description="Workers that a job may crash before it is Failed.")
    retry_base_s: Seconds = Field(1, description="First pause between attempts; doubles each time.")
    retry_cap_s: Seconds = Field(60, description="Longest pause between attempts.")
    no_provider: Literal["queue", "refuse"] = Field(
        "queue",
        description="A job whose every provider is offline: `queue` it until one is back, or "
        "`refuse` it with 503.",
    )
    provider_failures: Count = Field(
        3, description="Consecutive failures after which a provider is paused."
    )
    provider_rest_s: Seconds = Field(
        5, description="First pause of a failing provider; doubles each time."
    )
    provider_rest_cap_s: Seconds = Field(300, description="Longest pause of a provider.")
    provider_probe_s: Seconds = Field(5, description="How often an offline provider is probed.")
    lease_s: Seconds = Field(30, description="A worker's claim on a job, renewed while it runs.")
    lease_renew_s: Seconds = Field(10, description="How often leases are renewed.")
    tick_s: Seconds = Field(1, description="How often maintenance runs.")
    result_ttl_s: Seconds = Field(86_400, description="How long an ended job stays in Redis.")
    stream_ttl_s: Seconds = Field(
        3_600,
        description="How long the chunks of an ended stream are kept, at most as long as its job.",
    )
    on_mismatch: Literal["refuse", "warn", "adopt"] = Field(
        "refuse",
        description="A process whose secrets or database are not those of the others on its "
        "Redis: `refuse` to start, `warn` and start, or `adopt` its own as what the others are to "
        "have.",
    )
    history_days: int = Field(
        90, ge=0, le=36_500, description="How long jobs stay in the history, days; 0: forever."
    )
    history_bodies: Literal["all", "none"] = Field(
        "all", description="Whether the history keeps requests and answers: `all` or `none`."
    )

    artifacts: str = Field(
        "",
        description="Where files are: a folder, or `s3://bucket/prefix` with `?endpoint=…` and "
        "`&region=…`. Default: `artifacts` in the data directory.",
    )
    max_file_bytes: Count = Field(
        512 * 1024 * 1024, description="Largest file that is uploaded at once, bytes."
    )
    max_upload_bytes: Count = Field(
        8 * 1024**3, description="Largest file that is uploaded in parts, bytes."
    )
    batch_window: Count = Field(
        1000, description="Most jobs of all batches that are in the queues at once."
    )
    batch_poll_s: Seconds = Field(
        30, description="How often a provider is asked how its own batch is."
    )
    storage_quota_bytes: Amount = Field(
        50 * 1024**3, description="Most bytes of the files of one API key; 0: no limit."
    )
    text_quota_bytes: Amount = Field(
        256 * 1024 * 1024,
        description="Most bytes of the conversations of one API key, of its system prompts, and of "
        "its schedules; 0: no limit.",
    )
    storage_free_bytes: Amount = Field(
        512 * 1024 * 1024,
        description="What is left free of the disk with the files; nearer to full, files are "
        "refused with 503.",
    )
    media_concurrency: int = Field(
        0,
        ge=0,
        le=1_000,
        description="Most pictures, videos and sounds that one worker process converts at once; "
        "0: as many as the machine has processors.",
    )
    live_sound_bytes: Amount = Field(
        4 * 1024 * 1024,
        description="Most bytes of a spoken answer that its client gets while it is made, through "
        "Redis; the rest comes when all of it is kept. 0: none before that.",
    )
    artifact_ttl_s: Seconds = Field(
        30 * 86_400, description="How long pictures and sound made by models are kept."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _text_is_bare(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        # Of a file whose lines end in CRLF each value ends in CR.
        bare = value.strip()
        if is_quoted(bare) and is_text(cls.model_fields[str(info.field_name)]):
            raise ValueError(
                "is in quotes, which docker's --env-file takes for a part of it: leave them out"
            )
        return bare

    @model_validator(mode="before")
    @classmethod
    def _empty_path_is_not_set(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in values.items()
            if name not in _PATHS or not isinstance(value, str) or value.strip()
        }

    @field_validator(*_PATHS, mode="before")
    @classmethod
    def _path_may_begin_at_home(cls, value: object) -> object:
        return at_home(value.strip()) if isinstance(value, str) else value

    @field_validator("api_key", "auth_secret", "metrics_token")
    @classmethod
    def _secret_can_be_sent(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value().strip()
        if not (secret.isascii() and secret.isprintable()):
            raise ValueError("must be visible ASCII characters: it is sent in a header")
        return SecretStr(secret)

    @field_validator("callback_secret", "callback_private_keys", "encryption_key", mode="before")
    @classmethod
    def _secret_has_no_blanks_around(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("host")
    @classmethod
    def _host_is_without_brackets(cls, value: str) -> str:
        return listen_host(value)

    @field_validator("base_url")
    @classmethod
    def _base_url_is_a_url(cls, value: str | None) -> str | None:
        return base_url(value) if value else None

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _casing_is_free(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _origins_are_listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        listed = value.strip()
        if not listed.startswith("["):
            return listed.split(",")
        try:
            return [str(origin) for origin in json.loads(listed)]
        except ValueError:
            raise ValueError("must be origins, comma-separated or as a JSON list") from None

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(filter(None, (origin.strip().rstrip("/") for origin in value)))
        for origin in origins:
            if origin != "*" and not _is_origin(origin):
                raise ValueError(
                    f"{origin[:_SHOWN]!r} is no origin such as https://app.example.com"
                )
        return origins

    @field_validator("callback_secret")
    @classmethod
    def _callback_secret_is_whsec(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith("whsec_"):
            raise ValueError("must start with 'whsec_'")
        try:
            _ = value.get_secret_value() and SecretKey(value.get_secret_value())
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError("must be 'whsec_' and base64") from None
        return value

    @field_validator("callback_private_keys")
    @classmethod
    def _private_keys_have_their_form(cls, value: SecretStr) -> SecretStr:
        for text in value.get_secret_value().split():
            PrivateKey(text)
        return value

    @field_validator("encryption_key")
    @classmethod
    def _encryption_key_has_its_form(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not is_encryption_key(value.get_secret_value()):
            raise ValueError("must be 32 bytes in URL-safe base64")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_is_one_we_speak(cls, value: str) -> str:
        url = value.strip()
        _ = url and parse_url(url)
        return url

    @field_validator("artifacts")
    @classmethod
    def _files_can_be_found(cls, value: str) -> str:
        place = value.strip()
        _ = place and read_files_address(place)
        return place

    @property
    def effective_database_url(self) -> str:
        """The database to use: as set, else a file in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'history.db'}"

    @field_validator("redis_url")
    @classmethod
    def _redis_url_can_be_read(cls, value: str) -> str:
        if url := value.strip():
            read_address(url)
        return url

    @field_validator("callback_allow")
    @classmethod
    def _callback_allow_can_be_read(cls, value: str) -> str:
        target_policy(allow_private=False, allow=value, refused_ports="")
        return value

    @field_validator("provider_allow")
    @classmethod
    def _provider_allow_can_be_read(cls, value: str) -> str:
        target_policy(allow_private=False, allow=value, refused_ports="")
        return value

    @field_validator("provider_key_vars", mode="before")
    @classmethod
    def _key_vars_are_listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("provider_key_vars")
    @classmethod
    def _key_vars_are_not_our_own(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if own := [name for name in value if name.upper().startswith(OWN_PREFIX)]:
            raise ValueError(f"{own[0][:_SHOWN]!r} is a variable of ReplyTo's own")
        return value

    @field_validator("callback_refused_ports")
    @classmethod
    def _callback_refused_ports_can_be_read(cls, value: str) -> str:
        target_policy(allow_private=False, allow="", refused_ports=value)
        return value

    @field_validator("callback_schedule")
    @classmethod
    def _callback_schedule_can_be_read(cls, value: str) -> str:
        try:
            pauses = _seconds(value)
        except ValueError:
            pauses = ()
        if not pauses or not all(0 <= pause <= LONGEST_S for pause in pauses):
            raise ValueError("must be seconds, separated by commas, such as 5,30,120")
        return value

    @property
    def callback_targets(self) -> TargetPolicy:
        """Where callbacks may go."""
        return target_policy(
            allow_private=self.callback_allow_private,
            allow=self.callback_allow,
            refused_ports=self.callback_refused_ports,
        )

    @property
    def provider_places(self) -> ProviderPlaces:
        """Where providers may be."""
        exempt = target_policy(allow_private=False, allow=self.provider_allow, refused_ports="")
        return ProviderPlaces(self.provider_allow_private, exempt)

    @property
    def callback_pauses_s(self) -> tuple[float, ...]:
        """The pauses after the first, second, … attempt."""
        return _seconds(self.callback_schedule)

    @property
    def callback_life_s(self) -> float:
        """How long a callback is tried at most, however long it waits for its receiver's rests."""
        return sum(self.callback_pauses_s) * _CALLBACK_JITTER + _CALLBACK_GRACE_S

    @property
    def private_keys(self) -> list[PrivateKey]:
        """The key pairs that sign callbacks; none unless asked for."""
        if self.callback_signing == "symmetric":
            return []
        return [PrivateKey(text) for text in self.callback_private_keys.get_secret_value().split()]

    @property
    def effective_redis_url(self) -> str:
        """The URL of the Redis to use: as set, else the embedded one's, else localhost."""
        if self.redis_url:
            return self.redis_url
        try:
            return redis_url_file(self.data_dir).read_text("utf-8").strip()
        except FileNotFoundError:
            return "redis://127.0.0.1:6379/0"

    @property
    def redis_address(self) -> RedisAddress:
        """Where the Redis to use is. Raises SettingsError when a file of ours cannot be read."""
        try:
            return read_address(self.effective_redis_url)
        except ValueError as exc:
            place = "REPLYTO_REDIS_URL" if self.redis_url else str(redis_url_file(self.data_dir))
            raise SettingsError(f"{place}: {exc}") from None


@lru_cache(maxsize=16)
def _seconds(text: str) -> tuple[float, ...]:
    """Read seconds separated by commas. Raises ValueError."""
    if not text.isascii():
        raise ValueError(text)
    return tuple(float(part) for part in text.split(","))


def redis_url_file(data_dir: Path) -> Path:
    """Return the file in which `replyto up` leaves the URL of its Redis, password included."""
    return data_dir / "redis.url"


def new_api_key() -> str:
    """Return a fresh API key, `ak-` and 256 random bits."""
    return f"ak-{random.token_urlsafe(32)}"


def new_callback_secret() -> str:
    """Return a fresh signing secret in Standard Webhooks' form: `whsec_` + base64 of 32 bytes."""
    return f"whsec_{b64encode(random.token_bytes(32)).decode()}"


_GENERATED: dict[str, Callable[[], str]] = {
    "api_key": new_api_key,
    "auth_secret": new_api_key,
    "callback_secret": new_callback_secret,
    "callback_private_keys": new_private_key,
    "encryption_key": new_encryption_key,
}


def first_wrong(error: ValidationError) -> str:
    """Return one line that names the setting and says what is wrong with it, without its value."""
    return wrong_ones(error)[0]


def wrong_ones(error: ValidationError) -> list[str]:
    """Return a line for each setting that is wrong: its variable, what it must be, its default."""
    return list(map(_told, error.errors(include_input=False)))


def _told(one: ErrorDetails) -> str:
    # What follows the name is a place within its value.
    name = str(one["loc"][0])
    if one["type"] == "value_error":
        return f"{_variable(name)}: {one['msg'].removeprefix('Value error, ')}"
    field = Settings.model_fields[name]
    return f"{_variable(name)}: {form_of(field)}; without it: {default_of(field)}"


def _variable(name: str) -> str:
    return f"{OWN_PREFIX}{name.upper()}"


#: The environment variables that are ours.
OWN_VARIABLES: Final = frozenset(map(_variable, Settings.model_fields))
#: How like one another a mistyped name and the right one are, without their prefix.
_ALIKE: Final = 0.75


def mistyped_variables(environ: Iterable[str]) -> list[str]:
    """Return a line for each variable that was to be one of ours, as its name tells.

    One that is like none may be whoever's: Kubernetes makes many for a service of our name.
    """
    known = {name.removeprefix(OWN_PREFIX): name for name in OWN_VARIABLES}
    told = []
    for name in sorted(environ):
        given = name.removeprefix(OWN_PREFIX)
        if not name.startswith(OWN_PREFIX) or given in known:
            continue
        if close := difflib.get_close_matches(given, known, n=1, cutoff=_ALIKE):
            told.append(f"{name} is no setting; did you mean {known[close[0]]}?")
    return told


def load_settings() -> Settings:
    """Read the environment; generate in the data directory each secret that is not set.

    Raises SettingsError naming the variable when a value is wrong.
    """
    try:
        settings = Settings()  # type: ignore[call-arg,unused-ignore]
        filled = {
            name: _kept_secret(settings.data_dir / name, make)
            for name, make in _GENERATED.items()
            if not getattr(settings, name).get_secret_value()
        }
        _ = settings.redis_address
    except ValidationError as exc:
        raise SettingsError(first_wrong(exc)) from None
    except OSError as exc:
        raise SettingsError(f"REPLYTO_DATA_DIR: cannot keep secrets there: {exc}") from exc
    _refuse_late_renewals(settings)
    _refuse_an_unusable_place(settings)
    _refuse_what_is_not_there(settings)
    return settings.model_copy(update=_checked(settings.data_dir, filled))


def _checked(folder: Path, texts: dict[str, str]) -> dict[str, SecretStr]:
    """Return what the files hold. Raises SettingsError naming one that is damaged."""
    damaged = [name for name, text in texts.items() if not text]
    try:
        checked = Settings(**texts)  # type: ignore[arg-type,unused-ignore]
    except ValidationError as exc:
        damaged.append(str(exc.errors()[0]["loc"][0]))
    if damaged:
        raise SettingsError(
            f"REPLYTO_DATA_DIR: the file {folder / damaged[0]} is damaged: put it back from a "
            f"backup, or set {_variable(damaged[0])}"
        )
    return {name: getattr(checked, name) for name in texts}


def _refuse_late_renewals(settings: Settings) -> None:
    if settings.lease_renew_s >= settings.lease_s:
        raise SettingsError(
            f"REPLYTO_LEASE_RENEW_S: must be below REPLYTO_LEASE_S, which is {settings.lease_s:g}, "
            "better a third of it: else other workers take over what still runs"
        )


def _refuse_an_unusable_place(settings: Settings) -> None:
    database = parse_url(settings.effective_database_url)
    if database.path and (problem := problem_of(Path(database.path))):
        raise SettingsError(f"REPLYTO_DATABASE_URL: {problem}")
    files = read_files_address(settings.artifacts or str(settings.data_dir))
    if isinstance(files, Path) and (problem := folder_problem(files)):
        raise SettingsError(f"REPLYTO_ARTIFACTS: {problem}")


def _refuse_what_is_not_there(settings: Settings) -> None:
    """A default may be missing; who names a place means one that is there."""
    looks = {"providers_file": file_problem, "certificates_dir": unread_folder}
    for name, problem_of_place in looks.items():
        named = getattr(settings, name) if name in settings.model_fields_set else None
        if named is not None and (problem := problem_of_place(named)):
            raise SettingsError(f"{_variable(name)}: {problem}")


def read_providers_toml(path: Path) -> dict[str, Any] | None:
    """Return what `providers.toml` says; None when there is none, or nothing in it.

    Raises SettingsError.
    """
    try:
        # Editors on Windows put a byte order mark before it, of which TOML knows nothing.
        text = path.read_text("utf-8-sig")
        return tomllib.loads(text) if text.strip() else None
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise SettingsError(f"REPLYTO_PROVIDERS_FILE: cannot read {path}: {exc.strerror}") from exc
    except ValueError as exc:
        raise SettingsError(f"{path}: {exc}") from exc
    except RecursionError:
        raise SettingsError(f"{path}: its arrays or tables are nested too deeply") from None


def _kept_secret(path: Path, make: Callable[[], str]) -> str:
    """Read the secret at `path`; the first process to come creates it, readable by us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{random.token_hex(4)}")
    if not path.exists():
        try:
            draft.touch(mode=0o600)
            draft.write_text(make() + "\n", "utf-8")
            _put_if_first(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text("utf-8-sig", "replace").strip()


def _put_if_first(draft: Path, path: Path) -> None:
    """Let the draft be the file, unless somebody else was first."""
    try:
        # A link, unlike a rename, fails if somebody else was: all read the same one.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    except OSError:
        # Folders that machines share, for some, have no links.
        if not path.exists():
            draft.replace(path)
