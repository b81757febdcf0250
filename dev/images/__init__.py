"""The container images, built from the real Dockerfile and run, without a container engine or a registry of images."""
