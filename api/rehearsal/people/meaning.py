"""What a person does about one prompt: answer, begin, put off, decline or never look."""

import math
from datetime import datetime, timedelta
from typing import Final

from api.rehearsal.people.chance import bell, chosen, numbers
from api.rehearsal.people.hazard import logistic, logit
from api.rehearsal.people.terms import Feelings, Meant, MeantKind, Person, Says, Slip, Twice
from api.rehearsal.people.traits import ANSWER_SPREAD
from models.kinds import DesignKind

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

_COMPLIANCE: Final = ((15.0, 0.82), (45.0, 0.78), (75.0, 0.75), (105.0, 0.72), (135.0, 0.715))
"""Study day in the middle of a month -> share answered in time (anchor: 82, 78, 75, 72% in months 1–4, then 70–73%: adherence
file, [D]); straight lines between, which is 0.8 to 1% a week."""

_INFLATION: Final = (1.0 + 0.3459 * ANSWER_SPREAD**2) ** 0.5
"""Logits are stretched by this so that the mean over people, not the person in the middle, meets the share (the logistic-normal
mean: Zeger, Liang and Albert 1988, with (16 √3 / 15 π)² = 0.3459)."""

_BY_TRIGGER: Final = {DesignKind.FIXED: 0.35, DesignKind.WINDOW: 0.35, DesignKind.STRATIFIED: -0.35}
"""A prompt that comes when it is expected is answered more often (anchor: scheduled morning better than random; the published 86
against 58% are of different samples, so the size is assumed)."""

_HIGH: Final = 1.5
_HIGH_SHARE: Final = 0.085
"""Share of waking moments above +1.5 SD in these people: centers the term, so that the arms differ in whom, not in how many."""
_LAPSED_SHARE: Final = 0.017
_ASLEEP: Final = 2.5
"""Off the logit while asleep (assumption)."""
_CALIBRATION: Final = 0.32
"""Makes up for night gaps and sleep (fitted: test_people_answering)."""

_REASONS: Final = (
    ("not_now", 5.0),
    ("busy", 4.0),
    ("working", 3.0),
    ("with_people", 3.0),
    ("driving", 2.0),
    ("resting", 2.0),
    ("upset", 1.0),
    ("private", 1.0),
)
_AFTER_THE_END: Final = 0.06
"""Of what is never answered in time, the share that is answered after the expiry all the same (assumption)."""


def meant(
    person: Person,
    feelings: Feelings,
    *,
    label: str,
    due_at: datetime,
    expires_at: datetime,
    trigger: DesignKind,
    study_day: int,
) -> Meant:
    """What the person does about the prompt named `label`, who feels so at `due_at`. `study_day` counts from 1.

    A snooze means to ask again later under a label of its own. Not answering depends on craving above +1.5 SD and on a
    lapse within 24 hours by `person.mnar` on the logit; in the arm 0 it does not depend on them.
    """
    unit = numbers(person.key, 14, "meant", label)
    life = max(_MINUTE, expires_at - due_at)
    answers = unit[0] < answer_chance(person, feelings, trigger=trigger, study_day=study_day)
    kind = _kind(person, unit, answers=answers)
    late = not answers and unit[2] < _AFTER_THE_END and kind is MeantKind.IGNORE
    opens = _opens(person, kind, label, life, late=late, draw=unit[3])
    answering = kind is MeantKind.ANSWER or late
    sends = answering or kind is MeantKind.PARTIAL
    return Meant(
        kind=MeantKind.ANSWER if late else kind,
        opens_after=opens,
        upload_after=72 * _HOUR * unit[5] ** 2 if sends and unit[4] < person.habits.late_share else timedelta(),
        twice=_twice(unit[7]) if sends and unit[6] < person.habits.twice_share else None,
        slip=chosen(unit[9], _SLIPS) if sends and unit[8] < person.habits.slip_share else None,
        edit_after=(0.2 + 20 * unit[11]) * _HOUR if answering and unit[10] < person.habits.edit_share else None,
        reason=chosen(unit[12], _REASONS) if kind is MeantKind.DECLINE else None,
        reach=0.15 + 0.7 * unit[13] if kind is MeantKind.PARTIAL else 1.0,
        says=says_in_prompts(person, due_at) if sends else None,
    )


def answer_chance(person: Person, feelings: Feelings, *, trigger: DesignKind, study_day: int) -> float:
    """P(answered in time)."""
    if feelings.silent_night:
        return 0.02
    usual = _INFLATION * logit(compliance(study_day)) + person.answer_logit + _BY_TRIGGER.get(trigger, 0.0) + _CALIBRATION
    craves, lapsed = feelings.craving_sd > _HIGH, feelings.lapsed
    missing = person.mnar * ((craves - _HIGH_SHARE) + (lapsed - _LAPSED_SHARE))
    return logistic(usual - missing - (0.0 if feelings.awake else _ASLEEP))


def compliance(study_day: int) -> float:
    """The share answered in time that the anchors give for a study day.

    >>> [compliance(day) for day in (1, 15, 75, 300)]
    [0.82, 0.82, 0.75, 0.715]
    """
    before = _COMPLIANCE[0]
    for after in _COMPLIANCE:
        if study_day <= after[0]:
            along = (study_day - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 1.0
            return before[1] + max(0.0, along) * (after[1] - before[1])
        before = after
    return before[1]


def says_in_prompts(person: Person, at: datetime) -> Says | None:
    """What the person would tell in a scheduled response now, where it can be told."""
    return next((one.says for one in person.tellings if one.in_prompt and one.at <= at < one.until), None)


_SLIPS: Final = ((Slip.OUT_OF_RANGE, 1.0), (Slip.UNKNOWN_ITEM, 1.0), (Slip.AFTER_SENT, 1.0))


def _twice(draw: float) -> Twice:
    return Twice.AT_ONCE if draw < 0.25 else Twice.LATER


def _kind(person: Person, unit: list[float], *, answers: bool) -> MeantKind:
    if answers:
        return MeantKind.SNOOZE if unit[1] < person.habits.snooze_share else MeantKind.ANSWER
    others = ((MeantKind.DECLINE, person.habits.decline_share), (MeantKind.PARTIAL, person.habits.partial_share))
    rest = 1.0 - sum(share for _, share in others)
    return chosen(unit[1], (*others, (MeantKind.IGNORE, rest)))


def _opens(person: Person, kind: MeantKind, label: str, life: timedelta, *, late: bool, draw: float) -> timedelta | None:
    """Within two thirds of the prompt's life, most often early in it; an answer after the end within 6 hours of it."""
    if late:
        return life + (0.05 + 6.0 * draw) * _HOUR
    if kind is MeantKind.IGNORE:
        return life * 0.5 * draw if draw < 0.15 else None
    usual = min(5.0, life / _MINUTE / 8.0)
    minutes = usual * math.exp2(1.2 * bell(person.key, "opens", label))
    return min(life * 2 / 3, minutes * _MINUTE)
