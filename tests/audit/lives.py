"""What became of each task, version by version, as its notifications and the writes behind them tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.audit.operations import Operation


@dataclass(frozen=True, slots=True)
class Version:
    """A task's assignee and due time (Unix seconds) from `time` on, until the next version; the last of a deleted task has
    nobody and nothing."""

    time: float
    assignee_id: str = ""
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """All versions of a task, the first one first."""

    owner_id: str
    versions: Sequence[Version]
    deleted: bool

    def concerned(self, number: int) -> set[str]:
        """Who must be told of the version: the owner, and the assignees before and after it."""
        around = self.versions[max(number - 2, 0) : number]
        return {self.owner_id, *(version.assignee_id for version in around)} - {""}

    @property
    def members(self) -> set[str]:
        """Who sees the task in the end."""
        return {self.owner_id, self.versions[-1].assignee_id} - {""}

    @property
    def ever(self) -> set[str]:
        """Whom it ever concerned."""
        return {self.owner_id, *(version.assignee_id for version in self.versions)} - {""}

    @property
    def always(self) -> set[str]:
        """Whom it concerned all the time."""
        assignees = {version.assignee_id for version in self.versions}
        return {self.owner_id, *(assignees if len(assignees) == 1 else ())} - {""}

    def spans(self) -> list[tuple[float, float, float | None]]:
        """For each due time that it had: the time, and from when until when it had it; without an end, it has it still."""
        found: list[tuple[float, float, float | None]] = []
        due_at = None
        for version in self.versions:
            if version.due_at != due_at and found and found[-1][2] is None:
                found[-1] = (*found[-1][:2], version.time)
            if version.due_at is not None and version.due_at != due_at:
                found.append((version.due_at, version.time, None))
            due_at = version.due_at
        if found and self.deleted and found[-1][2] is None:
            found[-1] = (*found[-1][:2], self.versions[-1].time)
        return found


def lived(owner_id: str, makers: Sequence[Operation | None], times: Sequence[float], *, deleted: bool) -> Life:
    """From the writes that made its versions; a deletion, or what nobody wanted, changes neither assignee nor due time."""
    versions: list[Version] = []
    for maker, time in zip(makers, times, strict=True):
        before = versions[-1] if versions else Version(time)
        assignee_id = before.assignee_id if maker is None or maker.assignee_id is None else maker.assignee_id
        due_at = before.due_at if maker is None or maker.due_at is None else maker.due_at
        versions.append(Version(time, assignee_id, due_at))
    return Life(owner_id, versions, deleted)


Lives = Mapping[str, Life]
