"""The local stack: real servers and the platform's own processes, as child processes of one machine."""
