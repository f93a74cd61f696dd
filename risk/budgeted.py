"""Thresholds by alert budget at work: a promoted model's score of a day is judged where it is made, and may open an alert.

A person-day is judged once, in the transaction that stores its score. Disclosures, help and every other alert know nothing of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import isfinite, isnan, nan
from typing import Any, Final

from sqlalchemy import Row

from models.definition.escalation import AlertRule
from models.definition.expression import holds
from models.definition.protocol import Protocol
from models.queries import budget as rows
from models.session import WriteSession
from risk.alerting import open_alert
from risk.openings import opening_of_rule
from risk.population.artefact import Both, PopulationModel
from risk.population.channels import ABSTINENT_DAYS, COORDINATOR, TRAILING_DAYS, shift_of
from risk.population.features import Sources, days_abstinent
from risk.population.history import History
from risk.population.reasons import reasons, usual_of
from risk.population.verdict import Verdict, is_fresh, judge, limits, self_help_level, threshold_id, variables_of_day
from risk.watch import may_be_asked_after

_DAY: Final = timedelta(days=1)
_BACK: Final = timedelta(days=2 * TRAILING_DAYS)
"""How far a site's days are read: the trailing ones, and as many in which nobody may have been scored."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(hours=12)
"""A site's day is counted from UTC noon to noon, so that the midnights of one date fall on one day in nearly every zone."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A person's day as models in use scored it. `model` is the one that spends the budget, `probabilities` go by target,
    `known` holds every column by name, and `number` is the day's in the history."""

    person: Row[Any]
    protocol: Protocol
    key: int
    model: PopulationModel
    probabilities: Mapping[str, float]
    history: History
    number: int
    known: Mapping[str, float]
    sources: Sources
    evidence_hours: float | None
    as_of: datetime

    @property
    def rule(self) -> AlertRule | None:
        """The protocol's rule on the alert budget; without one a crossing is known and told to nobody."""
        return next((one for one in self.protocol.alert_rules if one.about_budget), None)


@dataclass(slots=True)
class Budget:
    """One batch of people while their days are judged."""

    session: WriteSession
    people: Collection[int]
    now: datetime
    system_now: datetime
    _days: Mapping[int, Sequence[Row[Any]]] | None = None
    _shifts: dict[tuple[int, int | None, int, int], float] = field(default_factory=dict)

    def judged(self, one: Scored, source_id: str) -> dict[str, Any]:
        """The columns of the score that say what came of it, after its alert was opened where it may be; empty where the day is not
        judged: the model has no threshold for the budget, or the day was scored before."""
        both, study_day = limits(one.model), one.number + 1
        days = self._of(one.person.id)
        if both is None or any(day.study_day == study_day and _stands(day, one.key) for day in days):
            return {}
        rise = one.known.get("network:rise", nan) if is_fresh(one.evidence_hours) else nan
        raised = [float(day.study_day) for day in days if day.raised]
        verdict = judge(
            both,
            one.probabilities[one.model.target],
            rise,
            self._shift(one),
            raised,
            float(study_day),
            still_open=self._told(one),
        )
        held = self._held(one, verdict)
        if verdict.crossed and held is None:
            self._open(one, source_id)
        return {
            "eligible": self._eligible(one) is None,
            "crossed": verdict.crossed,
            "raised": verdict.crossed is not None and held is None,
            "shift": verdict.shift,
            "judgement": _judgement(one, both, rise, verdict, held),
        }

    def _of(self, person_id: int) -> Sequence[Row[Any]]:
        if self._days is None:
            since = self.now - timedelta(days=COORDINATOR.refractory_days) - 2 * _DAY
            found: dict[int, list[Row[Any]]] = {}
            for row in rows.days_scored(self.session, self.people, since):
                found.setdefault(row.enrollment_id, []).append(row)
            self._days = found
        return self._days.get(person_id, ())

    def _shift(self, one: Scored) -> float:
        """How far the site's threshold stands above the calibrated one today: worked out from the days that were judged before."""
        today = _day_of(one.as_of)
        place = (one.person.study_id, one.person.site_id, one.key, today)
        if place not in self._shifts:
            counts: dict[int, tuple[int, int]] = {}
            newest: tuple[int, float] | None = None
            for row in rows.budget_days(self.session, one.person.study_id, one.person.site_id, one.as_of - _BACK):
                day = _day_of(row.as_of)
                alerts, eligible = counts.get(day, (0, 0))
                counts[day] = (alerts + int(row.raised), eligible + int(row.eligible))
                if row.population_model_id == one.key and day <= today:
                    newest = (day, row.shift)
            since, shift = newest or (today, 0.0)
            self._shifts[place] = shift_of(counts, since, shift, today, COORDINATOR.budget)
        return self._shifts[place]

    def _told(self, one: Scored) -> int:
        """Alerts of the rule that nobody has closed: each time it was told again counts as one that is open."""
        return 0 if one.rule is None else rows.told_times(self.session, one.person.id, one.rule.id)

    def _eligible(self, one: Scored) -> str | None:
        """Why no alert may be raised whatever the score is; None where one may. Days that are not eligible count for no budget."""
        if days_abstinent(one.history, float(one.number)) < ABSTINENT_DAYS:
            return "recent_use"
        return None if may_be_asked_after(one.person, self.now) else "not_to_be_contacted"

    def _held(self, one: Scored, verdict: Verdict) -> str | None:
        if (why := self._eligible(one)) is not None:
            return why
        known = variables_of_day(one.probabilities, one.evidence_hours, judged=True, crossed=verdict.crossed is not None)
        if one.rule is None or not holds(one.rule.when, {}, {**known, "study_day": one.number + 1}):
            return "no_rule"
        return verdict.held

    def _open(self, one: Scored, source_id: str) -> None:
        assert one.rule is not None
        # The channel, which counts in days, has let this one through: in hours it might be a minute short.
        opening = replace(opening_of_rule(one.rule, one.person, one.person.protocol_version_id, source_id, None), refractory_hours=0)
        open_alert(self.session, opening, one.protocol, now=self.now, system_now=self.system_now)


def _stands(day: Row[Any], key: int) -> bool:
    """Whether a day's score keeps another from being judged: it was judged itself, or is this model's own."""
    return day.eligible is not None or day.population_model_id == key


def _day_of(midnight: datetime) -> int:
    return (midnight - _EPOCH) // _DAY


def _judgement(one: Scored, both: Both, rise: float, verdict: Verdict, held: str | None) -> dict[str, Any]:
    """What explains the verdict: ids and numbers of the thresholds, what held an alert back, and of a crossing its reasons."""
    found: dict[str, Any] = {
        "threshold": threshold_id(one.model),
        "budget": COORDINATOR.budget,
        "probability": both.probability,
        "rise": both.rise if isfinite(both.rise) else None,
        "own_rise": None if isnan(rise) else rise,
        "self_help": self_help_level(one.model),
        "held": held if verdict.crossed else None,
    }
    if verdict.crossed is not None:
        why = reasons(one.model, one.known, usual_of(one.history, one.number, one.sources), one.sources)
        found |= {"usual": why.usual, "groups": [list(group) for group in why.groups]}
    return found
