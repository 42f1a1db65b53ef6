"""The ways out: one live exit for one quantity, lists of exits, panic, and rings for what does not fill."""
