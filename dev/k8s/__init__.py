"""The Kubernetes manifests: rendered, checked against their schemas, and against what the code says."""
