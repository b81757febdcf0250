"""What requests showed: how many answers of which status, and what must not be."""

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`reproduce` is for a shell, or says where to look."""

    operation: str
    what: str
    reproduce: str

    @property
    def kind(self) -> tuple[str, str]:
        return self.operation, self.what.partition("\n")[0]


class Result:
    """`answers` by operation and status, and the first finding of each kind, with the `seed` of its round. One thread adds while
    another reads."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.answers = Counter[tuple[str, int]]()
        self.findings: dict[Finding, int] = {}
        self._times = Counter[tuple[str, str]]()

    @property
    def total(self) -> int:
        return sum(dict(self.answers).values())

    @property
    def server_errors(self) -> int:
        return sum(count for (_, status), count in dict(self.answers).items() if status >= 500)

    def add(self, finding: Finding) -> None:
        self._times[finding.kind] += 1
        if self._times[finding.kind] == 1:
            self.findings[finding] = self.seed

    def times(self, finding: Finding) -> int:
        """How many there were of its kind."""
        return self._times[finding.kind]

    def statuses(self) -> dict[str, Counter[int]]:
        """How many answers of which status each operation gave."""
        statuses: dict[str, Counter[int]] = {}
        for (operation, status), count in sorted(self.answers.items()):
            statuses.setdefault(operation, Counter())[status] += count
        return statuses


def curl(method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes | None) -> str:
    """The request as a command for bash. Text is of one byte a character."""
    words = ["curl", "-i", "--path-as-is", "-g", "-X", method, url]
    words += [word for name, value in headers for word in ("-H", f"{name}: {value}")]
    words += ["--data-binary", body.decode("latin-1")] if body is not None else []
    return " ".join(map(_quoted, words))


def _quoted(text: str) -> str:
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(each if " " <= each <= "~" and each not in "'\\" else f"\\x{ord(each):02x}" for each in text) + "'"
