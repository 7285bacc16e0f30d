"""The dialect of ComfyUI: pictures by workflows of ours, queued there and waited for.

https://docs.comfy.org/development/comfyui-server/comms_routes
"""

from __future__ import annotations

import secrets
from collections.abc import Generator
from typing import Any, Final
from urllib.parse import quote, urlencode

from requests import Session

from shared.errors import Failure
from shared.media import request as media_request
from shared.media import result
from shared.media.request import FileRef, MediaRequest
from shared.operation import OPERATIONS_BY_TYPE, Operation
from shared.wire.answers.said import object_of, objects
from workers.media.pictures import comfy_graphs as graphs
from workers.media.pictures.comfy_graphs import Graph, Wish
from workers.media.pictures.exchange import Exchange, waited_for
from workers.media.pictures.wishes import has_alpha, not_followed, size_of
from workers.providers.base import Blame, ProviderCall, ProviderError
from workers.providers.http_errors import error_told
from workers.providers.media.answers import desk_of
from workers.providers.media.multipart import FilePart, Form
from workers.providers.media.picture_answers import pictures_made
from workers.providers.openai_media import part_of
from workers.providers.told_errors import Told

Json = dict[str, Any]

#: The name of a provider's model that stands for its first checkpoint.
_FIRST: Final = "default"
_FOLDER: Final = "replyto"
_MOST_SEED: Final = 2**48
_USUAL_DENOISE: Final = 0.75
#: So often a job that was accepted may be in no list, until it is taken for lost.
_MOST_ABSENCES: Final = 5
_INTERNAL_ERROR: Final = 500


class ComfyUiDialect:
    """Queues workflows, waits, and answers in OpenAI's form."""

    operations = OPERATIONS_BY_TYPE["comfyui"]
    always_tells_usage = False

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """Ask for pictures. Raises ProviderError."""
        asked = media_request.read(call.body)
        call.adjusted(not_followed(asked))
        exchange = Exchange(session, call, call.provider.root_url)
        job = _Job(exchange, _graph(exchange, asked))
        outputs = job.outputs()
        data = [{result.ARTIFACT: exchange.picture(_view(one)).to_json()} for one in outputs]
        if not data:
            raise exchange.wrong("answered without a picture")
        return pictures_made(data)

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Do the same: what is made there is made as a whole. Nobody asks for it."""
        yield self.ask(session, call)


class _Job:
    """A workflow in the queue of a server; it is taken out again when nobody waits any more."""

    def __init__(self, exchange: Exchange, graph: Graph) -> None:
        self._exchange = exchange
        self._absences = 0
        told = exchange.post("prompt", {"prompt": graph, "client_id": secrets.token_hex(16)})
        exchange.raise_if_told(told)
        if told.get("node_errors"):
            raise _lacking(exchange.call, f"it refuses the workflow: {told['node_errors']}"[:500])
        if not isinstance(told.get("prompt_id"), str):
            raise exchange.wrong("accepted a workflow without a 'prompt_id'")
        self._id = told["prompt_id"]

    def outputs(self) -> list[Json]:
        """Wait for it; return the files that it made, as ComfyUI names them."""
        try:
            return waited_for(self._look)
        except BaseException as exc:
            if not isinstance(exc, ProviderError):
                self._exchange.part_with(self._leave)
            raise

    def _look(self) -> list[Json] | None:
        told = self._exchange.get(f"history/{quote(self._id, safe='')}")
        self._exchange.raise_if_told(told)
        entry = told.get(self._id)
        if isinstance(entry, dict):
            return _made(self._exchange, entry)
        if self._is_waiting():
            self._absences = 0
            return None
        self._absences += 1
        if self._absences > _MOST_ABSENCES:
            raise self._exchange.wrong("has lost the workflow, as it does when it starts anew")
        return None

    def _is_waiting(self) -> bool:
        queue = self._exchange.get("queue")
        return any(self._id in _ids(queue.get(name)) for name in ("queue_running", "queue_pending"))

    def _leave(self) -> None:
        """Take it out of the queue; interrupt it if it is what runs, and nobody else's."""
        self._exchange.post_untold("queue", {"delete": [self._id]})
        if self._id in _ids(self._exchange.get("queue").get("queue_running")):
            self._exchange.post_untold("interrupt", {"prompt_id": self._id})


def _ids(rows: object) -> list[str]:
    """Return the ids of a list of the queue, whose rows are [number, id, graph, …]."""
    listed = rows if isinstance(rows, list) else []
    return [str(row[1]) for row in listed if isinstance(row, list) and len(row) > 1]


def _made(exchange: Exchange, entry: Json) -> list[Json] | None:
    """Return the files of a workflow that has ended. Raises ProviderError if it has failed."""
    told = entry.get("status")
    status: Json = told if isinstance(told, dict) else {}
    if status.get("status_str") == "error":
        raise error_told(exchange.call, _INTERNAL_ERROR, Told(_reason(status)))
    if status.get("completed") is False:
        return None
    outputs = entry.get("outputs")
    nodes = list(outputs.values()) if isinstance(outputs, dict) else []
    files = [
        file
        for node in nodes
        for file in objects(object_of(node).get("images"))
        if isinstance(file.get("filename"), str)
    ]
    return [file for file in files if file.get("type") != "temp"] or files


