"""The demo and practice: the simulators and the real bot, put together."""
