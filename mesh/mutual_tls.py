"""What gRPC makes of certificates: servers that demand one of the CA, and channels that show one."""

import grpc

from mesh.certificates import CertificateFiles, Certificates, FreshCertificates


def server_credentials(files: CertificateFiles) -> grpc.ServerCredentials:
    """Each new connection meets the certificates of that moment."""
    fresh = FreshCertificates(files)
    shown = fresh.current()

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        # Called by a thread of gRPC's, for one connection at a time. None: as before.
        nonlocal shown
        before, shown = shown, fresh.current()
        return None if shown == before else _configuration(shown)

    first = _configuration(shown)
    # The types know nothing of None.
    return grpc.dynamic_ssl_server_credentials(first, renewed, require_client_authentication=True)  # type: ignore[arg-type]


def channel_credentials(certificates: Certificates) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(certificates.ca, certificates.key, certificates.certificate)


def _configuration(certificates: Certificates) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(certificates.key, certificates.certificate)], certificates.ca)
