"""Every metric of the product: its name, what it says of itself, and its row in docs/operations.md."""

import importlib

import pytest
from prometheus_client import REGISTRY, Metric
from prometheus_client.metrics import MetricWrapperBase

from tests.unit.architecture.modules import product_modules
from tests.unit.docs.metrics_page import rows


@pytest.fixture(scope="module")
def metrics() -> list[MetricWrapperBase]:
    """Those that any module of the product makes when it is imported, as processes do."""
    for module in product_modules():
        importlib.import_module(module.name)
    known = list(REGISTRY._collector_to_names)
    return [each for each in known if isinstance(each, MetricWrapperBase) and not each._name.startswith("python_")]


def family(metric: MetricWrapperBase) -> Metric:
    return next(iter(metric.describe()))


def exposed_name(metric: MetricWrapperBase) -> str:
    return f"{metric._name}_total" if family(metric).type == "counter" else metric._name


def test_every_metric_is_called_ours_and_says_what_it_is(metrics: list[MetricWrapperBase]) -> None:
    assert len(metrics) > 10
    for metric in metrics:
        assert metric._name.startswith("unified_")
        assert family(metric).documentation.endswith(".")


def test_the_page_has_every_metric_once_with_its_labels(metrics: list[MetricWrapperBase]) -> None:
    made = [(exposed_name(metric), sorted(metric._labelnames)) for metric in metrics]

    assert sorted((row.metric, sorted(row.labels)) for row in rows()) == sorted(made)
