"""How a command ends, as a supervisor reads it."""

DONE = 0
FAILED = 1  # may work when it is tried again
WRONG_SETTINGS = 2  # will never work as it is set up
INTERRUPTED = 130
