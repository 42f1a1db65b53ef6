"""The page behind REDIRECT_URL: its address, whether it may be served at all, and that it is, while a one-time link is open."""

import asyncio
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.domain.errors import PersonError
from bot.trading.sessions.secret_entry import SecretEntry

if TYPE_CHECKING:
    from bot.web.page_server import PageServer


class SecretPage:
    """One page at one address. listen: (host, port) to answer on, None: those of the address itself."""

    def __init__(self, redirect_url: str, *, listen: tuple[str, int] | None = None) -> None:
        self._url = urlsplit(redirect_url)
        self._listen = listen
        self._opening = asyncio.Lock()
        self._server: PageServer | None = None  # since the page was first opened

    @property
    def on_host(self) -> bool:
        return _is_loopback(self._url.hostname or "")

    @property
    def is_open(self) -> bool:
        return self._server is not None and self._server.listens

    def address(self, code: str) -> str:
        """Returns the link. PersonError: it would carry secrets in the clear, or leaves open where to listen."""
        if not self.on_host and self._url.scheme != "https":
            raise PersonError(
                "REDIRECT_URL is neither https nor this host's own address: secrets would travel in the clear. "
                "Link on the host instead: python -m bot link."
            )
        if self.on_host and self._url.scheme != "http":
            raise PersonError("REDIRECT_URL is https on this host itself, which I do not serve: write http there.")
        if not self.on_host and self._listen is None:
            raise PersonError("The page stands behind a proxy: WEB_LISTEN must say where I answer it, such as 127.0.0.1:5000.")
        return self._url._replace(query=f"code={code}", fragment="").geturl()

    async def open(self, entry: SecretEntry) -> None:
        """Begins to answer. PersonError: the port is taken or not ours to take."""
        from bot.web.page_server import DEFAULT_PORT, PageServer  # noqa: PLC0415  # two megabytes that few processes need

        async with self._opening:
            if self._server is None:
                self._server = PageServer(self._url, entry)
            if self._server.listens:
                return
            host, port = self._listen or (self._url.hostname or "", self._url.port or DEFAULT_PORT[self._url.scheme])
            try:
                await self._server.listen(host, port)
            except OSError as error:
                raise PersonError(f"The page cannot be opened: port {port} is taken on this host ({error.strerror}).") from error

    async def close(self) -> None:
        """Ends it, with what is being answered."""
        async with self._opening:
            if self._server is not None:
                await self._server.close()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