def _reason(status: Json) -> str:
    """Return why a workflow has failed, of the messages that tell its course."""
    messages = status.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, list) and len(message) > 1 and isinstance(message[1], dict):
            kind, about = message[0], message[1]
            if kind == "execution_error":
                where, what = about.get("node_type"), about.get("exception_message")
                return f"{where}: {str(what).strip()}" if where else str(what).strip()
            if kind == "execution_interrupted":
                return "The workflow was interrupted."
    return "The workflow has failed."


def _view(file: Json) -> str:
    told = {name: str(file.get(name) or "") for name in ("filename", "subfolder", "type")}
    return f"view?{urlencode(told)}"


def _graph(exchange: Exchange, asked: MediaRequest) -> Graph:
    prefix = f"{_FOLDER}/{secrets.token_hex(8)}"
    if exchange.call.operation is Operation.IMAGE_UPSCALE:
        return graphs.enlarged(_upscaler(exchange, asked), prefix, _uploaded(exchange, asked))
    checkpoint, wish = _checkpoint(exchange, asked), _wish(exchange.call, asked)
    if exchange.call.operation is Operation.IMAGE:
        return graphs.drawn(checkpoint, wish, prefix)
    image = _uploaded(exchange, asked)
    masks = asked.files_in("mask")
    if not masks:
        return graphs.changed(checkpoint, wish, prefix, image)
    channel = "alpha" if has_alpha(desk_of(exchange.call), masks[0]) else "red"
    mask = _upload(exchange, masks[0]), channel
    return graphs.masked(checkpoint, wish, prefix, image, mask)


def _wish(call: ProviderCall, asked: MediaRequest) -> Wish:
    is_new = call.operation is Operation.IMAGE
    width, height = size_of(asked, (512, 512))
    return Wish(
        prompt=asked.text("prompt"),
        negative=str(asked.hints.get("negative_prompt", "")),
        seed=int(asked.hints.get("seed", secrets.randbelow(_MOST_SEED))),
        count=min(max(asked.number("n", 1), 1), 10),
        denoise=1.0 if is_new else float(asked.hints.get("denoise", _USUAL_DENOISE)),
        width=width,
        height=height,
    )


def _uploaded(exchange: Exchange, asked: MediaRequest) -> str:
    return _upload(exchange, asked.files_in("image")[0])


def _upload(exchange: Exchange, file: FileRef) -> str:
    """Bring a file there; return the name by which nodes know it."""
    part = part_of(desk_of(exchange.call), file)
    ending = file.name.rpartition(".")[2][:8]
    name = f"{file.sha256[:32]}.{ending if ending.isalnum() else 'png'}"
    named = FilePart("image", name, part.media_type, part.size, part.open)
    fields = {"type": "input", "subfolder": _FOLDER, "overwrite": "true"}
    told = exchange.post_form("upload/image", Form(fields, [named]))
    if not isinstance(told.get("name"), str):
        raise exchange.wrong("accepted a picture without naming it")
    folder = told.get("subfolder")
    return f"{folder}/{told['name']}" if folder else str(told["name"])


def _checkpoint(exchange: Exchange, asked: MediaRequest) -> str:
    known = _listed(exchange, "CheckpointLoaderSimple", "ckpt_name")
    if asked.model == _FIRST and known:
        return known[0]
    if asked.model not in known:
        has = ", ".join(known[:10]) or "none"
        raise _lacking(exchange.call, f"it has no checkpoint '{asked.model}', but {has}")
    return asked.model


def _upscaler(exchange: Exchange, asked: MediaRequest) -> str:
    """Return the upscaler that the model names, else one for twice the size, else any there is."""
    known = _listed(exchange, "UpscaleModelLoader", "model_name")
    if asked.model in known:
        return asked.model
    twice = [name for name in known if graphs.scale_of(name) == 2]  # noqa: PLR2004
    return next(iter([*twice, *known]), "")


def _listed(exchange: Exchange, node: str, name: str) -> list[str]:
    """Return what a node of this kind can be given there; nothing if it has no such node."""
    told = exchange.get(f"object_info/{node}")
    exchange.raise_if_told(told)
    spec = object_of(object_of(object_of(told.get(node)).get("input")).get("required")).get(name)
    listed = spec if isinstance(spec, list) else []
    # Newer ones write it as ["COMBO", {"options": […]}].
    choices = [one.get("options") if isinstance(one, dict) else one for one in listed[:2]]
    found = next((one for one in choices if isinstance(one, list)), [])
    return [one for one in found if isinstance(one, str)]


def _lacking(call: ProviderCall, what: str) -> ProviderError:
    """Return the error of a server that has not got what the operator's settings say."""
    message = f"Provider '{call.provider.name}' cannot draw this: {what}."
    failure = Failure(502, "server_error", "model_not_found", message, "BadGateway")
    return ProviderError(failure, transient=False, status=400, blame=Blame.MODEL)
