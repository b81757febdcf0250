"""What a run of the audit does; together with the seed everything that is chosen at random in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.audit.points import KillPoint

SERVERS = ("mongod", "redis", "rabbitmq")
PROCESSES = ("gateway", "gateway2", "user_svc", "task_svc", "task_svc2", "notify_svc", "notify_svc2")
# Than deaths: some are poison, and armed points are hit later.
MORE_FAULTS = 1.5
VICTIMS = (*PROCESSES, *SERVERS)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run ends when it has what makes it valid: that many acknowledged writes and deaths, and a hit of each point.
    It is invalid when `limit_s` comes first."""

    seed: int = 1
    writes: int = 7000
    kills: int = 25
    limit_s: float = 600.0
    points: Sequence[KillPoint] = tuple(KillPoint)
    victims: Sequence[str] = VICTIMS
    poisons: int = 2
    # Of the gateway, the task and the notification service.
    replicas: int = 2
    users: int = 4
    clients: int = 24
    # Of all writes; the rest are changes.
    creates: float = 0.35
    deletes: float = 0.1
    comments: float = 0.12
    # Of the creates and changes, those that also assign the task or take it back, and those that also set a due time.
    assigns: float = 0.25
    dues: float = 0.2
    # Writes that carry an Idempotency-Key; the others are not retried.
    keyed: float = 0.8
    # For showing that the audit finds broken rules: a client that forgets the key, and processes with one rule broken.
    keeps_key: bool = True
    modules: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def writes_between_faults(self) -> float:
        """On average, acknowledged ones: with time in its place a slow machine would see nothing but faults."""
        return self.writes / (MORE_FAULTS * max(self.kills, 1))


FULL = Plan()
SHORT = Plan(writes=300, kills=12, limit_s=240.0)
