"""python -m bot."""

import sys

from bot.cli.exit_codes import INTERRUPTED

try:
    from bot.cli.main import main

    sys.exit(main(sys.argv[1:]))  # a command is imported when it is called
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] in ("bot", "handlers", "storage"):
        raise
    sys.exit(f"This Python has no {missing.name}. Run `make install` once, then .venv/bin/python -m bot")
except KeyboardInterrupt:  # while what the command needs was still being imported
    sys.exit(INTERRUPTED)
