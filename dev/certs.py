"""`make certs`: certificates for mutual TLS between the processes, and what turns it on."""

from dev.authority import make_certificates
from dev.configuration import ROOT, read_configuration


async def certs() -> int:
    configuration = read_configuration()
    folder = configuration.home / "certs"
    make_certificates(folder)
    shown = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    print(f"{shown} has a CA, and of it a new certificate for each process, for nginx, and for a client.")
    if configuration.given.get("LOCAL_CERTIFICATES"):
        print("Processes that use them take up the new ones by themselves, within seconds.")
    else:
        print(f"To turn mutual TLS on, set LOCAL_CERTIFICATES={shown} in {configuration.env_file.name}, then: make up")
    return 0
