"""What is told by the clock: mornings, afternoons, days, weeks and months."""
