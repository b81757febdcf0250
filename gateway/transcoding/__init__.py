"""JSON, query strings and paths to request messages, response messages to JSON; compiled from the descriptors at start-up."""
