"""What people say about tasks. The same files as in a service, one floor deeper."""
