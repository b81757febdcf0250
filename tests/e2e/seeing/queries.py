"""The expressions of alerts and dashboard, taken apart by a parser of PromQL."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from promql_parser import AggregateExpr, Call, Expr, MatchOp, MatrixSelector, VectorSelector

INFRA = Path(__file__).parents[3] / "infra"
ALERTS = INFRA / "prometheus/alerts.yml"
DASHBOARD = INFRA / "grafana/unified.json"
# What Prometheus itself adds to every series, and the series that it makes.
OF_TARGETS, OWN = {"job", "instance"}, {"up"}


@dataclass(frozen=True)
class Query:
    """`texts` is what is shown with the answer."""

    where: str
    expression: str
    texts: tuple[str, ...]

    def _parts(self) -> list[Expr]:
        # Grafana fills in how far back a rate has to look.
        return _parts_of(promql_parser.parse(self.expression.replace("$__rate_interval", "1m")))

    def missed(self) -> list[VectorSelector]:
        """What the query asks for by its absence."""
        calls = [each for each in self._parts() if isinstance(each, Call) and each.func.name == "absent"]
        return [part for call in calls for part in _parts_of(call) if isinstance(part, VectorSelector)]

    def selectors(self) -> list[VectorSelector]:
        # What stands in a range is a selector too.
        ranges = [each.vector_selector for each in self._parts() if isinstance(each, MatrixSelector)]
        return [*ranges, *(each for each in self._parts() if isinstance(each, VectorSelector))]

    def kept(self) -> set[str]:
        """The labels that aggregations keep."""
        return {
            label for each in self._parts() if isinstance(each, AggregateExpr) and each.modifier for label in each.modifier.labels
        }

    def shown(self) -> set[str]:
        """The labels that the texts show: as $labels.job in alerts, as {{job}} on the dashboard."""
        return {
            name for text in self.texts for name in re.findall(r"\$labels\.(\w+)|\{\{(\w+)\}\}", text) for name in name if name
        }


def _parts_of(expression: Expr) -> list[Expr]:
    parts: list[Expr] = []
    promql_parser.walk(expression, parts.append)
    return parts


def wanted(selector: VectorSelector) -> dict[str, str]:
    """The labels that must have one certain value."""
    return {each.name: each.value for each in selector.matchers.matchers if each.op == MatchOp.Equal}


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> Iterator[Query]:
    for rule in alerts():
        yield Query(rule["alert"], rule["expr"], (rule["annotations"]["summary"],))
    for panel in panels():
        for target in panel.get("targets", ()):
            yield Query(panel["title"], target["expr"], (target["legendFormat"],))
