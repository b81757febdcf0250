"""Our own rules for manifests: that what is named exists, and is what the code says. Each module has one subject."""

from dev.k8s import availability, mutual_tls, networks, pods, probes, references, services, settings
from dev.k8s.manifests import Manifests, Rule

MODULES = (services, probes, settings, references, networks, pods, availability, mutual_tls)
RULES: tuple[Rule, ...] = tuple(rule for module in MODULES for rule in module.RULES)
OF_OVERLAYS: dict[str, tuple[Rule, ...]] = {
    "dev": (networks.stores_are_there,),
    "staging": (networks.stores_are_there, mutual_tls.it_is_on),
    "production": (networks.stores_are_there, mutual_tls.it_is_on, availability.there_are_enough),
}


def rule_problems(manifests: Manifests, overlay: str = "") -> list[str]:
    return [problem for rule in (*RULES, *OF_OVERLAYS.get(overlay, ())) for problem in rule(manifests)]
