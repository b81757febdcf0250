"""The fault audit: green for the platform as it is, red as soon as one of its rules is broken."""

import secrets
from pathlib import Path

import pytest

from dev.servers import Mongod, RabbitMQ, RedisServer
from tests.audit import violations
from tests.audit.plan import SHORT, Plan
from tests.audit.points import KillPoint
from tests.audit.result import GREEN, RED, Result
from tests.audit.run import audit
from tests.audit.world import Servers


@pytest.fixture
def servers(mongod: Mongod, redis_server: RedisServer, rabbitmq: RabbitMQ, rabbitmq_url: str) -> Servers:
    """Shared with other tests, so they must not be killed."""
    return Servers(mongod, redis_server, rabbitmq, rabbitmq_url)


@pytest.fixture
def directory(run_directory: Path) -> Path:
    return run_directory / f"audit_{secrets.token_hex(4)}"


def found(result: Result) -> set[str]:
    return {violation.kind for violation in result.violations}


@pytest.mark.timeout(400)
async def test_nothing_is_lost_or_twice(directory: Path) -> None:
    result = await audit(SHORT, directory)
    assert (result.violations, result.shortfalls, result.verdict) == ([], [], GREEN)


def small(*points: KillPoint, **changed: object) -> Plan:
    """Just enough to find one broken rule. Without replicas, nobody makes good what a dead process leaves."""
    plan = {"writes": 100, "kills": len(points), "victims": (), "limit_s": 90.0, "replicas": 1, "clients": 16}
    return Plan(points=points, **{**plan, **changed})  # type: ignore[arg-type]


BROKEN = {
    # Once may not do: when nothing else is under way, nothing is lost.
    "ack_before_effect": ("notify_svc", [KillPoint.BEFORE_ACK], 3, violations.LOST),
    "pull_before_confirm": ("task_svc", [KillPoint.BEFORE_PUBLISH], 1, violations.MISSING),
    "no_unique_key": ("notify_svc", [KillPoint.BEFORE_ACK], 1, violations.TWICE),
    "drops_what_failed": ("notify_svc", [], 0, violations.LOST),
    "forgets_the_assignee": ("notify_svc", [], 0, violations.LOST),
    "fires_unconditionally": ("task_svc", [], 0, violations.TWICE),
    "comments_unannounced": ("task_svc", [], 0, violations.LOST),
}


@pytest.mark.parametrize("rule", BROKEN)
async def test_a_broken_rule_is_found(rule: str, servers: Servers, directory: Path) -> None:
    process, points, kills, violation = BROKEN[rule]
    # Without keys no transaction stays open, which would hold its task for seconds.
    # What is lost of a comment or a reminder is no missing sequence: where a process is to die, it shall be at a task's change.
    changed = {"comments": 0.0, "dues": 0.0} if points else {}
    plan = small(*points, kills=kills, keyed=0.0, modules={process: [f"tests.audit.broken.{rule}"]}, **changed)
    result = await audit(plan, directory, servers)
    assert (result.verdict, result.shortfalls) == (RED, [])
    assert violation in found(result)


async def test_a_client_that_retries_without_its_key_is_found(servers: Servers, directory: Path) -> None:
    # Without due times: the write that the service dies after is a client's, and no reminder's.
    plan = small(KillPoint.AFTER_WRITE, creates=1.0, keyed=1.0, keeps_key=False, dues=0.0)
    result = await audit(plan, directory, servers)
    assert (result.verdict, result.shortfalls) == (RED, [])
    assert violations.TWICE in found(result)


async def test_a_run_that_shows_too_little_is_invalid(servers: Servers, directory: Path) -> None:
    result = await audit(small(KillPoint.AFTER_ACK, writes=1_000_000, limit_s=3.0), directory, servers)
    assert result.violations == []
    assert any("of 1000000 acknowledged" in shortfall for shortfall in result.shortfalls)
