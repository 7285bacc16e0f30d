"""What this process knows of the providers, and how it tells others."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.provider import Registry
from shared.providers.registry_follower import RegistryFollower
from shared.queues.flows import FlowStore
from shared.queues.slots import SlotStore
from workers.process import Process
from workers.routing.learned_limits import LearnedLimits
from workers.routing.server_queues import ServerQueues
from workers.routing.traffic import Traffic


@dataclass(frozen=True, slots=True)
class RoutingDeps:
    """The registry, and how each provider does."""

    process: Process
    registry: Registry
    follower: RegistryFollower
    health: HealthBook
    health_store: HealthStore
    slots: SlotStore
    flows: FlowStore
    traffic: Traffic
    learned: LearnedLimits = field(default_factory=LearnedLimits)
    servers: ServerQueues = field(default_factory=ServerQueues)
