"""The right to do something alone in the whole cluster, for a while, however its holder dies."""

from __future__ import annotations

from dataclasses import dataclass

from shared.store.clock import milliseconds
from shared.store.scripts import Call, ScriptRunner


@dataclass(frozen=True, slots=True)
class Lease:
    """One such right, by its key. Raises redis.RedisError."""

    scripts: ScriptRunner
    key: str

    def hold(self, holder: str, lasts_s: float) -> bool:
        """Take it, or renew it as the one who has it; False: somebody else has it.

        Looking and taking are one step: a lease that runs out between them may be taken by two.
        """
        call = Call("hold_lease", [self.key], [holder, milliseconds(lasts_s)])
        return bool(self.scripts.run(call))

    def give_back(self, holder: str) -> bool:
        """Let the next one have it; False when it has run out and may be somebody else's."""
        return bool(self.scripts.run(Call("give_back_lease", [self.key], [holder])))
