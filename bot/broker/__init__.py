"""mStock Type B: the only place that knows the broker's wire."""
