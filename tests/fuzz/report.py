"""What a person reads of a run in the end: how many answers of which status each operation gave, and every finding."""

from collections.abc import Iterator

from tests.fuzz.result import Result


def as_text(result: Result) -> str:
    statuses = result.statuses()
    width = max(map(len, statuses), default=0)
    rows = [
        f"{operation.ljust(width)}  " + "  ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
        for operation, counts in statuses.items()
    ]
    sums = f"{result.total:,} answers, {result.server_errors} of them 5xx; {len(result.findings)} findings"
    return "\n".join([*rows, "", *_findings(result), sums])


def _findings(result: Result) -> Iterator[str]:
    for finding, seed in result.findings.items():
        yield f"{finding.operation} {finding.what}"
        yield f"  {result.times(finding)} times; seed {seed}: make fuzz ARGS='--seed {seed}', or"
        yield from (f"  {line}" for line in finding.reproduce.splitlines())
        yield ""
