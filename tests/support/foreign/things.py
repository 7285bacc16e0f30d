"""Things of one owner, of every kind that has a name, and every endpoint asked for each of them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence, Set
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import quote

from shared.api_keys.scopes import Scope
from shared.artifacts import links
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import Endpoint, Form
from tests.support.foreign.jobs import ADDRESS, CONTENT, issue, make_jobs
from tests.support.gateway_client import API_KEY, CHAT, Gateway

_URL = f"http://127.0.0.1:9/{ADDRESS}"
#: What lets a request through to what looks for the thing that it names.
_PLAIN: dict[str, Any] = {
    "name": "x",
    "title": "t",
    "value": "v",
    "content": {},
    "version": 0,
    "cron": "@daily",
    "request": CHAT,
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
    "url": "http://127.0.0.1:1/",
    "prompt": "hi",
    "filename": "f",
    "purpose": "batch",
    "bytes": 1,
}
#: Of a call of a model only fields that could name something: the others are the model's.
_NAMES_THING = re.compile(
    r"(id|ids|group|key|file|files|image|images|mask|audio|after|path)$", re.IGNORECASE
)
_OF_CALLS = {
    "refId": "RefId",
    "groupId": "group",
    "flowKey": "flow key",
    "previous_response_id": "response",
}
#: What names nothing.
_NAMELESS = {
    *("skip", "take", "from", "to", "limit", "order", "orderBy", "orderByDesc", "fields"),
    *("times", "include", "maxParallel", "timeoutSecs", "overlapSecs"),
}
#: A picture that is drawn of whatever it is asked for.
_OF_ANY_NAME = {"GetModelImage"}
#: What differs between two answers that tell the same.
_OF_ITS_OWN = re.compile(r"[0-9a-f]{16,}|\d+")


class Thing(NamedTuple):
    """A name that something has, and one of the same form that nothing has."""

    kind: str
    name: str
    absent: str


_NONE = Thing("", "", "")


class Asked(NamedTuple):
    """What was asked of an endpoint, and the answers for the thing and for none."""

    about: str
    thing: Thing
    told: Any
    told_of_none: Any

    @property
    def tells_apart(self) -> bool:
        """Whether the answers show that one of the names is somebody's."""
        named, absent = self.thing.name, self.thing.absent
        return _plain(self.told, named) != _plain(self.told_of_none, absent)


def make_things(gateway: Gateway) -> list[Thing]:
    """Make one thing of each kind, full of what nobody else may see."""
    made = [Thing("job", str(one.id), "9999") for one in make_jobs(gateway)]
    made.append(Thing("RefId", "ref-1", "ref-9"))
    made.append(Thing("response", f"resp_job_{made[2].name}", "resp_job_9999"))
    made += [*_files(gateway), *_kept(gateway)]
    _made(gateway, "/api/CreateGroup", {"id": "group-b", "replyTo": _URL})
    grouped = {"groupId": "group-b", "flowKey": "flow-b", "maxParallel": 1}
    gateway.queue(**grouped, refId="ref-g", replyTo=_URL)
    made += [Thing("group", "group-b", "group-x"), Thing("flow key", "flow-b", "flow-x")]
    made.append(Thing("owner", "bootstrap", "nobody"))
    return made


def told_to_owner(gateway: Gateway) -> str:
    """Return all that the owner sees of its things."""
    lists = ["/v1/files", "/v1/batches"]
    lists += [
        f"/api/{name}"
        for name in (
            *("QueryJobs", "QuerySchedules", "QueryGroups", "QueryCallbackSubscriptions"),
            *("QueryConversations", "QueryPrompts", "GetDeliveries", "GetCallbackKeys"),
        )
    ]
    told = [gateway.get(path).get_data(as_text=True) for path in lists]
    files = re.findall(r'"(file-[0-9a-f]+)"', told[0])
    told += [gateway.get(f"/v1/files/{one}/content").get_data(as_text=True) for one in files]
    told.append(gateway.get("/api/GetConversation?id=conv-b").get_data(as_text=True))
    return "\n".join(told)


