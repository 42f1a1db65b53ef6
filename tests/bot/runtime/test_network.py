"""The address to register is the one the broker sees, or none: a private one cannot be registered."""

import socket

import pytest

from bot.runtime.network import public_ipv4, source_address


@pytest.mark.asyncio(loop_factories=["real"])
async def test_an_address_that_only_this_network_knows_is_not_named() -> None:
    assert source_address(socket.AF_INET, "127.0.0.1") == "127.0.0.1"
    assert await public_ipv4("http://127.0.0.1:9/exchange") is None


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_name_that_leads_nowhere_is_no_error() -> None:
    assert await public_ipv4("https://nowhere.invalid") is None
    assert await public_ipv4("") is None
