"""What every test finds ready: the virtual-time loop, its clock, and hypothesis without a stopwatch."""

from hypothesis import settings

from tests.stage.depth import FULL, SHARE
from tests.stage.loop import clock, host_clock, loop, pytest_asyncio_loop_factories

__all__ = ["clock", "host_clock", "loop", "pytest_asyncio_loop_factories"]

# A busy machine is no defect of the code under test, so no example has a deadline; speed lives in `make bench`.
settings.register_profile(FULL, deadline=None)
settings.register_profile("house", deadline=None, max_examples=settings.get_profile(FULL).max_examples // SHARE)
settings.load_profile("house")
