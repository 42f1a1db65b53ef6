"""The address that packets leave this host from, which is what the broker's whitelist is about."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

PATIENCE = 3.0  # seconds for the name to be resolved


def source_address(family: socket.AddressFamily, target: str) -> str | None:
    """Returns the local address of a route to the target. Connecting a datagram socket sends nothing. None: no way there."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 443))
            return str(probe.getsockname()[0])
        except OSError:
            return None


async def public_ipv4(url: str) -> str | None:
    """This host's IPv4 address as the server of a URL sees it.

    None when that cannot be known from here: a private address is that of a host behind a router, and nobody can register it.
    """
    host = urlsplit(url).hostname or ""
    try:
        async with asyncio.timeout(PATIENCE):
            addresses = await asyncio.get_running_loop().getaddrinfo(host, 443, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError):
        return None
    address = source_address(socket.AF_INET, str(addresses[0][4][0])) if addresses else None
    return address if address is not None and ipaddress.ip_address(address).is_global else None
