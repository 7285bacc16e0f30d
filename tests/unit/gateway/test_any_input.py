"""Whatever comes in is answered: no route fails by its input, and no list by what was put into it.

The routes are those that the app has, the fields those of the DTOs: new ones are tried too.
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote, urlencode

import fakeredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule

from gateway.providers import testing
from shared.dtos.catalog import CATALOG
from shared.security.sealing import new_encryption_key
from shared.settings import new_callback_secret
from tests.support.factories import new_settings
from tests.support.gateway_client import API_KEY, PROVIDERS, Gateway, build

Json = dict[str, Any]
#: The key is the admin's too, so that nothing is refused for want of a scope.
SETTINGS: Final = new_settings(
    api_key=API_KEY,
    auth_secret=API_KEY,
    callback_secret=new_callback_secret(),
    encryption_key=new_encryption_key(),
    sync_timeout_s=0.01,
)
#: What has broken something somewhere, in JSON's own words: Python would not write all of it.
NASTY: Final = [
    *("null", "true", "{}", "[]", '""', '" "', "[null]", '{"": null}', '[{"a": 1}]', '["a", 1]'),
    *("0", "-1", "1.5", "1e400", "-1e400", "1e-400", "2147483648", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775809", "1" + "0" * 400, '"9223372036854775808"'),
    *(r'"\ud800"', r'"a\udfff"', r'{"\ud800": "\udc00"}', r'["\udbff"]', r'"\u0000"'),
    *(r'"a\r\nb: c"', '"/Date(999999999999999)/"', '"/Date(-999999999999999)/"'),
    *('"9999-12-31T23:59:59-14:00"', '"0001-01-01T00:00:00+14:00"', '"2026-13-01"'),
    *('"999999999999999"', '"NaN"', '"Infinity"', '"http://[::1"', r'"http://a\u0000b/"'),
    *('"http://x:99999/"', '"//x"', '"file:///etc/passwd"', '"%00"', '"../../x"', '"*"', '"["'),
    *('"-name"', '"a,b"', '"env:HOME"', r'"\u0661"', f'"{"x" * 5000}"'),
    *("[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100, f'"{"[" * 5000}"'),
]
#: What lets a request through to what comes behind the checks of its other fields.
PLAIN: Final[dict[str, Any]] = {
    "id": 1,
    "jobId": 1,
    "refId": "r",
    "name": "x",
    "model": "m",
    "provider": "gone",
    "messages": [{"role": "user", "content": "hi"}],
    "request": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "input": "hi",
    "prompt": "hi",
    "value": "v",
    "url": "http://127.0.0.1:1/",
    "apiBaseUrl": "http://127.0.0.1:1/v1",
    "selectedModels": ["y"],
    "content": {"messages": []},
    "title": "t",
    "version": 0,
    "online": False,
    "worker": "w",
    "key": "",
}
#: Fields of calls of models: those of all wires, and of none of the classes.
MODELS: Final = [
    *("model", "messages", "input", "prompt", "stream", "temperature", "tools", "metadata"),
    *("refId", "provider", "tag", "replyTo", "timeoutSecs", "background", "max_tokens", "images"),
    *("previous_response_id", "system", "format", "options", "n", "dimensions", "stream_options"),
]
LISTS: Final = [
    *("QueryApiKeys", "QueryAuditLog", "QueryAiProviders", "QueryAiModels", "QueryPrompts"),
    *("QueryConversations", "QueryJobs", "QueryCallbackSubscriptions", "GetDeliveries"),
    *("GetOverview", "GetActiveProviders", "GetWorkerStats", "GetCallbackKeys"),
]
#: They wait for a worker, which is not here.
_WAITING: Final = (503, 504)


#: Whose bodies go to models as they are.
UNTOUCHED: Final = {path for one in CATALOG if one.large for path in one.paths}
#: What can be asked, by the path of its route.
REQUESTS: Final = {path: one.request for one in CATALOG for path in one.paths}


def _gateway() -> Gateway:
    gateway = build(fakeredis.FakeStrictRedis(), SETTINGS, PROVIDERS)
    gateway.services.providers.follower.look()
    return gateway


def _rules() -> list[Rule]:
    rules = _gateway().client.application.url_map.iter_rules()
    return [r for r in rules if not r.rule.startswith(("/json/", "/static"))]


def _fields(rule: Rule) -> list[str]:
    known = REQUESTS[rule.rule].model_fields
    names = [field.alias or name for name, field in known.items()]
    # Fields that no class tells are let through to models.
    return [*names, *MODELS] if not names or rule.rule in UNTOUCHED else names


def _bodies(fields: list[str]) -> st.SearchStrategy[str]:
    """Return JSON objects: mostly plain, here and there nasty."""
    names = st.lists(st.sampled_from(fields), min_size=1, max_size=4, unique=True)
    plain = {name: json.dumps(PLAIN[name]) for name in fields if name in PLAIN}

    def told(drawn: list[str], values: list[str]) -> str:
        members = {**plain, **dict(zip(drawn, values, strict=False))}
        return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"

    return st.builds(told, names, st.lists(st.sampled_from(NASTY), min_size=4, max_size=4))


def _asked(gateway: Gateway, rule: Rule, method: str, body: str, place: str) -> Any:
    path = rule.rule
    for name in rule.arguments:
        kinds = ("", "int:", "path:")
        for kind in kinds:
            path = path.replace(f"<{kind}{name}>", quote(place, safe=""))
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    if method == "GET":
        flat = {n: v if isinstance(v, str) else json.dumps(v) for n, v in json.loads(body).items()}
        path = f"{path}?{urlencode(flat, errors='surrogatepass')}"
        return gateway.client.get(path, headers=headers)
    return gateway.client.open(path, method=method, data=body.encode(), headers=headers)


def _assert_answered(answer: Any, about: str) -> None:
    status = answer.status_code
    assert status < 500 or status in _WAITING, f"{about}: {status} {answer.get_data()[:300]!r}"


PLACES: Final = [
    *("1", "9223372036854775808", "1" * 400, "\ud800", "\x00", "resp_job_9999999999999999"),
    *("resp_job_1", "%ff", "a\r\nb", "-1", "..", "x" * 3000),
]


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no worker, as `sync_timeout_s` does for jobs: none is there."""
    monkeypatch.setattr(testing, "_PROBE_LIMIT_S", 0)


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule.rule)
def test_no_route_fails_by_its_input(rule: Rule, caplog: pytest.LogCaptureFixture) -> None:
    methods = sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})
    gateway = _gateway()

    @settings(max_examples=25)
    @given(
        method=st.sampled_from(methods),
        body=_bodies(_fields(rule)),
        place=st.sampled_from(PLACES),
    )
    def ask(method: str, body: str, place: str) -> None:
        answer = _asked(gateway, rule, method, body, place.encode("utf-8", "replace").decode())
        _assert_answered(answer, f"{method} {rule.rule} {body[:600]}")
        answer.close()

    ask()
    for dto in LISTS:
        told = gateway.get(f"/api/{dto}")
        assert told.status_code == 200, f"{dto} after {rule.rule}: {told.text[:300]}"
    assert not [r for r in caplog.records if r.exc_info], caplog.text[-3000:]
