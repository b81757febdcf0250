"""The one way to open a channel to another service."""

import grpc
import orjson

from mesh.certificates import CertificateFiles, Certificates, dns_name
from mesh.mutual_tls import channel_credentials
from mesh.renewed_channel import RenewedChannel

SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    # Replicas that say NOT_SERVING (draining, or without their database) get no calls.
    "healthCheckConfig": {"serviceName": ""},
}
CONNECTION_TIMEOUT_MS = 2_000
HEALTHY_ONLY = [("grpc.service_config", orjson.dumps(SERVICE_CONFIG).decode())]
OPTIONS = [
    # The largest page, of 100 tasks with the longest texts in the widest characters, is over gRPC's own limit of 4 MiB.
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # What gRPC calls so is how long it waits for a connection, TLS included, before calls that need it fail: a busy service takes
    # its time, and one that is not there refuses at once.
    ("grpc.min_reconnect_backoff_ms", CONNECTION_TIMEOUT_MS),
    # A replica that was restarted is found again within this, before a rolling restart takes the next one down.
    ("grpc.max_reconnect_backoff_ms", 500),
    # A name in DNS is looked up again when a connection ends, but not more often than this. With gRPC's own 30 seconds a caller
    # would know no replica that is alive when all of them were replaced meanwhile.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
]


def open_channel(
    target: str, process: str = "", *, certificates: CertificateFiles | None = None, healthy_only: bool = True
) -> grpc.aio.Channel:
    """A channel that spreads calls over the target's healthy replicas; it connects at once, and again by itself. Leave it with
    `async with`.

    A call fails at once with UNAVAILABLE while no replica is healthy; without `healthy_only`, while none can be reached,
    which is for those who ask how a replica is. Set a timeout on every call: none is implied, and none is passed on by
    grpc.aio. With `certificates`, calls go only to those whose certificate has the name of the `process`, whatever their
    address is called.
    """
    options = [*(HEALTHY_ONLY if healthy_only else []), *OPTIONS]
    if certificates is None:
        return _connecting(grpc.aio.insecure_channel(target, options=options))
    options.append(("grpc.ssl_target_name_override", dns_name(process)))

    def open_with(current: Certificates) -> grpc.aio.Channel:
        return _connecting(grpc.aio.secure_channel(target, channel_credentials(current), options=options))

    return RenewedChannel(open_with, certificates)


def _connecting(channel: grpc.aio.Channel) -> grpc.aio.Channel:
    # gRPC would wait for the first call, which would wait for the connection.
    channel.get_state(try_to_connect=True)
    return channel
