"""What every test finds ready: the virtual-time loop and its clock."""

from tests.stage.loop import clock, loop, pytest_asyncio_loop_factories

__all__ = ["clock", "loop", "pytest_asyncio_loop_factories"]
