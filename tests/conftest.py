"""What every test finds ready: the virtual-time loop, its clock, and hypothesis without a stopwatch."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests.stage.depth import FULL, SHARE
from tests.stage.loop import clock, host_clock, loop, pytest_asyncio_loop_factories

__all__ = ["clock", "host_clock", "loop", "pytest_asyncio_loop_factories"]

# A busy machine is no defect of the code under test: no example has a deadline, nor may drawing it take no longer than on an
# idle one. Speed lives in `make bench`.
settings.register_profile(FULL, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house", settings.get_profile(FULL), max_examples=settings.get_profile(FULL).max_examples // SHARE)
settings.load_profile("house")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end, so the garbage collector need not walk through it, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
