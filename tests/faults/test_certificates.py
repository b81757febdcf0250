"""Changing all certificates, and their CA, under load: callers notice nothing, and the old ones are worth nothing then."""

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub

from dev.authority import CA_FILE, Authority, issue_all, write
from tests.callers import bearer
from tests.e2e.rest import Person, visiting
from tests.faults.traffic import Traffic, under_load
from tests.platform import Platform
from tests.refusals import refused
from tests.waiting import until

# Of each service the gateway has one channel for calls and one that asks how it is; the task service has one.
CHANNELS = {"gateway": 6, "task_svc": 1}


def renewals(platform: Platform) -> dict[str, int]:
    """How often channels have turned to new certificates, by the logs."""
    return {name: platform.process(name).log_file.read_text().count('"certificates renewed"') for name in CHANNELS}


async def changed(platform: Platform, traffic: Traffic, change: Callable[[], None]) -> None:
    """Return when all channels have followed the change, and calls went over them."""
    before = renewals(platform)
    change()
    await until(lambda: all(renewals(platform)[name] >= before[name] + count for name, count in CHANNELS.items()))
    answered = len(traffic.answers)
    await until(lambda: len(traffic.answers) > answered + 50)


async def is_listed(channel: grpc.aio.Channel, person: Person) -> None:
    async with channel:
        await TaskServiceStub(channel).ListTasks(pb.ListTasksRequest(), metadata=bearer(person.token), timeout=10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "certificates"


async def test_certificates_and_their_ca_are_changed_without_a_failed_call(
    new_platform: Callable[..., Platform], folder: Path
) -> None:
    old, new = Authority(), Authority()
    write(folder / CA_FILE, old.pem)
    issue_all(old, folder)
    # No connection shall end for another reason, and no call fail because the machine is busy.
    settings = {"MESH_RELOAD_INTERVAL_SECONDS": "0.2", "CONNECTION_AGE_SECONDS": "3600"}
    modules = {"task_svc": ("tests.changed", "task_svc.directory.LONGEST_S=10", "task_svc")}
    platform = new_platform(certificates=folder, settings=settings, modules=modules)
    await platform.start()
    of_the_old_ca = platform.channel("task_svc")
    async with visiting(platform.base_url) as visitor:
        ada, bob = await visitor.sign_up("Ada"), await visitor.sign_up("Bob")
        async with under_load(ada, assigned=bob) as traffic:
            await changed(platform, traffic, lambda: issue_all(old, folder))
            await changed(platform, traffic, lambda: write(folder / CA_FILE, old.pem + new.pem))
            await changed(platform, traffic, lambda: issue_all(new, folder))
            await changed(platform, traffic, lambda: write(folder / CA_FILE, new.pem))
        assert traffic.failures == []
        await is_listed(platform.channel("task_svc"), ada)
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await is_listed(of_the_old_ca, ada)
