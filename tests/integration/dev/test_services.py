"""The platform's own processes, as `make up` starts them."""

from collections.abc import Callable

import pytest

from dev.ports import free_port
from dev.process import StartError
from tests.platform import Platform
from tests.waiting import eventually


async def test_one_that_waits_for_its_database_says_so_in_one_sentence(new_platform: Callable[..., Platform]) -> None:
    port = free_port()
    service = new_platform(settings={"MONGO_URI_USER_SERVICE": f"mongodb://127.0.0.1:{port}"}).process("user_svc")
    service.start_timeout_s = 4

    async def complaint() -> str:
        with pytest.raises(StartError) as raised:
            await service.start()
        return str(raised.value)

    beginning = f"user_svc waits for MongoDB (MONGO_URI_USER_SERVICE): 127.0.0.1:{port}: [Errno 111] Connect call failed"
    # Until it knows, all that can be told is that it was not ready.
    said = await eventually(complaint, lambda words: words.startswith(beginning))
    assert said.endswith(f"; its log is {service.log_file}")
    assert len(said.splitlines()) == 1
