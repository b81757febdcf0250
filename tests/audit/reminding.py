"""The accounts of reminders: what a task had to say fired once, and nothing else did."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.audit.client import utc_text
from tests.audit.evidence import Evidence
from tests.audit.lives import Life, Lives
from tests.audit.violations import LOST, TWICE, UNWANTED

DUE_SOON, OVERDUE = "task.due_soon", "task.overdue"

Heard = dict[tuple[str, str, str], Counter[str]]
"""By task, kind and due time: how often each user was told."""


def of_reminders(evidence: Evidence, lives: Lives) -> Iterator[tuple[str, str]]:
    heard: Heard = defaultdict(Counter)
    for each in evidence.notifications:
        if each.type in (DUE_SOON, OVERDUE):
            heard[each.task_id, each.type, each.body.removeprefix("Due ")][each.recipient_id] += 1
    for task_id, life in lives.items():
        yield from _of_task(task_id, life, heard)
    for (task_id, kind, due), recipients in heard.items():
        if task_id in lives:
            yield UNWANTED, f"{', '.join(sorted(recipients))} were told: {kind} of task {task_id} at {due}"


def _of_task(task_id: str, life: Life, heard: Heard) -> Iterator[tuple[str, str]]:
    # A due time that had passed when it was set says nothing.
    spans = [(due_at, end) for due_at, begin, end in life.spans() if begin < due_at]
    for due_at, times in Counter(due_at for due_at, _ in spans).items():
        for kind in (DUE_SOON, OVERDUE):
            due = utc_text(int(due_at))
            recipients, what = heard.pop((task_id, kind, due), Counter()), f"{kind} of task {task_id} at {due}"
            # What it still says in the end, it must have said; of what was changed meanwhile it may have.
            if (due_at, None) in spans and (missing := life.always - set(recipients)):
                yield LOST, f"{', '.join(sorted(missing))} were not told: {what}"
            # A reminder whose time has come fires again when its due time is set again.
            if max(recipients.values(), default=0) > (times if kind == DUE_SOON else 1):
                yield TWICE, f"told {max(recipients.values())} times: {what}"
            if strangers := set(recipients) - life.ever:
                yield UNWANTED, f"{', '.join(sorted(strangers))} were told: {what}"
