"""Groups of jobs in the ledger. The scripts that move jobs say what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import Any, Final

from shared.callbacks import delivery_keys
from shared.groups.group import Group, event_of
from shared.jobs.job import JobState
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds
from shared.store.scripts import Argument, Call

#: What became of a job, as `lua/includes/group.lua` writes it.
UNDER_WAY: Final = 0
BECAME: Final[Mapping[JobState, int]] = {
    JobState.COMPLETED: 1,
    JobState.FAILED: 2,
    JobState.CANCELLED: 3,
}
_NUMBERS: Final = (
    *("created_ms", "joined_ms", "size", "held_ms", "over_ms", "ended_job_ms"),
    *("ends", "charged", "round", "cost_nanos"),
)
#: Between the two names of a group.
_SEPARATOR: Final = "\x1f"
#: Ids read in one round trip.
_READ: Final = 10_000
#: Jobs of one run of a script.
_SETTLED: Final = 200


class GroupStore(Ledger):
    """Raises redis.RedisError."""

    def put(
        self, owner: str, group_id: str, fields: Mapping[str, Argument], *, make: bool = False
    ) -> bool:
        """Change what is known of a group, or make one; False when there is none."""
        args: list[Argument] = [self._clock(), owner, group_id, "1" if make else ""]
        for pair in fields.items():
            args += pair
        return bool(self._scripts.run(Call("put_group", [keys.GROUPS], args)))

    def find(self, owner: str, group_id: str) -> Group | None:
        """Return a group; None when there is none."""
        return self.read([(owner, group_id)])[0]

    def read(self, names: Sequence[tuple[str, str]]) -> list[Group | None]:
        """Read groups, by owner and id, in one round trip."""
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(keys.group(*name))
            pipe.zcard(keys.group_jobs(*name))
            for state in (UNDER_WAY, *BECAME.values()):
                pipe.zcount(keys.group_jobs(*name), state, state)
        rows: Any = pipe.execute()
        step = 3 + len(BECAME)
        return [
            _group(name, rows[i * step], rows[i * step + 1 : (i + 1) * step])
            for i, name in enumerate(names)
        ]

    def started(self, group: Group) -> int:
        """Return how many of its jobs run now."""
        running: Any = self._client.zrange(keys.LEASES, 0, -1)
        if not running or not group.under_way:
            return 0
        found: Any = self._client.zmscore(keys.group_jobs(group.owner, group.id), running)
        return sum(score == UNDER_WAY for score in found if score is not None)

    def all_started(self, groups: Sequence[Group]) -> list[int]:
        """Return the same of many groups: each job that runs is looked at once."""
        if not any(group.under_way for group in groups):
            return [0] * len(groups)
        running: Any = self._client.zrange(keys.LEASES, 0, -1)
        pipe = self._client.pipeline(transaction=False)
        for one in running:
            pipe.hmget(keys.job(int(one)), "owner", "group")
        found = Counter(map(tuple, pipe.execute()))
        return [found[group.owner.encode(), group.id.encode()] for group in groups]

    def page(self, owner: str | None, skip: int, take: int) -> tuple[list[Group], int]:
        """Return an owner's groups, or everybody's, the newest first; and how many there are."""
        name = keys.GROUPS_ALL if owner is None else keys.groups_of(owner)
        members: Any = self._client.zrevrange(name, skip, skip + take - 1)
        names = [_name_of(member) for member in members]
        total: Any = self._client.zcard(name)
        return [group for group in self.read(names) if group is not None], int(total)

    def number(self, owner: str) -> int:
        """Return how many groups an owner has, those that have ended not long ago included."""
        return int(self._client.zcard(keys.groups_of(owner)))

    def jobs(self, group: Group, states: Iterable[int], most: int) -> list[int]:
        """Return ids of its jobs of which this became, the oldest first."""
        found: list[int] = []
        for state in states:
            found += self._page(group, state, 0, most)
        return sorted(found)[:most]

    def behind(self, group: Group, states: Iterable[int], after: int, most: int) -> list[int]:
        """Return ids of its jobs of which this became, the oldest first, above that id."""
        # Redis has them as texts, "10" before "9": what is oldest is only known of all.
        found: list[int] = []
        for state in states:
            skip = 0
            while ids := self._page(group, state, skip, _READ):
                found += (one for one in ids if one > after)
                skip += len(ids)
        return nsmallest(most, found)

    def under_way(self, group: Group, skip: int, most: int) -> list[int]:
        """Return ids of its jobs that have not ended, behind so many, in any order."""
        return self._page(group, UNDER_WAY, skip, most)

    def _page(self, group: Group, state: int, skip: int, most: int) -> list[int]:
        ids: Any = self._client.zrangebyscore(
            keys.group_jobs(group.owner, group.id), state, state, start=skip, num=most
        )
        return [int(one) for one in ids]

    def due(self, most: int) -> list[tuple[str, str]]:
        """Return the groups that are to be looked at now: owner and id."""
        members: Any = self._client.zrangebyscore(
            keys.GROUPS, "-inf", self._now_ms(), start=0, num=most
        )
        return [_name_of(member) for member in members]

    def put_off(self, names: Sequence[tuple[str, str]], at_ms: int) -> None:
        """Look at groups then; whatever happens to one from now on has it looked at sooner."""
        rows = {_member(*name): at_ms for name in names}
        self._client.zadd(keys.GROUPS, rows, xx=True)

    def look_again(self, at_ms: Mapping[tuple[str, str], int]) -> None:
        """Look at groups then, unless they are to be looked at sooner."""
        rows = {_member(*name): moment for name, moment in at_ms.items()}
        if rows:
            self._client.zadd(keys.GROUPS, rows, xx=True, lt=True)

    def settle(self, group: Group, left: Mapping[int, str]) -> None:
        """Note the ends of jobs that told none; by id, what became of those not in the ledger."""
        rows = list(left.items())
        for first in range(0, len(rows), _SETTLED):
            args: list[Argument] = [self._clock(), group.owner, group.id]
            for row in rows[first : first + _SETTLED]:
                args += row
            self._scripts.run(Call("settle_group", [keys.JOB_PREFIX, keys.GROUPS], args))

    def end(self, group: Group, now_ms: int) -> bool:
        """End a group as it was read, and tell of it; False when it is not as it was."""
        event, body = event_of(group, now_ms)
        call = Call(
            "end_group",
            [
                keys.GROUPS,
                *delivery_keys.of_events(group.owner),
                delivery_keys.MESSAGES,
                delivery_keys.LINE,
                keys.QUEUE_PLACE,
            ],
            [
                self._clock(),
                group.owner,
                group.id,
                event,
                body,
                group.reply_to,
                milliseconds(self._settings.result_ttl_s),
                group.jobs,
                group.ends,
            ],
        )
        return bool(self._scripts.run(call))

    def forget(self, owner: str, group_id: str, *, is_over: bool = False) -> None:
        """Take a group off the lists that is not there, or that is to go."""
        args = [owner, group_id, "1" if is_over else ""]
        self._scripts.run(Call("forget_group", [keys.GROUPS], args))


def _member(owner: str, group_id: str) -> str:
    """Return the name of a group in lists of them."""
    return keys.group(owner, group_id).removeprefix(keys.GROUP_PREFIX)


def _name_of(member: bytes) -> tuple[str, str]:
    """Return the owner and the id of a group in a list."""
    owner, _, group_id = member.decode().partition(_SEPARATOR)
    return owner, group_id


def _group(name: tuple[str, str], fields: Mapping[bytes, bytes], counts: Any) -> Group | None:
    known = {key.decode(): value.decode() for key, value in fields.items()}
    if "created_ms" not in known:
        return None
    jobs, under_way, completed, failed, cancelled = counts
    numbers: dict[str, Any] = {own: _number(known.get(own)) for own in _NUMBERS}
    return Group(
        owner=name[0],
        id=name[1],
        reply_to=known.get("reply_to", ""),
        jobs=jobs,
        under_way=under_way,
        completed=completed,
        failed=failed,
        cancelled=cancelled,
        is_closed=known.get("closed") == "1",
        is_cancelled=known.get("cancel") == "1",
        **numbers,
    )


def _number(text: str | None) -> int:
    """Read a number; what is none counts as 0, and the group can still end."""
    try:
        return int(text or 0)
    except ValueError:
        return 0
