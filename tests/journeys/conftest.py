"""The core of the journeys runs in `make test`, one or two a family.

The others wait for `make test-all`.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before those are left out that `-m` does not want
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks as exhaustive whatever is not marked as core."""
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("core") is None:
            item.add_marker(pytest.mark.exhaustive)
