"""The table of metrics in docs/operations.md."""

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[3] / "docs/operations.md"
SERVICES = ("user_svc", "task_svc", "notify_svc")
GROUPS = {"all": ("gateway", *SERVICES), "services": SERVICES}

_ROW = re.compile(r"^\| `(unified_\w+)` \|([^|]*)\| ([^|]*) \| [^|]+ \|$", re.MULTILINE)


class Row(NamedTuple):
    """`processes` are those whose metric it is."""

    metric: str
    labels: frozenset[str]
    processes: frozenset[str]


def rows() -> list[Row]:
    return [
        Row(name, frozenset(re.findall(r"`(\w+)`", labels)), frozenset(GROUPS.get(of, (of,))))
        for name, labels, of in _ROW.findall(PAGE.read_text())
    ]
