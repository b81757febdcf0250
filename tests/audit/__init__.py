"""The fault audit: real processes under load are killed, at named points and at random, and every change is accounted for.

`python -m tests.audit --help` runs it; docs/guarantees.md says what it showed.
"""
