"""What is looked at before an order: pure functions, each with its data source."""
