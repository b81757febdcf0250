"""What a person reads of an audit: a table, and the same as a Markdown page and as JSON."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.audit.result import Result

MOST_SHOWN = 20


def table(results: Sequence[Result]) -> list[list[str]]:
    """Rows of cells: a name, a figure for each run, and their sum."""
    rows = [["", *(f"seed {result.seed}" for result in results), "all"]]
    rows += _rows([result.figures for result in results])
    rows += _rows([{f"died: {name}": count for name, count in sorted(result.deaths.items())} for result in results])
    rows += _rows([{f"hit: {name}": count for name, count in result.hits.items()} for result in results])
    rows.append(["verdict", *(result.verdict for result in results), ""])
    return rows


def _rows(columns: Sequence[Mapping[str, int]]) -> Iterator[list[str]]:
    total = sum((Counter(column) for column in columns), Counter[str]())
    for name in dict.fromkeys(name for column in columns for name in column):
        yield [name, *(str(column.get(name, 0)) for column in columns), str(total[name])]


def as_text(results: Sequence[Result]) -> str:
    """For a terminal: figures right-aligned, then what is wrong."""
    rows = table(results)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))])
        for first, *rest in rows
    ]
    return "\n".join([*lines, *_complaints(results)])


def as_markdown(results: Sequence[Result], command: str) -> str:
    """For a page: the command and the table."""
    header, *rows = (f"| {' | '.join(row)} |" for row in table(results))
    rule = "|---|" + "---:|" * (len(results) + 1)
    return "\n".join(["# Fault audit", "", f"`{command}`", "", header, rule, *rows, "", *_complaints(results)]) + "\n"


def _complaints(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        for violation in result.violations[:MOST_SHOWN]:
            yield f"seed {result.seed}: {violation.kind}: {violation.what}"
        if (more := len(result.violations) - MOST_SHOWN) > 0:
            yield f"seed {result.seed}: and {more} more"
        for shortfall in result.shortfalls:
            yield f"seed {result.seed} proves nothing: {shortfall}"


def write(results: Sequence[Result], command: str, path: Path) -> None:
    """Beside each other: `path`.md and `path`.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".md").write_text(as_markdown(results, command))
    content = {"command": command, "runs": [{**asdict(result), "verdict": result.verdict} for result in results]}
    path.with_suffix(".json").write_text(json.dumps(content, indent=2) + "\n")
