"""How long a call may take, and what has to last longer."""

from gateway.settings import GatewaySettings
from mesh.deadlines import LONGEST_CALL_S, LONGEST_TIMEOUT_S
from mesh.server import OPTIONS


def test_a_connection_whose_time_is_up_lasts_longer_than_any_call() -> None:
    (longest_s,) = (each.le for each in GatewaySettings.model_fields["api_timeout_seconds"].metadata if hasattr(each, "le"))
    assert longest_s <= LONGEST_TIMEOUT_S < LONGEST_CALL_S
    assert dict(OPTIONS)["grpc.max_connection_age_grace_ms"] == LONGEST_CALL_S * 1000
