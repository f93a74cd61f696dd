"""The server process: the app, and beside it the worker where one process does everything."""

import uvicorn

from api.app import make_app
from api.deps import House
from scheduler.worker import Worker


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
    uvicorn.Server(config).run()
