"""The taps: each kind as a value with its permission and its code on the wire."""
