"""DTOs of the gateway itself: sessions of the pages, health, figures, signed links, public keys."""

from __future__ import annotations

from pydantic import Field

from shared.dtos.base import Dto
from shared.dtos.fields import Text


class NoFields(Dto):
    """A request that says all by its address."""


class GetSession(Dto):
    """Say who is signed in, with the token that changes need."""


class SignIn(Dto):
    """Begin a session."""

    key: str = Field(description="The API key.", repr=False)


class SignOut(Dto):
    """End the session."""


class SessionResponse(Dto):
    """Who is signed in."""

    owner: str
    is_admin: bool
    scopes: list[str]
    csrf_token: str = Field(description="To be sent as `X-CSRF-Token` with every change.")
    max_body_bytes: int = Field(description="The largest request body that is taken.")
    currency: str = Field("USD", description="What prices are in: three letters of ISO 4217.")


class ReadinessResponse(Dto):
    """Whether all is there that a job needs."""

    status: str = Field(description="`ready`, or `not ready` (then with a 503).")
    checks: dict[str, str] = Field(description="`ok`, or what is wrong.")


class GetServerInfo(Dto):
    """Tell which version this is, what its clock says, and how many models the key may use."""


class GetServerInfoResponse(Dto):
    """The server, as the caller's key sees it."""

    version: str
    date: str = Field(description="What its clock says.")
    models: int = Field(description="How many models the key may use.")


class AutoBatch(Dto):
    """Do many requests of one DTO: an array of requests comes, an array of answers goes back.

    They are done in their order, each by itself, up to the first that fails. Its failure is the
    answer then: `responseStatus.meta.AutoBatchIndex` says which request it was, `results` what
    those before it came to, and the header `X-AutoBatch-Completed` how many these are.
    """

    name: str = Field(description="The DTO; the key needs its scope.")
    group_id: Text = Field(
        None,
        description="The group that queued jobs join. Without one, they get a group of their own, "
        "which is closed when all are queued; the header `X-AutoBatch-Group` names it.",
    )


class Hello(Dto):
    """Greet somebody, to try whether calls come through."""

    name: str = Field("World", max_length=256)


class HelloResponse(Dto):
    """A greeting."""

    result: str


class GetModelImage(Dto):
    """Give a picture that stands for a model: its initials, in a colour of its own."""

    model: str = Field(max_length=256)


class AdminData(Dto):
    """Count what there is."""


class PageStats(Dto):
    """How many there are of something."""

    label: str
    total: int


class AdminDataResponse(Dto):
    """Counts, for an overview."""

    page_stats: list[PageStats]


class GetSchema(Dto):
    """Give the JSON Schema of a DTO, complete by itself."""

    name: str


class GetTypes(Dto):
    """Give the DTOs of all endpoints in a language, for typed clients."""

    language: str = Field(description="typescript, python, csharp, …: `GET /types` lists them.")


class GetMetrics(Dto):
    """Tell the figures of the cluster and of this gateway, for Prometheus."""


class GetResult(Dto):
    """Give the result of the one job that the link is signed for; no API key is needed."""

    job_id: int
    expires: str = ""
    signature: str = ""


class GetWebhookKeys(Dto):
    """Give receivers the public keys; empty unless callbacks are signed with key pairs."""


class WebhookKey(Dto):
    """A public key."""

    id: str
    algorithm: str
    public_key: str


class WebhookKeys(Dto):
    """The public keys that callbacks may be signed with."""

    keys: list[WebhookKey]


class GetPlace(Dto):
    """Show a page; its script reads the rest of the address."""


class GetStaticFile(Dto):
    """Serve a file of the pages."""

    version: str = Field(description="It only makes the address new when the files are.")
    name: str
