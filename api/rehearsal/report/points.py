"""Decisions, what was drawn with which probability, and the content that came of it. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from api.rehearsal.report.numbers import counted, share
from api.rehearsal.report.promises import Faults
from api.rehearsal.report.records import Decided
from models.definition.protocol import Protocol

TOLERANCE: Final = 1e-9
"""Of probabilities that add up to 1."""

DETECTABLE: Final = 2.8
"""Sum of the normal quantiles for 5% two-sided and 80% power (1.96 + 0.84): an effect must be so many standard errors away from 0."""


def decisions(rows: Sequence[Decided], protocol: Protocol, person_weeks: float, faults: Faults) -> dict[str, Any]:
    """By reason, arm and rule, with the logged probabilities; what was held back and why; content by kind."""
    _twice(rows, faults)
    _probabilities(rows, faults)
    drawn = [one for one in rows if one.arm is not None]
    randomized = [one for one in drawn if _randomized(one)]
    arms = [one.prob_arm for one in randomized if one.prob_arm is not None]
    shown = [one for one in rows if one.treatment]
    kinds = {one.code: one.kind.value for one in protocol.content}
    return {
        "points": len(rows),
        "by_point": counted(one.point for one in rows),
        "by_reason": counted(one.reason for one in rows),
        "unavailable": counted(word for one in rows for word in (one.unavailable or "").split(";") if word),
        "drawn": len(drawn),
        "randomized": len(randomized),
        "share_randomized": share(len(randomized), len(rows)),
        "least_probability": min(arms, default=None),
        "greatest_probability": max(arms, default=None),
        "smallest_effect": smallest_effect(randomized),
        "outcomes": counted(one.outcome_status for one in randomized),
        "by_rule": [_rule(name, rows) for name in sorted({one.rule for one in rows if one.rule})],
        "content": {
            "shown": len(shown),
            "by_kind": counted(kinds.get(one.content or "", "unknown") for one in shown),
            "by_item": counted(one.content for one in shown),
            "per_person_week": share(len(shown), person_weeks),
        },
        "never": {
            "rules": [one.id for one in protocol.rules if one.mode != "off" and all(row.rule != one.id for row in rows)],
            "content": [one.code for one in protocol.content if all(row.content != one.code for row in shown)],
        },
    }


def smallest_effect(randomized: Iterable[Decided]) -> float | None:
    """The smallest standardized effect that so many draws could show, in standard deviations of the outcome.

    2.8 / sqrt(sum of p (1 - p)), p the logged probability of treatment: draws as if they were independent, so an optimistic bound
    (a micro-randomized trial's own calculation, Liao et al. 2016, also needs the availability and the days). None without draws.
    """
    information = math.fsum(one.prob_treatment * (1 - one.prob_treatment) for one in randomized if one.prob_treatment is not None)
    return DETECTABLE / math.sqrt(information) if information > 0 else None


def _randomized(one: Decided) -> bool:
    """Whether chance decided between giving content and not giving it."""
    return one.prob_treatment is not None and TOLERANCE < one.prob_treatment < 1 - TOLERANCE


def _rule(name: str, rows: Iterable[Decided]) -> dict[str, Any]:
    own = [one for one in rows if one.rule == name]
    drawn = [one for one in own if one.arm is not None]
    chances = [one.prob_treatment for one in drawn if one.prob_treatment is not None]
    held = [one for one in own if not one.availability]
    return {
        "rule": name,
        "points": len(own),
        "held_back": len(held),
        "held_back_by_pacing": sum(_paced(one) for one in held),
        "drawn": len(drawn),
        "by_arm": counted(one.arm for one in drawn),
        "treated": sum(one.treatment for one in drawn),
        "treated_expected": math.fsum(chances) if chances else None,
        "randomized": sum(map(_randomized, drawn)),
        "smallest_effect": smallest_effect([one for one in drawn if _randomized(one)]),
    }


def _paced(one: Decided) -> bool:
    return not {"recent_content", "daily_cap"}.isdisjoint((one.unavailable or "").split(";"))


def _twice(rows: Iterable[Decided], faults: Faults) -> None:
    seen: set[tuple[str, str, str]] = set()
    for one in rows:
        key = (one.participant_id, one.point, one.source_id)
        if key in seen:
            faults.add("decision_twice", one.decision_id)
        seen.add(key)


def _probabilities(rows: Iterable[Decided], faults: Faults) -> None:
    for one in rows:
        if (one.arm is not None and not _whole(one.arm, one.prob_arm, one.arm_probabilities)) or (
            one.content is not None and not _whole(one.content, one.prob_content, one.content_probabilities)
        ):
            faults.add("probability", one.decision_id)


def _whole(drawn: str, logged: float | None, vector: Mapping[str, float] | None) -> bool:
    """Whether what was drawn has its own logged probability and the whole vector adds up to 1."""
    if logged is None or not vector or logged <= 0 or drawn not in vector:
        return False
    return math.isclose(math.fsum(vector.values()), 1, abs_tol=TOLERANCE) and math.isclose(vector[drawn], logged, abs_tol=TOLERANCE)
