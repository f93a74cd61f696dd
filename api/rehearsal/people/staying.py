"""Choices about being in the study: pausing, leaving, and telling what a human must know."""

import itertools
from datetime import datetime, timedelta
from typing import Final

from api.rehearsal.people.chance import chosen, fraction, numbers
from api.rehearsal.people.habits import whole
from api.rehearsal.people.roles import Part
from api.rehearsal.people.terms import Leave, Pause, Says, Telling
from models.kinds import Leaving

_DAY: Final = timedelta(days=1)
_MONTH: Final = 30.44

_STILL_IN: Final = ((0.0, 1.0), (2.0, 0.95), (3.0, 0.91), (4.0, 0.86), (5.0, 0.82), (6.0, 0.80), (11.0, 0.64))
"""Months -> share still in (anchor: dissertation disposition file, [R]); straight lines between, and on beyond 11."""

_WAYS: Final = (
    (Leaving.STOP_COLLECTION, 50.0),
    (Leaving.PAUSE_PROMPTS, 20.0),
    (Leaving.STOP_USE, 20.0),
    (Leaving.ERASE_IDENTIFIERS, 10.0),
)
"""Shares of the four ways (assumption)."""

_SAID: Final = {Part.NOT_SAFE: Says.NOT_SAFE, Part.UNSURE: Says.UNSURE, Part.CALL: Says.CALL}


def leaves_after(draw: float) -> float:
    """Days in the study of who has this number on [0, 1): the inverse of the share still in."""
    for (early, more), (late, less) in itertools.pairwise(_STILL_IN):
        if draw >= less:
            return _MONTH * (early + (late - early) * (more - draw) / (more - less))
    return _MONTH * (11.0 + (0.64 - draw) / 0.032)


def leave(key: bytes, shown: frozenset[Part], *, dealt: bool, from_: datetime, to: datetime) -> Leave | None:
    """Who was dealt the part leaves within the study, whom another part was dealt to stays, the rest go by the shares."""
    draw, when, way = numbers(key, 3, "leave")
    if Part.LEAVES in shown:
        at = from_ + (to - from_) * (0.5 + 0.3 * when)
    elif dealt:
        return None
    else:
        at = from_ + leaves_after(draw) * _DAY
    return Leave(whole(at), chosen(way, _WAYS)) if at < to else None


def pauses(key: bytes, shown: frozenset[Part], *, from_: datetime, to: datetime) -> tuple[Pause, ...]:
    """A pause for some hours or days, or until the person resumes."""
    if Part.PAUSES not in shown:
        return ()
    when, length, open_ended = numbers(key, 3, "pause")
    at = whole(from_ + (to - from_) * (0.2 + 0.5 * when))
    hours = chosen(length, ((6, 1.0), (24, 2.0), (48, 2.0), (72, 1.0)))
    return (Pause(at, None if open_ended < 0.3 else hours, at + timedelta(hours=hours)),)


def tellings(key: bytes, shown: frozenset[Part], *, from_: datetime, to: datetime) -> tuple[Telling, ...]:
    """What is told, and when. Half of those who are unsure say it in the next scheduled question that can hold it."""
    out = []
    for part, says in _SAID.items():
        if part in shown:
            at = moment(key, part, from_=from_, to=to)
            asked = says is Says.UNSURE and fraction(key, "asked") < 0.5
            out.append(Telling(at, min(to, at + 8 * _DAY), says, asked))
    return tuple(out)


def moment(key: bytes, name: str, *, from_: datetime, to: datetime) -> datetime:
    """An instant in the second to ninth tenth of the study, so that it is neither the first day nor the last."""
    return whole(from_ + (to - from_) * (0.15 + 0.7 * fraction(key, "moment", name)))
