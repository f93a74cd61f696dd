"""The server process: the app, and beside it the worker where one process does everything."""

import gc

import uvicorn

from api.app import make_app
from api.deps import House
from scheduler.worker import Worker

YOUNG = 10_000
"""Objects between two looks of the collector at the young ones; Python's own 700 looks many times within one batch of answers."""


def settle() -> None:
    """Puts what the process keeps for good (modules, routes, tables, schemas) out of the garbage collector's sight.

    It would walk all of it again and again while people wait: a tenth of a response's time. Nothing is freed less; what comes later
    is collected as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)


def serve(house: House, worker: Worker | None) -> None:
    """Runs until a signal ends it. The worker's duties start and stop with the app."""
    app = make_app(
        house,
        on_start=[worker.start] if worker is not None else [],
        on_stop=[worker.stop] if worker is not None else [],
    )
    config = uvicorn.Config(
        app,
        host=house.settings.host,
        port=house.settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        lifespan="on",
    )
    settle()
    uvicorn.Server(config).run()
