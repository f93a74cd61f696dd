"""The composition root: builds the house, wires writer and worker, mounts the doors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from api import care, participant, problems, research, system
from api.actions.write import apply_operations
from api.deps import House
from api.edge import Edge
from api.participant.shortcut import Shortcut
from api.settings import VERSION, ApiSettings
from models.clock import Clock, MovableClock, SystemClock
from models.errors import Invalid
from models.protocols import Protocols
from models.queries.study import mark
from models.sealed import Keys
from models.session import Sessions
from models.writer import Writer
from risk.mind import Mind

DESCRIPTION = """Backend of an EMA study in opioid use disorder: prompts, responses, just-in-time coping content, alerts and datasets.

Estimates are investigational: association, never cause, never a diagnosis. This is not an emergency service."""


def build_house(sessions: Sessions, keys: Keys, settings: ApiSettings, *, clock: Clock | None = None) -> House:
    """Everything a process owns. The database must be migrated and marked (see api.actions.first_run).

    Raises Invalid (`prior_refused`) where the prior is not whole, or was learned from simulated people and this is no rehearsal.
    """
    with sessions.reading() as session:
        row = mark(session)
    rehearsal = row is not None and row.rehearsal
    system_clock = SystemClock()
    if clock is None:
        clock = MovableClock(row.study_now or system_clock.system()) if row is not None and rehearsal else system_clock
    protocols = Protocols()
    mind = Mind(keys=keys, protocols=protocols, rehearsal=rehearsal, prior=_prior(settings))
    house = House(
        sessions=sessions,
        keys=keys,
        clock=clock,
        settings=settings,
        protocols=protocols,
        mind=mind,
        writer=Writer(sessions, lambda session, operations: apply_operations(session, operations, house_of()), deliver=_deliver),
        rehearsal=rehearsal,
        started_at=system_clock.system(),
    )

    def house_of() -> House:
        return house

    return house


def _prior(settings: ApiSettings) -> bytes | None:
    """Raises Invalid (`prior_refused`) where the file that was named cannot be read."""
    try:
        return settings.prior.read_bytes() if settings.prior else None
    except OSError:
        raise Invalid("prior_refused", f"BREAKWATER_PRIOR names {settings.prior}, which cannot be read.") from None


def _deliver(results: Sequence[tuple[Callable[[Any], None], Any]]) -> None:
    """Hands a batch of results back, waking each event loop once."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Callable[[Any], None], Any]]] = {}
    for done, result in results:
        loop = getattr(done, "loop", None)
        if loop is None:
            done(result)
        else:
            loops.setdefault(loop, []).append((done, result))
    for loop, pairs in loops.items():
        loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[Callable[[Any], None], Any]]) -> None:
    for done, result in pairs:
        done(result)


def make_app(house: House, *, on_start: Sequence[Callable[[], None]] = (), on_stop: Sequence[Callable[[], None]] = ()) -> FastAPI:
    """The ASGI app. `on_start` and `on_stop` run beside the writer's (the embedded worker, for one)."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        house.writer.start()
        for start in on_start:
            start()
        yield
        for stop in on_stop:
            await asyncio.to_thread(stop)
        await asyncio.to_thread(house.writer.stop)

    app = build_app(house.settings, lifespan)
    app.state.house = house
    return app


def build_app(settings: ApiSettings, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None) -> FastAPI:
    """Routes, problems and the edge, with no house in them yet: enough to describe the API."""
    app = FastAPI(
        title="Breakwater",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        # Native telemetry would carry ids and exception text once an SDK is present.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},
        docs_url=None,
        redoc_url=None,
        openapi_url=None if settings.production else "/openapi.json",
        max_body_size=settings.body_limit,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)
    for router in (*participant.routers, *care.routers, *research.routers, *system.routers):
        app.include_router(router)
    build = app.build_middleware_stack
    # Outside everything, the framework's own body limit and error page included.
    app.build_middleware_stack = lambda: Edge(Shortcut(app, build(), settings.body_limit))  # type: ignore[method-assign]
    describe = app.openapi
    app.openapi = lambda: app.openapi_schema or problems.described(describe())  # type: ignore[method-assign]
    return app
