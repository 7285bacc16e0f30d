"""What an endpoint is: what it takes and gives, where it is called, and who may call it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Generic, TypeVar

from shared.api_keys.scopes import Scope
from shared.dtos.base import Dto
from shared.errors import ServiceError

Q = TypeVar("Q", bound=Dto)

#: Where AI Server's DTOs are called: here, and by older clients there.
DTO_PREFIXES: Final = ("/api", "/json/reply")
#: And there by those that do not care for the answer, which they get all the same.
ONE_WAY_PREFIX: Final = "/json/oneway"


class Tag(StrEnum):
    """What an endpoint is about: its part of the reference."""

    INFERENCE = "inference"
    RESPONSES = "responses"
    FILES = "files"
    BATCHES = "batches"
    SCHEDULES = "schedules"
    GROUPS = "groups"
    MEDIA = "media"
    MODELS = "models"
    JOBS = "jobs"
    STATISTICS = "statistics"
    CALLBACKS = "callbacks"
    PROVIDERS = "providers"
    KEYS = "keys"
    ADMIN = "admin"
    PAGES = "pages"
    HEALTH = "health"


class Form(Enum):
    """In which form an answer is sent."""

    #: The response class, as JSON.
    DTO = "application/json"
    #: A provider's own bytes, as it sent them; the response class tells what they should be.
    UNTOUCHED = "application/json; untouched"
    EVENTS = "text/event-stream"
    CSV = "text/csv"
    TEXT = "text/plain"
    PAGE = "text/html"
    FILE = "application/octet-stream"
    NOTHING = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[Q]):
    """One endpoint. What can fail everywhere (authentication, binding, a full body) is not told.

    It is open to everybody where it has no scopes; else a key needs one of them.
    """

    request: type[Q]
    response: type[Dto] | None = None
    form: Form = Form.DTO
    #: Whether a request may have the answer as a stream instead.
    streams: bool = False
    #: What it is called in logs, metrics and the audit log; by default as its request class.
    name: str
    #: The methods it takes; the first is the one to use.
    methods: tuple[str, ...]
    #: All that it is called at, in Werkzeug's notation; the first is the one to use.
    paths: tuple[str, ...]
    scopes: tuple[Scope, ...]
    tag: Tag
    summary: str
    errors: tuple[type[ServiceError], ...] = ()
    #: Whether it is an action of an admin, written into the audit log.
    audited: bool = False
    #: Whether it tells or changes something of a job that the request names.
    names_job: bool = False
    #: Whether its body may be as large as that of a call of a model.
    large: bool = False
    #: Whether the request stands in the URL alone: a body is not read.
    bodiless: bool = False

    @property
    def path(self) -> str:
        """Where to call it."""
        return self.paths[0]

    @property
    def is_dto(self) -> bool:
        """Whether it is called by its request's name, as ServiceStack's clients do."""
        return f"{DTO_PREFIXES[0]}/{self.request.__name__}" in self.paths

    @property
    def is_batchable(self) -> bool:
        """Whether many requests may come in one array."""
        return self.is_dto and self.form in (Form.DTO, Form.UNTOUCHED)

    @property
    def is_queued(self) -> bool:
        """Whether it makes a job that nobody waits for."""
        return self.is_dto and self.name.startswith("Queue") and Scope.CHAT in self.scopes

    @property
    def verb(self) -> str:
        """The method to call it with."""
        return self.methods[0]
