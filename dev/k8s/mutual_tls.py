"""Rules about mutual TLS: where it is on, every process has a certificate that the others take."""

from collections.abc import Iterator

from dev.k8s.manifests import Manifest, Manifests, Pod, Rule, name_of
from dev.k8s.processes import processes

USES = {"server auth", "client auth"}


def certificates_name_their_processes(manifests: Manifests) -> Iterator[str]:
    for name, process in processes(manifests).items():
        made = [certificate_of(secret, manifests) for secret in _secrets(process.pod)]
        yield from (problem for each in made if each for problem in _problems(name, each, manifests))


def it_is_on(manifests: Manifests) -> Iterator[str]:
    """Of overlays where it counts. One of its settings needs the others."""
    for process in processes(manifests).values():
        if not process.given.get("MESH_CERTIFICATE_FILE"):
            yield f"{process.pod.owner} must have mutual TLS: MESH_CERTIFICATE_FILE is not set"


def certificate_of(secret: str, manifests: Manifests) -> Manifest | None:
    """What makes the secret."""
    return next((each for each in manifests.of("Certificate") if each["spec"]["secretName"] == secret), None)


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


RULES: tuple[Rule, ...] = (certificates_name_their_processes,)
