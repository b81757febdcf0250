"""The platform's own processes, as `make up` starts them."""

from collections.abc import Callable

import pytest

from dev.ports import free_port
from dev.process import StartError
from tests.platform import Platform


async def test_one_that_waits_for_its_database_says_so_in_one_sentence(new_platform: Callable[..., Platform]) -> None:
    port = free_port()
    service = new_platform(settings={"MONGO_URI_USER_SERVICE": f"mongodb://127.0.0.1:{port}"}).process("user_svc")
    service.start_timeout_s = 10

    with pytest.raises(StartError) as raised:
        await service.start()

    beginning = f"user_svc waits for MongoDB (MONGO_URI_USER_SERVICE): 127.0.0.1:{port}: [Errno 111] Connect call failed"
    assert str(raised.value).startswith(beginning)
    assert str(raised.value).endswith(f"; its log is {service.log_file}")
    assert len(str(raised.value).splitlines()) == 1
