"""RabbitMQ starts with the configuration that it has in the cluster, where nothing can be written beside its data."""

from pathlib import Path

import pytest
import yaml

from dev.k8s.manifests import FOLDER
from dev.ports import free_port
from dev.rabbitmq import RabbitMQ
from tests.waiting import until

COMPONENT = FOLDER / "components/rabbitmq"


class InTheCluster(RabbitMQ):
    """With the component's configuration and environment, but for port and folder; and no place for logs, for root neither."""

    def _configuration(self, *, manages: bool) -> str:
        return (COMPONENT / "rabbitmq.conf").read_text().replace("= 5672", f"= 127.0.0.1:{self.port}")

    def _environment(self) -> dict[str, str]:
        pod = yaml.safe_load((COMPONENT / "stateful-set.yaml").read_text())["spec"]["template"]["spec"]
        given = pod["containers"][0]["env"]
        environment = super()._environment() | {"RABBITMQ_LOG_BASE": "/proc/nowhere"}
        del environment["RABBITMQ_LOGS"]
        return environment | {each["name"]: each["value"].replace("/var/lib/rabbitmq", str(self._data)) for each in given}


@pytest.mark.timeout(180)
async def test_it_starts_where_no_log_file_can_be_written(run_directory: Path) -> None:
    server = InTheCluster(run_directory / "cluster", free_port())
    try:
        await server.start()
        await until(lambda: "started TCP listener" in server.log_file.read_text())
    finally:
        await server.stop()