def new_stranger(gateway: Gateway, scopes: Set[Scope]) -> str:
    """Return a key that has things of its own: what is listed behind another's would be they."""
    key = issue(gateway, scopes)
    for _ in range(2):
        _batch_of(gateway, "{}", {}, key)
    return key


def ask_for_all(
    gateway: Gateway, key: str, held: Set[Scope], things: Sequence[Thing]
) -> Iterator[Asked]:
    """Ask every endpoint that the key may ask for each thing, in each field, and for none."""
    able = [one for one in CATALOG if not one.scopes or held & {*one.scopes}]
    # What makes jobs of the caller's own comes last: these would be told of everywhere.
    for endpoint in sorted(able, key=lambda one: one.large or one.is_queued):
        if endpoint.name in _OF_ANY_NAME:
            continue
        # What names nothing is asked once: it may list what is another's.
        for field in _fields(endpoint) or ("",):
            for thing in things if field else things[:1]:
                if field and endpoint.large and _OF_CALLS.get(field, "file") != thing.kind:
                    continue
                for headers in _conditions(endpoint):
                    asked = [
                        _ask(gateway, key, endpoint, (field, name), headers)
                        for name in ((thing.name, thing.absent) if field else ("",))
                    ]
                    about = f"{endpoint.name}({field} = {thing.kind}) {headers or ''}"
                    yield Asked(about, thing if field else _NONE, asked[0], asked[-1])


def _files(gateway: Gateway) -> list[Thing]:
    line = {"custom_id": CONTENT, "method": "POST", "url": "/v1/chat/completions", "body": CHAT}
    file, batch = _batch_of(gateway, json.dumps(line), {"x": CONTENT}, API_KEY)
    wish = {"filename": CONTENT, "purpose": "batch", "bytes": 9, "mime_type": "text/plain"}
    upload = _made(gateway, "/v1/uploads", wish)["id"]
    part = _form(gateway, f"/v1/uploads/{upload}/parts", "data", CONTENT)["id"]
    secure = _form(gateway, "/uploads/secure", "file", CONTENT)["results"][0]
    kept = gateway.services.artifacts.find(file)
    assert kept is not None
    path = links.path_of(kept).removeprefix("/artifacts/")
    return [
        *(_random("file", file), _random("batch", batch), _random("upload", upload)),
        *(_random("part", part), _random("path of a file", path)),
        _random("path of an upload", secure.removeprefix("/uploads/")),
    ]


def _batch_of(gateway: Gateway, line: str, metadata: dict[str, str], key: str) -> tuple[str, str]:
    file = _form(gateway, "/v1/files", "file", line, key, purpose="batch")["id"]
    about = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    return file, _made(gateway, "/v1/batches", {**about, "metadata": metadata}, key)["id"]


def _kept(gateway: Gateway) -> list[Thing]:
    wish = {"name": CONTENT, "cron": "@daily", "request": {**CHAT, "user": CONTENT}}
    schedule = _made(gateway, "/api/CreateSchedule", {**wish, "replyTo": _URL})["id"]
    told = _made(gateway, "/api/CreateCallbackSubscription", {"url": _URL})["id"]
    document = {"title": CONTENT, "model": "m", "version": 0, "content": {"text": CONTENT}}
    _made(gateway, "/api/SaveConversation", {"id": "conv-b", **document})
    _made(gateway, "/api/SavePrompt", {"id": "prompt-b", "name": CONTENT, "value": CONTENT})
    return [
        *(_random("schedule", schedule), _random("subscription", told)),
        *(Thing("conversation", "conv-b", "conv-x"), Thing("prompt", "prompt-b", "prompt-x")),
        Thing("text", CONTENT[:9], "tnetnoc"),
    ]


def _random(kind: str, name: str) -> Thing:
    """Return a thing whose name is random, and one that differs in that alone."""
    absent = re.sub(r"[0-9a-f]{12,}", lambda found: "e" * len(found[0]), name)
    assert absent != name, name
    return Thing(kind, name, absent)


