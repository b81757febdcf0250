"""The accounts of comments: what was acknowledged is stored once, and everyone concerned was told of it once."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.audit.evidence import Evidence
from tests.audit.lives import Life, Lives
from tests.audit.operations import Kind, Outcome
from tests.audit.violations import LOST, TWICE, UNWANTED, WRONG

COMMENTED = "task.commented"


def of_comments(evidence: Evidence, lives: Lives) -> Iterator[tuple[str, str]]:
    yield from _stored(evidence)
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for notification in evidence.notifications:
        if notification.type == COMMENTED:
            told[notification.body][notification.recipient_id] += 1
    for comment in evidence.comments:
        recipients = told.pop(comment.text, Counter())
        if comment.task_id in lives:
            yield from _told(comment.text, recipients, lives[comment.task_id])
    for text, recipients in told.items():
        yield UNWANTED, f"{', '.join(recipients)} were told of comment {text}, which is not stored"


def _stored(evidence: Evidence) -> Iterator[tuple[str, str]]:
    stored = Counter(each.text for each in evidence.comments)
    attempts = {each.title: each for each in evidence.operations if each.kind is Kind.COMMENT}
    for text, attempt in attempts.items():
        if attempt.outcome is Outcome.ACKNOWLEDGED and not stored[text]:
            yield LOST, f"comment {text} was acknowledged and is not stored"
        if attempt.outcome is Outcome.REFUSED and stored[text]:
            yield WRONG, f"comment {text} was refused and is stored"
    for text, count in stored.items():
        if count > 1:
            yield TWICE, f"comment {text} is stored {count} times"
        if text not in attempts:
            yield UNWANTED, f"comment {text} is stored"


def _told(text: str, recipients: Counter[str], life: Life) -> Iterator[tuple[str, str]]:
    for user_id in life.always - set(recipients):
        yield LOST, f"{user_id} was not told of comment {text}"
    for user_id, times in recipients.items():
        if times > 1:
            yield TWICE, f"{user_id} was told {times} times of comment {text}"
        if user_id not in life.ever:
            yield UNWANTED, f"{user_id} was told of comment {text}"
