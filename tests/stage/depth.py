"""How deep the properties look: a quarter of their examples in `make test`, all of them in `make test-all`."""

from hypothesis import settings

FULL = "full"  # the profile that `make test-all` names
SHARE = 4


def examples(full: int) -> int:
    """As many examples as the running profile gives to a property that has so many in full."""
    return full if settings.get_current_profile_name() == FULL else max(5, full // SHARE)
