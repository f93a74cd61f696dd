"""`python -m api.leashed …`: the command, ended with the process that started it.

A rehearsal starts its server this way and holds the other end of its standard input: when the rehearsal ends, however it ends,
the server gets SIGTERM and stops as it always does.
"""

import os
import signal
import sys
from threading import Thread

from api.cli import main


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    Thread(target=_end_with_parent, name="leash", daemon=True).start()
    main()
