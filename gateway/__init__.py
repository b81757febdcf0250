"""The REST edge: HTTP and JSON outside, the services' gRPC inside, built from the contracts at start-up."""
