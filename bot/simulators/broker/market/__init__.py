"""The paper market: instruments, prices, candles, hours and frames."""
