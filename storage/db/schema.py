"""The whole schema: the metadata, once every family of tables is declared in it."""

from storage.db.metadata import metadata
from storage.db.tables import accounts, alerts, bot, later_cards, ledger, messages, orders, people, standing_stops

__all__ = ["FAMILIES", "metadata"]

FAMILIES = (people, accounts, orders, messages, ledger, alerts, later_cards, standing_stops, bot)
