"""The desk: from a tap to at most one order, the cancels, and the kill switch."""
