"""What the supervisor tells the terminal about the processes, in a file that outlives both."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class State:
    """Each process's phase: starting, running, restarting or stopped; and why starting was given up."""

    phases: dict[str, str] = field(default_factory=dict)
    # Seconds that each process took to start.
    took_s: dict[str, float] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    failure: str = ""
    # Set when every process has been running.
    complete: bool = False


def state_file(home: Path) -> Path:
    return home / "run" / "state.json"


def read(home: Path) -> State:
    try:
        content: Mapping[str, object] = json.loads(state_file(home).read_text())
    except FileNotFoundError:
        return State()
    return State(**content)  # type: ignore[arg-type]


class StateWriter:
    def __init__(self, home: Path) -> None:
        self._file = state_file(home)
        self._state = State()
        self._started_at: dict[str, float] = {}
        self._write()

    def note(self, name: str, phase: str) -> None:
        if phase in ("starting", "restarting"):
            self._started_at[name] = time.monotonic()
        if phase == "restarting":
            self._state.restarts[name] = self._state.restarts.get(name, 0) + 1
        if phase == "running":
            self._state.took_s[name] = time.monotonic() - self._started_at[name]
        self._state.phases[name] = phase
        self._write()

    def complete(self) -> None:
        self._state.complete = True
        self._write()

    def fail(self, why: str) -> None:
        self._state.failure = why
        self._write()

    def _write(self) -> None:
        # Replaced as a whole, so that a reader never sees half of it.
        draft = self._file.with_suffix(".new")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(asdict(self._state)))
        draft.replace(self._file)
