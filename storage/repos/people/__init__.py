"""People, their accounts with what is secret of them, PINs, limits and the kill switch."""
