"""The schemas of manifests: those that Kubernetes publishes, and of operators' kinds the fields that their `spec` may have."""

import kubernetes_validate
from kubernetes_validate.utils import SchemaNotFoundError, ValidationError

from dev.k8s.manifests import Manifest, name_of

KUBERNETES = "1.32"
# By apiVersion and kind. What is deeper in these is not looked at.
OPERATORS = {
    ("cert-manager.io/v1", "Certificate"): """
        additionalOutputFormats commonName dnsNames duration emailAddresses encodeUsagesInRequest ipAddresses isCA issuerRef
        keystores literalSubject nameConstraints otherNames privateKey renewBefore renewBeforePercentage revisionHistoryLimit
        secretName secretTemplate signatureAlgorithm subject uris usages""",
    ("cert-manager.io/v1", "Issuer"): "acme ca selfSigned vault venafi",
    ("external-secrets.io/v1", "ExternalSecret"): "data dataFrom refreshInterval refreshPolicy secretStoreRef target",
    ("keda.sh/v1alpha1", "ScaledObject"): """
        advanced cooldownPeriod fallback idleReplicaCount initialCooldownPeriod maxReplicaCount minReplicaCount pollingInterval
        scaleTargetRef triggers""",
    ("mongodbcommunity.mongodb.com/v1", "MongoDBCommunity"): """
        additionalConnectionStringConfig additionalMongodConfig agent arbiters automationConfig featureCompatibilityVersion
        memberConfig members prometheus replicaSetHorizons security statefulSet type users version""",
    ("monitoring.coreos.com/v1", "PodMonitor"): """
        attachMetadata bodySizeLimit jobLabel keepDroppedTargets labelLimit labelNameLengthLimit labelValueLengthLimit
        namespaceSelector podMetricsEndpoints podTargetLabels sampleLimit scrapeClass scrapeProtocols selector selectorMechanism
        targetLimit""",
    ("monitoring.coreos.com/v1", "PrometheusRule"): "groups",
    ("rabbitmq.com/v1beta1", "RabbitmqCluster"): """
        affinity autoEnableAllFeatureFlags delayStartSeconds image imagePullSecrets override persistence rabbitmq replicas
        resources secretBackend service skipPostDeploySteps terminationGracePeriodSeconds tls tolerations""",
}


def schema_problems(manifest: Manifest) -> list[str]:
    if not (manifest.get("apiVersion") and manifest.get("kind") and manifest.get("metadata", {}).get("name")):
        return [f"apiVersion, kind or metadata.name is missing: {manifest}"]
    fields = OPERATORS.get((manifest["apiVersion"], manifest["kind"]))
    if fields is not None:
        unknown = manifest["spec"].keys() - fields.split()
        return [f"{name_of(manifest)}: its spec has no field {each}" for each in sorted(unknown)]
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except SchemaNotFoundError:
        return [f"{name_of(manifest)}: {manifest['apiVersion']} has no kind {manifest['kind']}"]
    except ValidationError as error:
        return [f"{name_of(manifest)}: {error.message} at {'.'.join(map(str, error.path))}"]
    return []
