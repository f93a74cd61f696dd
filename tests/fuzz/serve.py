"""The house in a process of its own: `python -m tests.fuzz.serve PORT_FILE`. The database comes from the environment; logs go to stderr.

Apart from whoever sends, so that the memory that is measured is the server's.
"""

import asyncio
import os
import sys
from pathlib import Path

import uvicorn

from api.app import build_house, make_app
from api.logs import set_up_logs
from api.settings import ApiSettings
from models.session import Sessions
from models.settings import DatabaseSettings
from tests.conftest import fixed_keys


async def main(port_file: Path) -> None:
    set_up_logs("INFO")
    sessions = Sessions(DatabaseSettings.read(os.environ))
    house = build_house(sessions, fixed_keys(), ApiSettings(token_cache_seconds=60))
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(house), host="127.0.0.1", port=0, log_config=None, access_log=False, server_header=False, timeout_keep_alive=600
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            raise SystemExit("the house does not start")
        await asyncio.sleep(0.02)
    made = port_file.with_suffix(".new")
    made.write_text(str(server.servers[0].sockets[0].getsockname()[1]))
    made.replace(port_file)
    await serving
    sessions.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
