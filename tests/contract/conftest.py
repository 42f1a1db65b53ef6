"""Lets the cards be pointed at a real account by hand: `pytest tests/contract --live -s -p no:xdist`."""

import pytest

from tests.stage.brokers.contract import bench

__all__ = ["bench"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live", action="store_true", help="play the contract cards against a real mStock account")
    parser.addoption("--at", default="", help="with --live: another broker than mStock, e.g. http://127.0.0.1:8700")
