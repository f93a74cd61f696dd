"""The app on a port of this machine, for as long as a rehearsal lasts."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import sleep

import uvicorn
from fastapi import FastAPI

from models.errors import Busy


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Gives the base URL. Loopback only; ends with the block."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="rehearsal-server", daemon=True)
        thread.start()
        try:
            for _ in range(500):
                if server.started or not thread.is_alive():
                    break
                sleep(0.02)
            if not server.started:
                raise Busy("server_not_started", "The rehearsal's server did not start.")
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
