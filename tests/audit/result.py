"""What a run showed: figures, violations, and whether it proves anything."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.audit.accounts import Accounts, Violation
from tests.audit.evidence import Evidence
from tests.audit.plan import Plan
from tests.audit.points import KillPoint
from tests.audit.reminding import DUE_SOON, OVERDUE
from tests.audit.violations import VIOLATIONS

GREEN, RED, INVALID = "green", "red", "invalid"


@dataclass(frozen=True, slots=True)
class Result:
    seed: int
    figures: Mapping[str, int]
    deaths: Mapping[str, int]
    hits: Mapping[str, int]
    violations: Sequence[Violation]
    # Why the run proves nothing.
    shortfalls: Sequence[str]

    @property
    def verdict(self) -> str:
        if self.violations:
            return RED
        return INVALID if self.shortfalls else GREEN


def conclude(
    plan: Plan, evidence: Evidence, *, deaths: Counter[str], hits: Counter[KillPoint], reads: int, loaded_s: float
) -> Result:
    accounts = Accounts(evidence)
    outcomes, violations = accounts.outcomes(), accounts.violations()
    # Some poison has the envelope of an event.
    events = [each for each in evidence.deliveries if each.event not in evidence.poison]
    figures = {
        "seconds under load": round(loaded_s),
        **{name: outcomes[name] for name in ("attempted", "acknowledged", "refused", "unknown", "recovered", "absent")},
        "tried again": sum(each.tries > 1 for each in evidence.operations),
        "answered from the stored answer": sum(each.replayed for each in evidence.operations),
        "reads": reads,
        "tasks stored": len(evidence.stored),
        "comments stored": len(evidence.comments),
        "reminders fired": len({each.event_id for each in evidence.notifications if each.type in (DUE_SOON, OVERDUE)}),
        "events": len({each.event for each in events}),
        "deliveries of events": len(events),
        "notifications": len(evidence.notifications),
        "poison injected": len(evidence.poison),
        "dead letters": len(set(evidence.dead_letters)),
        "kills": deaths.total(),
        **{kind: sum(each.kind == kind for each in violations) for kind in VIOLATIONS},
    }
    named_hits = {point.value: hits[point] for point in plan.points}
    return Result(plan.seed, figures, dict(deaths), named_hits, violations, _shortfalls(plan, figures, named_hits))


def _shortfalls(plan: Plan, figures: Mapping[str, int], hits: Mapping[str, int]) -> list[str]:
    shortfalls = [f"the kill point {point!r} was never hit" for point, count in hits.items() if not count]
    for name, floor in (("acknowledged", plan.writes), ("kills", plan.kills)):
        if figures[name] < floor:
            shortfalls.append(f"only {figures[name]} of {floor} {name}")
    return shortfalls
