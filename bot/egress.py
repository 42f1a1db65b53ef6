"""The address that packets leave this host from, which is what the broker's whitelist is about."""

import asyncio
import socket
from urllib.parse import urlsplit

PATIENCE = 3.0  # seconds for the name to be resolved


def source_address(family: socket.AddressFamily, target: str) -> str | None:
    """The local address of a route to the target; connecting a datagram socket sends nothing. None: no way there."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 443))
            return str(probe.getsockname()[0])
        except OSError:
            return None


async def egress_ipv4(url: str) -> str | None:
    """This host's IPv4 address towards the server of a URL; behind a router it is a private one. None when it cannot be known."""
    host = urlsplit(url).hostname or ""
    try:
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.get_running_loop().getaddrinfo(host, 443, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError):
        return None
    return source_address(socket.AF_INET, str(found[0][4][0])) if found else None
