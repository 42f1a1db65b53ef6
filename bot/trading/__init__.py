"""What we do: every use case, over the values and ports of the domain only."""
