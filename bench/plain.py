"""The baseline of reading and of memory: a bare FastAPI and SQLAlchemy app. Imports nothing of the house.

`python -m bench.plain PORT DIRECTORY` serves until it is killed.
"""

import gc
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from sqlalchemy import LargeBinary, String, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

PEOPLE: Final = 80


def token(person: int) -> str:
    return f"bwa_bench_{person:04d}"


class _Plain(DeclarativeBase):
    pass


class _Token(_Plain):
    __tablename__ = "token"
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person: Mapped[int]


class _Item(_Plain):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[int] = mapped_column(index=True)
    text: Mapped[str] = mapped_column(String)


def plain_app(directory: Path) -> FastAPI:
    """The baseline: a `def` route, bearer by SELECT, one query of twenty rows, the framework's JSON."""
    directory.mkdir(parents=True, exist_ok=True)
    engine, app = create_engine(f"sqlite:///{directory / 'plain.db'}"), FastAPI()
    event.listen(engine, "connect", lambda one, _: one.execute("PRAGMA journal_mode=WAL"))
    _Plain.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(_Token(digest=sha256(token(person).encode()).digest(), person=person) for person in range(PEOPLE))
        session.add_all(_Item(person=person, text="x" * 80) for person in range(PEOPLE) for _ in range(20))
        session.commit()

    @app.get("/v1/items")
    def items(asked: Request) -> list[dict[str, Any]]:
        digest = sha256(asked.headers["authorization"].removeprefix("Bearer ").encode()).digest()
        with engine.connect() as connection:
            person = connection.scalar(select(_Token.person).where(_Token.digest == digest))
            if person is None:
                raise HTTPException(401)
            rows = connection.execute(select(_Item.id, _Item.text).where(_Item.person == person)).all()
        return [{"id": row.id, "text": row.text} for row in rows]

    return app


def main() -> None:
    port, directory = sys.argv[1:3]
    app = plain_app(Path(directory))
    gc.collect()
    gc.freeze()  # as the house does where it serves
    gc.set_threshold(10_000, 20, 50)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
