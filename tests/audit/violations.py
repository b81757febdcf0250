"""What a run must not show, by name."""

LOST, TWICE, MISSING = "lost", "twice", "missing sequences"
UNWANTED, WRONG, LEFT_OVER, DEAD = "never attempted", "not as acknowledged", "left over", "dead letters wrong"
STALE, DIED = "stale reads", "died by itself"
VIOLATIONS = (LOST, TWICE, MISSING, UNWANTED, WRONG, STALE, LEFT_OVER, DEAD, DIED)
