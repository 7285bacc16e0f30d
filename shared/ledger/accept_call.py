"""The call of the script that accepts jobs: what they have in common, and what each brings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from shared.jobs.job import NewJob
from shared.operation import MEDIA, Operation
from shared.queues import gates, queue_keys
from shared.queues import names as task_names
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.clock import milliseconds
from shared.store.scripts import Argument, Call

#: Fields of texts that many jobs have none of.
_TEXTS: Final = ("mailboxes", "request_id", "group", "beginning")


def accept_call(
    news: Sequence[NewJob],
    limit_keys: Sequence[str],
    settings: Settings,
    now_ms: int,
    *,
    goes_on: bool = False,
) -> Call:
    """Return the call; `limit_keys` are those of the jobs' key, none when it has no limits.

    `goes_on`: jobs behind one that is refused are looked at too.
    """
    args = _args(news, settings, now_ms, "1" if goes_on else "")
    return Call("accept", _keys(news, limit_keys), args)


def _keys(news: Sequence[NewJob], limit_keys: Sequence[str]) -> list[str]:
    first = news[0]
    of_queue = queue_keys.of_accept(
        first.model, first.priority, first.owner, first.provider, first.operation
    )
    refs = [keys.ref(new.owner, new.ref_id) for new in news]
    return [keys.JOB_ID, *of_queue, *limit_keys, *refs]


def _args(news: Sequence[NewJob], settings: Settings, now_ms: int, goes_on: str) -> list[Argument]:
    first = news[0]
    args: list[Argument] = [
        now_ms,
        keys.JOB_PREFIX,
        first.model,
        task_names.chat_queue(first.model),
        first.priority,
        settings.queue_window,
        settings.queue_limit,
        settings.owner_queue_limit,
        first.owner,
        first.allowance.to_json() if first.allowance else "",
        settings.owner_queue_bytes,
        len(news),
        settings.owner_delayed_limit,
        settings.owner_flow_limit,
        first.tier or "",
        first.weight if first.weight > 1 else "",
        first.group,
        settings.group_limit,
        keys.GROUPS,
        goes_on,
    ]
    for new in news:
        args += _own_args(new)
    return args


def _own_args(new: NewJob) -> list[Argument]:
    fields, flow = _fields_of(new), ""
    if new.flow:
        place = _flow_place(new)
        fields |= {"flow": new.flow.key, "flow_limits": new.flow.limits, "flow_place": place}
        told = {"key": new.flow.key, "limits": new.flow.limits, "place": place}
        flow = json.dumps(told, ensure_ascii=False)
    own: list[Argument] = [
        milliseconds(new.timeout_s),
        new.fingerprint,
        new.tag,
        len(new.request),
        new.allowance.tokens if new.allowance else 0,
        new.run_after,
        flow,
        2 * len(fields),
    ]
    for pair in fields.items():
        own += pair
    return own


def _flow_place(new: NewJob) -> str:
    """Return where jobs of one flow key count together that stand in line: the list of a gate."""
    queue = task_names.chat_queue(new.model)
    return keys.message_list(gates.gate(queue, new.provider, new.operation), new.priority)


def _fields_of(new: NewJob) -> dict[str, str | bytes]:
    """Return what the job's hash holds beside what the script itself writes."""
    fields: dict[str, str | bytes] = {
        "ref_id": new.ref_id,
        "provider": new.provider,
        "reply_to": new.reply_to,
        "request": new.request,
    }
    texts = zip(_TEXTS, (new.mailbox, new.request_id, new.group, new.beginning), strict=True)
    fields.update({name: value for name, value in texts if value})
    if new.streamed:
        fields["streamed"] = "1"
    if new.base_url and (new.reply_to or new.operation in MEDIA):
        fields["base_url"] = new.base_url
    if new.operation is not Operation.CHAT:
        fields["operation"] = new.operation
    if new.forced:
        fields["forced"] = "1"
    if new.allowance:
        fields["key_id"] = new.allowance.key_id
        fields["reserved"] = str(new.allowance.tokens)
    return fields | _turn_of(new) if new.tier or new.weight > 1 else fields


def _turn_of(new: NewJob) -> dict[str, str | bytes]:
    turn: dict[str, str | bytes] = {"tier": str(new.tier)} if new.tier else {}
    return turn | ({"weight": str(new.weight)} if new.weight > 1 else {})
