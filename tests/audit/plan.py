"""What a run of the audit does; together with the seed everything that is chosen at random in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.audit.points import KillPoint

SERVERS = ("mongod", "redis", "rabbitmq")
PROCESSES = ("gateway", "gateway2", "user_svc", "task_svc", "task_svc2", "notify_svc", "notify_svc2")
VICTIMS = (*PROCESSES, *SERVERS)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run ends when it has what makes it valid: that many acknowledged writes and deaths, and a hit of each point.
    It is invalid when `limit_s` comes first."""

    seed: int
    writes: int = 7000
    kills: int = 20
    limit_s: float = 600.0
    # Between one fault and the next, drawn anew each time.
    pause_s: tuple[float, float] = (1.0, 4.0)
    points: Sequence[KillPoint] = tuple(KillPoint)
    victims: Sequence[str] = VICTIMS
    poisons: int = 2
    users: int = 4
    clients: int = 24
    # Of all writes; the rest are changes.
    creates: float = 0.35
    deletes: float = 0.1
    # Writes that carry an Idempotency-Key; the others are not retried.
    keyed: float = 0.8
    # For showing that the audit finds broken rules: a client that forgets the key, and processes with one rule broken.
    keeps_key: bool = True
    modules: Mapping[str, Sequence[str]] = field(default_factory=dict)
