"""The words in which recipients are told of an event."""

from collections.abc import Mapping

from notify_svc.model import COMMENTED, CREATED, DELETED, DUE_SOON, OVERDUE, RESTORED, UPDATED, TaskChange

SOMEBODY = "Somebody"
VERBS: Mapping[str, str] = {
    CREATED: "created",
    UPDATED: "changed",
    DELETED: "deleted",
    RESTORED: "restored",
    COMMENTED: "commented on",
}


def title_of(change: TaskChange, recipient_id: str) -> str:
    """One line for this recipient: who did what to which task, or what time has come for it."""
    who, task = change.actor_name or SOMEBODY, f"‘{change.task_title}’"
    if change.type == OVERDUE:
        return f"{task} is overdue"
    if change.type == DUE_SOON:
        return f"{task} is due soon" if change.due_time and change.due_time > change.time else f"Reminder of {task}"
    if change.type == CREATED and change.assignee_id not in ("", change.actor_id):
        return f"{who} created {task} for {_assignee(change, recipient_id)}"
    if change.type == UPDATED and "assignee_id" in change.changed_fields:
        return f"{who} {_assignment(change, recipient_id, task)}"
    if change.type == UPDATED and "status" in change.changed_fields:
        return f"{who} moved {task} to {change.task_status.replace('_', ' ')}"
    return f"{who} {VERBS[change.type]} {task}"


def _assignment(change: TaskChange, recipient_id: str, task: str) -> str:
    """What became of the task's assignee."""
    if recipient_id == change.previous_assignee_id != change.actor_id:
        return f"took {task} off you"
    if not change.assignee_id:
        return f"gave {task} back" if change.actor_id == change.previous_assignee_id else f"unassigned {task}"
    if change.assignee_id == change.actor_id:
        return f"took on {task}"
    return f"assigned {task} to {_assignee(change, recipient_id)}"


def _assignee(change: TaskChange, recipient_id: str) -> str:
    return "you" if recipient_id == change.assignee_id else change.assignee_name or SOMEBODY.lower()


def body_of(change: TaskChange) -> str:
    """What else there is to say."""
    if change.type in (DUE_SOON, OVERDUE):
        return f"Due {change.due_time.isoformat()[:19]}Z" if change.due_time else ""
    names = ", ".join(name.removesuffix("_id").replace("_", " ") for name in change.changed_fields)
    return f"Changed: {names}" if names else change.excerpt
