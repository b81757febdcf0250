"""compose.yaml: checked against its schema, and against what the code says; and the secrets that it mounts."""
