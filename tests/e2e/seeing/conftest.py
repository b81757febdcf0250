"""A platform that is looked into: it serves metrics, and sends its spans to a collector."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from dev.ports import free_port
from tests.collector import Collector
from tests.e2e.rest import Person, visiting
from tests.platform import Platform
from tests.servers import Servers

VARIABLES = {
    "gateway": "API_GATEWAY",
    "user_svc": "USER_SERVICE",
    "task_svc": "TASK_SERVICE",
    "notify_svc": "NOTIFICATION_SERVICE",
}


@dataclass(frozen=True)
class Seen:
    """`metrics_ports` are those of the processes."""

    platform: Platform
    collector: Collector
    metrics_ports: Mapping[str, int]

    async def metrics(self, process: str) -> dict[str, Metric]:
        """What the process says of itself now, by the name of the metric."""
        async with aiohttp.request("GET", f"http://127.0.0.1:{self.metrics_ports[process]}/metrics") as answer:
            return {family.name: family for family in text_string_to_metric_families(await answer.text())}

    async def value(self, process: str, sample: str, **labels: str) -> float:
        """Of all series with these labels together."""
        return total(await self.metrics(process), sample, **labels)


def total(families: Mapping[str, Metric], sample: str, **labels: str) -> float:
    """Of all series with these labels together."""
    samples = [each for family in families.values() for each in family.samples if each.name == sample]
    return sum(each.value for each in samples if labels.items() <= each.labels.items())


@pytest.fixture(scope="session")
async def seen(servers: Servers) -> AsyncIterator[Seen]:
    collector, ports = Collector(), {process: free_port() for process in VARIABLES}
    async with collector.serving():
        settings = {
            **{f"{VARIABLES[process]}_METRICS_PORT": str(port) for process, port in ports.items()},
            "GATEWAY_WORKERS": "2",
            "QUEUE_COUNT_INTERVAL_SECONDS": "0.2",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
            # In milliseconds.
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        async with servers.running("seen", Platform, settings=settings) as platform:
            yield Seen(platform, collector, ports)


@pytest.fixture
async def ada(seen: Seen) -> AsyncIterator[Person]:
    async with visiting(seen.platform.base_url) as visitor:
        yield await visitor.sign_up("Ada")
