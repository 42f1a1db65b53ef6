"""The table of routes: complete, and careful about what may be asked twice."""

from bot.broker.routes import ROUTES, Bucket


def test_every_endpoint_of_the_reference_is_in_the_table_once() -> None:
    paths = {(route.method, route.path) for route in ROUTES}
    assert len(paths) == len(ROUTES) == 27  # section 2 without the health route, renaming a basket, and movers


def test_whatever_may_be_repeated_changes_nothing_at_the_broker() -> None:
    for route in ROUTES:
        if route.repeat:
            assert route.bucket not in (Bucket.ORDERS, Bucket.LOGIN), route.path
            assert route.method in ("GET", "POST"), route.path


def test_only_the_login_steps_need_no_session() -> None:
    assert {route.path for route in ROUTES if route.open} == {"connect/login", "session/token", "session/verifytotp"}
