# One image for each process: docker build --build-arg SERVICE=gateway --tag unified/gateway:dev .
# The base is named by its exact tag. For a release it must be named by its digest too, which .github/workflows/images.yml sees to:
# --build-arg BASE=python:3.13.7-slim-trixie@sha256:...
ARG BASE=python:3.13.7-slim-trixie

FROM ${BASE} AS packages
# Empty: without the packages that OTEL_EXPORTER_OTLP_ENDPOINT needs.
ARG TRACING=
WORKDIR /build
COPY requirements.lock requirements-tracing.lock requirements-assets.txt ./
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all: PIP_NO_DEPS=1 PIP_REQUIRE_HASHES=1
# Wheels alone, each by its hash: a layer that all four images have in common.
RUN python -m venv /opt/venv && /opt/venv/bin/python -m pip install -r requirements.lock ${TRACING:+-r requirements-tracing.lock}
ARG SERVICE
# The files of the page of the API.
RUN if [ "$SERVICE" = gateway ]; then /opt/venv/bin/python -m pip install -r requirements-assets.txt; fi

FROM ${BASE}
ARG SERVICE
ENV SERVICE=${SERVICE} \
    PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app:/app/generated \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BIND_ADDRESS=0.0.0.0
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY generated generated
COPY mesh mesh
COPY ${SERVICE} ${SERVICE}
RUN python -m compileall -q /app
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
# The shell is replaced, so that signals reach Python.
ENTRYPOINT ["/bin/sh", "-c", "exec python -m \"$SERVICE\""]
