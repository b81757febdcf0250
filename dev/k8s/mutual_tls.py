"""Rules about mutual TLS: where it is on, every process has a certificate that the others take; and probes need none."""

from collections.abc import Iterator

from dev.authority import PROCESSES
from dev.k8s.manifests import Manifest, Manifests, Pod, name_of
from mesh.certificates import dns_name

# What cert-manager puts into a secret, and which setting names the file of it.
KEYS = {"MESH_CERTIFICATE_FILE": "tls.crt", "MESH_KEY_FILE": "tls.key", "MESH_CA_FILE": "ca.crt"}
USES = {"server auth", "client auth"}
NAMES = {dns_name(process) for process in PROCESSES}


def certificate_of(secret: str, manifests: Manifests) -> Manifest | None:
    """What makes the secret."""
    return next((each for each in manifests.of("Certificate") if each["spec"]["secretName"] == secret), None)


def certificates_name_their_processes(manifests: Manifests) -> Iterator[str]:
    settings = manifests.settings()
    given = {name: settings[name] for name in KEYS if settings.get(name)}
    if not given:
        return
    for name, key in KEYS.items():
        if not given.get(name, "").endswith(f"/{key}"):
            yield f"{name} must name a file {key}, as all three are set or none"
    for pod in manifests.pods():
        name = pod.owner.removeprefix("Deployment ")
        if name in NAMES:
            made = [certificate_of(secret, manifests) for secret in _secrets(pod)]
            yield from (problem for each in made if each for problem in _problems(name, each, manifests))


def probes_need_no_certificate(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        for container in pod.containers:
            asked = [container.get(probe, {}).get("grpc") for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
            if any(each and pod.port("health") != each["port"] for each in asked):
                yield f"{pod.owner}: its probes must ask the port health, which needs no certificate"


def _secrets(pod: Pod) -> list[str]:
    return [volume["secret"]["secretName"] for volume in pod.spec.get("volumes", []) if "secret" in volume]


def _problems(name: str, certificate: Manifest, manifests: Manifests) -> Iterator[str]:
    spec = certificate["spec"]
    services = [each for each in manifests.of("Service") if each["metadata"]["name"] == name]
    namespaces = {each["metadata"].get("namespace") for each in services} - {None}
    wanted = {name, *(f"{name}.{namespace}.svc" for namespace in namespaces)}
    if missing := wanted - set(spec["dnsNames"]):
        yield f"{name_of(certificate)} lacks the DNS name {', '.join(sorted(missing))}"
    if missing := USES - set(spec.get("usages", ())):
        yield f"{name_of(certificate)} must be for both ends of a call: it lacks {', '.join(sorted(missing))}"
    issuer = manifests.named("Issuer", spec["issuerRef"]["name"])
    authority = issuer["spec"].get("ca", {}).get("secretName", "") if issuer else ""
    made_by = certificate_of(authority, manifests)
    if made_by is None or not made_by["spec"].get("isCA"):
        yield f"{name_of(certificate)} is issued by {spec['issuerRef']['name']}, which has no CA"
