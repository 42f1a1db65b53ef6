"""Ports for servers of tests that have to know their address before they listen."""

import itertools
import os
import socket

# Below the range that the system itself takes ports from for connections, and another stretch for each process of the suite:
# between the choice and its use nobody else is given it.
STRETCH = 1_000
_first = 10_000 + os.getpid() % 20 * STRETCH
_ports = itertools.cycle(range(_first, _first + STRETCH))


def free_port() -> int:
    """A port of this machine that nothing listens on, and that is not given again for long."""
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("a cycle has no end")


def own_page() -> str:
    """The address of a page for secrets that nothing else of the suite serves."""
    return f"http://127.0.0.1:{free_port()}/mstock/callback"
