"""What people and phones do with prompts: get, open, defer, decline. Operations of the writer: what several tell at once is one commit."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.deps import House
from models.access import Viewer
from models.definition.prompting import Expiry
from models.errors import Missing, Problem
from models.queries.enrollment_phone import revisions
from models.queries.prompt import Move, Shown, apply_moves, shown
from models.queries.response import lock_prompts
from models.session import ReadSession, WriteSession
from risk.silence import owe_what_changed
from scheduler.prompt_moves import keep_promises
from scheduler.quiet import Hours, hours_of

Name = tuple[int, UUID]
"""Enrollment and prompt."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One act. `move` gives what it does to the locked prompt at an instant, or None where nothing changes; it raises what is refused."""

    viewer: Viewer
    prompt_id: UUID
    move: Callable[[Row[Any], Expiry, Hours, datetime], Move | None]
    receipt: bool = False
    """The phone has it now: promises about it are kept."""

    @property
    def name(self) -> Name:
        assert self.viewer.enrollment_id is not None
        return self.viewer.enrollment_id, self.prompt_id


@dataclass(frozen=True, slots=True)
class Touched:
    """The prompt as it is now, with the revision that it asks from, its life and its person's hours."""

    row: Shown
    revision: int
    expiry: Expiry
    hours: Hours | None
    """None where nothing is planned by them any more, and they were not read."""


def touch_prompts(session: WriteSession, house: House, touches: Sequence[Touch], *, now: datetime) -> list[Touched | Exception]:
    """What became of each act, in order. The caller holds the enrollments; prompts are locked here."""
    results: dict[int, Touched | Exception] = {}
    waiting = list(enumerate(touches))
    while waiting:
        # Two acts on one prompt, from two phones, are two rounds: the second sees what the first did.
        first = {one.name: place for place, one in reversed(waiting)}
        turn = [(place, one) for place, one in waiting if first[one.name] == place]
        results |= _round(session, house, turn, now)
        waiting = [(place, one) for place, one in waiting if place not in results]
    return [results[place] for place in range(len(touches))]


def _round(session: WriteSession, house: House, turn: Sequence[tuple[int, Touch]], now: datetime) -> dict[int, Touched | Exception]:
    rows = lock_prompts(session, {one.name for _, one in turn})
    revision = known_revisions(house, session, {row.protocol_version_id for row in rows.values()})
    hours = hours_of(session, {row.enrollment_id for row in rows.values()})
    moves: list[Move] = []
    results: dict[int, Touched | Exception] = {}
    for place, one in turn:
        try:
            row = _there(rows.get(one.name))
            expiry = expiry_of(house, session, row)
            move = one.move(row, expiry, hours[row.enrollment_id], now)
        except Problem as problem:
            results[place] = problem
            continue
        moves += [] if move is None else [move]
        results[place] = Touched(_after(row, move), revision[row.protocol_version_id], expiry, hours[row.enrollment_id])
    apply_moves(session, moves)
    received = [rows[one.name] for place, one in turn if one.receipt and isinstance(results[place], Touched)]
    keep_promises(session, received, system_now=house.clock.system())
    owe_what_changed(session, moves)
    return results


def _after(row: Row[Any], move: Move | None) -> Shown:
    """The prompt as the move leaves it."""
    before = shown(row)
    if move is None:
        return before
    return before._replace(state=move.to_state, **{name: value for name, value in move.changes.items() if name in Shown._fields})


def expiry_of(house: House, session: ReadSession, prompt: Row[Any] | Shown) -> Expiry:
    """How long a prompt lives and how often it may be deferred."""
    design = house.protocols.get(session, prompt.protocol_version_id).design(prompt.design)
    assert design is not None  # a prompt is planned from a design of its own version
    return design.expiry


def known_revisions(house: House, session: ReadSession, version_ids: Set[int]) -> Mapping[int, int]:
    """Revision by version; what a version is called never changes, so it is read once a process."""
    known: dict[int, int] = house.notes.setdefault(__name__, {})
    if not version_ids <= known.keys():
        known.update(revisions(session, version_ids))
    return known


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise Missing("not_found", "There is no such prompt.")
    return row
