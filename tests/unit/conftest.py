"""What tests of any kind of input share, wherever they are here."""

from hypothesis import HealthCheck, settings

# How long an example takes, or to think of it, says on a busy machine nothing of the code.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
