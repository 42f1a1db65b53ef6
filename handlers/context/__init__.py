"""What every handler stands on: its context, permissions, the words of an order, the menu."""