def _made(gateway: Gateway, path: str, body: dict[str, Any], key: str = API_KEY) -> dict[str, Any]:
    answer = gateway.post(path, body, key=key)
    assert answer.status_code == 200, answer.data
    return dict(answer.json)


def _form(
    gateway: Gateway, path: str, field: str, content: str, key: str = API_KEY, **fields: str
) -> dict[str, Any]:
    data = {field: (io.BytesIO(content.encode()), "b.jsonl"), **fields}
    headers = {"Authorization": f"Bearer {key}"}
    answer = gateway.client.post(path, data=data, headers=headers)
    assert answer.status_code == 200, answer.data
    return dict(answer.json)


def _fields(endpoint: Endpoint[Any]) -> list[str]:
    """Return the fields of a request that could hold a name."""
    properties = endpoint.request.model_json_schema(by_alias=True).get("properties", {})
    names = [name for name, told in properties.items() if _kinds(told) & {"string", "integer"}]
    names = [name for name in names if name not in _NAMELESS]
    names += re.findall(r"<(?:\w+:)?(\w+)>", endpoint.path)
    if endpoint.large:
        names += ["refId", "groupId", "flowKey", "previous_response_id", "images", "file_id"]
        names = [name for name in names if _NAMES_THING.search(name)]
    return [name for name in dict.fromkeys(names) if name != "name" or "<name>" in endpoint.path]


def _kinds(told: dict[str, Any]) -> set[str]:
    inner = [*told.get("anyOf", ()), *([told["items"]] if "items" in told else ())]
    return {str(told.get("type"))}.union(*map(_kinds, inner)) if inner else {str(told.get("type"))}


def _conditions(endpoint: Endpoint[Any]) -> list[dict[str, str]]:
    return [{}, {"If-None-Match": "*"}, {"If-Match": "*"}] if endpoint.form is Form.FILE else [{}]


def _ask(
    gateway: Gateway,
    key: str,
    endpoint: Endpoint[Any],
    named: tuple[str, str],
    conditions: dict[str, str],
) -> Any:
    field, name = named
    path = re.sub(
        r"<(?:\w+:)?(\w+)>",
        lambda found: name if found[1] == field else _at_place(found[1]),
        endpoint.path,
    )
    required = [one.alias or own for own, one in endpoint.request.model_fields.items()]
    values = {**{one: _PLAIN[one] for one in required if one in _PLAIN}}
    if field:
        values[field] = name
    if endpoint.large:
        values = {**values, **CHAT, "input": "hi", "stream": False}
    properties = endpoint.request.model_json_schema(by_alias=True).get("properties", {})
    if "array" in _kinds(properties.get(field, {})):
        values[field] = [name]
    if field == "images":
        values[field] = [{"file_id": name}]
    if field == "flowKey":
        values["maxParallel"] = 1
    headers = {"Authorization": f"Bearer {key}", **conditions}
    flat = {one: json.dumps(v) if isinstance(v, dict | list) else v for one, v in values.items()}
    send = {"query_string": flat} if endpoint.verb in {"GET", "DELETE"} else {"json": values}
    # No worker runs here: what is waited for does not come.
    with (
        patch("gateway.waiting.mailbox.Waiter.wait_until", lambda _, look, *__: look()),
        patch("gateway.waiting.event_stream.EventStream.wait_for_first", lambda *_: None),
    ):
        return gateway.client.open(path, method=endpoint.verb, headers=headers, **send)


def _at_place(name: str) -> str:
    return {"location": "secure", "variant": "width=9", "language": "python"}.get(name, "1")


def _plain(answer: Any, name: str) -> tuple[int, str]:
    text = answer.get_data(as_text=True)
    for shown in () if name.isdigit() or not name else (name, quote(name, safe=""), name[:64]):
        text = text.replace(shown, "#")
    return answer.status_code, _OF_ITS_OWN.sub("#", text)
