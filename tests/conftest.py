"""Settings of all tests."""

from hypothesis import settings

# The first call of a compiled kernel takes seconds: an example has no deadline.
settings.register_profile("spinvalley", deadline=None)
settings.register_profile("brief", deadline=None, max_examples=10)  # --hypothesis-profile=brief
settings.load_profile("spinvalley")
