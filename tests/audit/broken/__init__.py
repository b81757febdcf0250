"""Processes with one rule broken, to show that the audit finds it: each module is the audit's own process but for that rule."""
