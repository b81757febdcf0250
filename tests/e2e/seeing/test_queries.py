"""Alerts and dashboard ask for what a running platform says, and nothing else."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.samples import Sample

from mesh.certificates import dns_name
from tests.e2e.rest import Person
from tests.e2e.seeing.conftest import VARIABLES, Seen
from tests.e2e.seeing.queries import ALERTS, INFRA, OF_TARGETS, OWN, Query, alerts, panels, queries, wanted
from tests.unit.docs.metrics_page import PAGE, rows
from tests.waiting import eventually


async def samples(seen: Seen) -> dict[str, list[Sample]]:
    """All that the four processes say now, by name; a name without a series yet is there as well."""
    said: dict[str, list[Sample]] = {}
    for process in VARIABLES:
        for name, family in (await seen.metrics(process)).items():
            suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}.get(family.type, ("",))
            said |= {f"{name}{suffix}": said.get(f"{name}{suffix}", []) for suffix in suffixes}
            for sample in family.samples:
                said[sample.name].append(sample)
    return said


def labels_of(name: str) -> set[str]:
    """As the page has them, which tests hold to the code."""
    metric = next((row for row in rows() if row.metric == re.sub("_(bucket|sum|count)$", "", name)), None)
    return {*OF_TARGETS, *(metric.labels if metric else ()), *(["le"] if name.endswith("_bucket") else [])}


def unanswered(query: Query, said: dict[str, list[Sample]]) -> list[str]:
    """What the query asks for that nobody says."""
    found = []
    for selector in query.selectors():
        name = selector.name or ""
        known = labels_of(name)
        if name not in said.keys() | OWN:
            found.append(name)
        found += [f"{name}: {each.name}" for each in selector.matchers.matchers if each.name not in known]
        if wanted(selector) and not any(wanted(selector).items() <= each.labels.items() for each in said.get(name, ())):
            found.append(f"{name} {wanted(selector)}")
    of_all = {label for selector in query.selectors() for label in labels_of(selector.name or "")}
    return found + sorted(query.kept() - of_all) + sorted(query.shown() - query.kept() - OF_TARGETS)


async def test_every_query_asks_for_what_is_said(ada: Person, seen: Seen) -> None:
    await ada.creates()

    async def everything_unanswered() -> dict[str, list[str]]:
        said = await samples(seen)
        return {query.where: found for query in queries() if (found := unanswered(query, said))}

    assert len(list(queries())) > 30
    await eventually(everything_unanswered, lambda found: not found)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(unified_http_duration_seconds_count[5m])",
        "unified_queue_messages{topic='x'}",
        "unified_queue_messages{queue='nobody.made.it'}",
        "sum by (color) (unified_queue_messages)",
    ],
)
async def test_a_query_for_what_nobody_says_is_found(seen: Seen, expression: str) -> None:
    assert unanswered(Query("planted", expression, ()), await samples(seen))


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    told = re.findall(r"^\| `(Unified\w+)` \| (page|ticket) \| [^|]+ \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE)

    assert told == [(rule["alert"], rule["labels"]["severity"]) for rule in alerts()]


@pytest.mark.parametrize("process", VARIABLES)
def test_a_kind_of_process_is_missed_when_its_last_one_is_no_target_any_more(process: str) -> None:
    (gone,) = (query for query in queries() if query.where == "UnifiedProcessGone")
    jobs = [matcher.value for selector in gone.missed() for matcher in selector.matchers.matchers if matcher.name == "job"]

    # As compose.yaml calls it, and as Kubernetes does.
    for name in (process, dns_name(process)):
        assert len([job for job in jobs if re.fullmatch(job, name)]) == 1


def test_prometheus_reads_the_rules_and_every_process() -> None:
    configuration = yaml.safe_load((INFRA / "prometheus/prometheus.yml").read_text())

    assert [Path(name) for name in configuration["rule_files"]] == [Path(ALERTS.name)]
    assert {job["job_name"] for job in configuration["scrape_configs"]} == VARIABLES.keys()


def test_panels_lie_side_by_side() -> None:
    places = [panel["gridPos"] for panel in panels()]
    cells = [(x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]

    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels()}) == len(places)
