"""Who calls, and what that allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.api_keys import scopes
from shared.api_keys.limits import Limits
from shared.api_keys.record import ApiKey, may_use
from shared.api_keys.scopes import Scope
from shared.errors import Forbidden

#: Owner of the jobs made with the bootstrap key, whatever its value is today.
BOOTSTRAP_OWNER: Final = "bootstrap"
ADMIN_OWNER: Final = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling. `owner` is the name under which jobs are kept.

    `key_id` names the key itself, in the audit log and in the sums of its limits; it is no secret.
    """

    owner: str
    is_admin: bool = False
    key_id: str = ""
    scopes: frozenset[Scope] = scopes.DEFAULT
    models: tuple[str, ...] = ()
    limits: Limits | None = None

    @property
    def actor(self) -> str:
        """What the audit log calls this caller."""
        return self.key_id or self.owner

    @property
    def sees_all(self) -> bool:
        """Whether this caller may look at the rows of everybody's jobs, not at what they say."""
        return scopes.allows(self.scopes, Scope.ADMIN_READ)

    def sees_whole(self, owner: str) -> bool:
        """Whether this caller may see all of what is this owner's, not its row alone."""
        return self.is_admin or self.owner == owner

    def may_use(self, model: str) -> bool:
        """Whether this caller may use a model."""
        return may_use(self.models, model)

    def demand(self, *any_of: Scope) -> None:
        """Raise Forbidden unless this caller's scopes include one of these."""
        if not any(scopes.allows(self.scopes, scope) for scope in any_of):
            lacking = " or ".join(f"'{scope}'" for scope in any_of)
            raise Forbidden(f"This key may not do that: it lacks the scope {lacking}.")


def principal_of(key: ApiKey) -> Principal:
    """Return who calls with an issued key."""
    return Principal(
        owner=key.owner,
        is_admin=Scope.ADMIN in key.scopes,
        key_id=f"key_{key.id}",
        scopes=key.scopes,
        models=key.models,
        limits=key.limits or None,
    )
