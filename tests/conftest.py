"""Settings of all tests."""

from hypothesis import settings

# No test is timed: the machine that runs it may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
