"""The three servers that the response path is measured with: the house, (A) a plain ORM endpoint, (B) a bare group commit.

`python -m bench.servers KIND PORT DIRECTORY` serves until it is killed.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
import uvicorn
from alembic import command
from alembic.config import Config
from fastapi import FastAPI, HTTPException, Request, Response
from sqlalchemy import JSON, LargeBinary, String, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from api.actions.submission import ResponseIn
from api.app import build_house, make_app
from api.serve import settle
from api.settings import ApiSettings
from models.ids import new_uid
from models.queries.study import set_mark
from models.session import Sessions, WriteSession
from models.settings import DatabaseSettings
from models.tables import AccessToken, TokenFamily
from models.writer import Writer
from tests.build import build_study, insert_person
from tests.conftest import fixed_keys

PEOPLE = 2_000
"""So many that nobody answers more in a run than a person would in a day: a day's answers are read at each decision."""
ROOT = Path(__file__).parent.parent


def token(person: int) -> str:
    return f"bwa_bench_{person:04d}"


def settings_for(directory: Path, name: str) -> DatabaseSettings:
    """SQLite in the directory, or the PostgreSQL of BREAKWATER_BENCH_POSTGRES (a URL ending in the server, databases are made)."""
    if server := os.environ.get("BREAKWATER_BENCH_POSTGRES"):
        database = f"bench_{name}_{directory.name.lower().replace('-', '_')}"
        engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{database}"')
        engine.dispose()
        return DatabaseSettings(url=f"{server}/{database}", directory=directory)
    return DatabaseSettings(url=f"sqlite:///{directory / name}.db", directory=directory)


def house_app(directory: Path) -> FastAPI:
    """The whole house, with people who hold tokens."""
    settings = settings_for(directory, "house")
    config = Config(ROOT / "alembic.ini")
    config.attributes["settings"] = settings
    command.upgrade(config, "head")
    sessions, keys, now = Sessions(settings), fixed_keys(), datetime.now(UTC)
    study = build_study(sessions, now=now)
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="bench", now=now)
        for number in range(PEOPLE):
            person = insert_person(session, keys, study, zone="America/New_York", now=now)
            family = session.add(
                TokenFamily,
                uid=new_uid(),
                study_id=person.study_id,
                enrollment_id=person.enrollment_id,
                device_id=person.device_id,
                generation=0,
                created_at=now,
                ends_at=now + timedelta(days=9),
            )
            session.add(
                AccessToken,
                digest=sha256(token(number).encode()).digest(),
                study_id=person.study_id,
                enrollment_id=person.enrollment_id,
                device_id=person.device_id,
                family_id=family,
                issued_at=now,
                expires_at=now + timedelta(days=1),
            )
    return make_app(build_house(sessions, keys, ApiSettings()))


class Plain(DeclarativeBase):
    pass


class PlainToken(Plain):
    __tablename__ = "token"
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person: Mapped[int]


class PlainResponse(Plain):
    __tablename__ = "response"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    person: Mapped[int]
    instrument: Mapped[str]
    answered_at: Mapped[str]
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)


def _plain_engine(directory: Path, name: str) -> Any:
    settings = settings_for(directory, name)
    if not settings.embedded:
        engine = create_engine(settings.url, pool_size=8, max_overflow=0)
    else:
        engine = create_engine(settings.url, connect_args={"isolation_level": None, "timeout": 60})
        event.listen(engine, "connect", lambda one, _: one.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"))
        event.listen(engine, "begin", lambda one: one.exec_driver_sql("BEGIN IMMEDIATE"))
    Plain.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(PlainToken(digest=sha256(token(person).encode()).digest(), person=person) for person in range(PEOPLE))
        session.commit()
    return engine


def orm_app(directory: Path) -> FastAPI:
    """(A) A `def` endpoint with an ORM session: bearer by SELECT, the same body, one row, commit."""
    engine, app = _plain_engine(directory, "orm"), FastAPI()

    @app.put("/v1/participant/responses/{response_id}")
    def put(response_id: UUID, body: _PlainBody, request: Request) -> dict[str, str]:
        digest = sha256(request.headers["authorization"].removeprefix("Bearer ").encode()).digest()
        with Session(engine) as session:
            held = session.scalar(select(PlainToken).where(PlainToken.digest == digest))
            if held is None:
                raise HTTPException(401)
            row = PlainResponse(
                id=str(response_id), person=held.person, instrument=body.instrument, answered_at=str(body.answered_at), answers=body.answers
            )
            session.add(row)
            session.commit()
        return {"id": str(response_id)}

    return app


class _PlainBody(ResponseIn):
    model_config = {"strict": False}


def bare_app(directory: Path) -> FastAPI:
    """(B) A bare group-commit writer of one row: no bearer, no validation."""
    settings = settings_for(directory, "bare")
    sessions = Sessions(settings)
    with sessions.transaction() as session:
        Plain.metadata.create_all(session._connection)

    def apply(session: WriteSession, rows: Sequence[dict[str, Any]]) -> Sequence[bool]:
        session.execute(PlainResponse.__table__.insert(), rows)  # type: ignore[attr-defined]
        return [True] * len(rows)

    writer: Writer[dict[str, Any], bool] = Writer(sessions, apply)
    writer.start()
    app = FastAPI()

    @app.put("/v1/participant/responses/{response_id}")
    async def put(response_id: UUID, request: Request) -> Response:
        body = json.loads(await request.body())
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        row = {
            "id": str(response_id),
            "person": 0,
            "instrument": body["instrument"],
            "answered_at": body["answered_at"],
            "answers": body["answers"],
        }

        def done(result: Any) -> None:
            loop.call_soon_threadsafe(future.set_result, result)

        writer.submit(row, done)
        if isinstance(result := await future, Exception):
            raise result
        return Response(b'{"stored":true}', 201, media_type="application/json")

    return app


APPS = {"house": house_app, "orm": orm_app, "bare": bare_app}


def main() -> None:
    kind, port, directory = sys.argv[1:4]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    app = APPS[kind](Path(directory))
    settle()  # as the house does where it serves, and for the others too: what is compared is the path
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
