"""Measurements that back the figures the project states. Each runs by `python -m bench.NAME`."""
