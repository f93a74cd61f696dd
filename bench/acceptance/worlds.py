"""Kinds of synthetic people.

*Bare* people follow the craving row of the simulator's table itself, so that each coupling has a true value in the estimator's own units.
*Lived* people are those of `api.rehearsal.people` and follow the whole table: lives that go on between prompts, classes of craving, craving
cut off at its floor, one in four whose craving leads to cues, items skipped, answers missing because of what they would say. Their answers
come through the shipped protocol's own prompt. *With ways of their own* they also use scales as people of a rehearsal do, which is not in
the table: some keep to the middle, some to the ends, some mark one place on every scale.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from api.rehearsal.people.chance import fraction, numbers
from api.rehearsal.people.filling import fill
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.make import make_people
from api.rehearsal.people.meaning import answer_chance
from api.rehearsal.people.terms import Feelings, Person, Preset, StyleKind, World
from models.definition.instrument import Instrument
from models.definition.itemmap import item_map
from models.definition.load import parse
from models.kinds import DesignKind
from risk.estimate.layout import VARIANCE_FLOOR
from risk.estimate.nodes import Nodes, from_item_map
from risk.estimate.regressors import incubation
from risk.observe import observe
from risk.terms import Observation
from tests.risk import estimate_streams as bare

ROOT: Final = Path(__file__).parents[2]
PROTOCOL: Final = parse((ROOT / "api" / "actions" / "shipped" / "oud.json").read_bytes())
NODES: Final[Nodes] = from_item_map(item_map(PROTOCOL))
START: Final = datetime(2026, 1, 5, tzinfo=UTC)
_MOMENTARY = PROTOCOL.instrument("momentary")
assert _MOMENTARY is not None
MOMENTARY: Final[Instrument] = _MOMENTARY
ANSWERED: Final = 0.72
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def bare_people(count: int, days: int, seed: int) -> Iterator[tuple[Mapping[str, float], list[Observation]]]:
    """(true couplings in the estimator's units, answers) of people whose couplings are drawn from the table."""
    for person, answers in bare.people(count, days, seed=seed, answered=ANSWERED):
        yield truth(person), answers


def bare_null(count: int, days: int, seed: int) -> Iterator[list[Observation]]:
    """People without any coupling but the lag."""
    person = bare.Person(cue=0.0, stress=0.0, control=0.0, synergy=0.0, answered=ANSWERED)
    return (bare.stream(person, seed * 1000 + index, days) for index in range(count))


def truth(person: bare.Person) -> dict[str, float]:
    """The couplings in latent units of craving per unit of exposure. Answers are written with the deviations 0.2, 0.4, 0.22 and 0.18."""
    craving = 0.2 / (_unit(0.2) * 0.9)
    return {
        "R": person.cue * craving * _unit(0.4) / 0.43,
        "S": person.stress * craving * _unit(0.22) / 0.22,
        "E": person.control * craving * _unit(0.18) / 0.18,
    }


def _unit(spread: float) -> float:
    return sqrt(spread * spread + VARIANCE_FLOOR)


@dataclass(frozen=True, slots=True)
class Lived:
    """One lived person: who they are, their life, what they answered, and what they felt at every prompt and at those answered."""

    person: Person
    life: InnerLife
    observations: list[Observation]
    felt: list[Feelings]
    felt_answering: list[Feelings]

    def true(self, days: float) -> dict[str, float]:
        """The couplings after so many days, in units of the table's row: that of cues as incubated by then."""
        pulls, at = self.person.couplings, self.person.joins_at + days * _DAY
        clean = next(((at - one.at) / _DAY for one in reversed(self.life.lapses(at))), self.person.abstinent_days + days)
        cue = (pulls.cue if pulls.cue_leads else 0.25 * pulls.cue) * (1.0 + pulls.incubation * incubation(clean))
        return {"R": cue, "S": pulls.stress, "E": pulls.executive}


def lived_people(
    count: int, days: int, seed: int, *, mnar: float = 0.6, world: World = World.USUAL, own_ways: bool = True
) -> Iterator[Lived]:
    """People of the recovery preset with 4 jittered prompts a day between 9 and 22 local. Nobody leaves."""
    for person in make_people(seed, count, start=START, days=days, mnar=mnar, preset=Preset.RECOVERY, world=world):
        yield _lived(person if own_ways else _as_meant(person), days)


def _as_meant(person: Person) -> Person:
    """The same person, who uses every scale as it is meant; items are skipped all the same."""
    return replace(person, style=replace(person.style, kind=StyleKind.WHOLE, shift=0.0, straight_lines=0.0))


def _lived(person: Person, days: int) -> Lived:
    life, zone = InnerLife(person), ZoneInfo(person.zone)
    midnight = person.joins_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    made: list[Observation] = []
    felt: list[Feelings] = []
    answering: list[Feelings] = []
    for day in range(days):
        for prompt, jitter in enumerate(numbers(person.key, 4, "accepted", day)):
            wall = midnight + day * _DAY + (9.0 + 3.25 * (prompt + jitter)) * _HOUR
            now = wall.astimezone(UTC)
            feelings = life.feelings(now)
            felt.append(feelings)
            label = f"accepted/{day}/{prompt}"
            if fraction(person.key, "answers", label) < answer_chance(person, feelings, trigger=DesignKind.UNIFORM, study_day=day + 1):
                answering.append(feelings)
                made.append(_answered(person, feelings, label, now, wall))
    return Lived(person, life, made, felt, answering)


def _answered(person: Person, feelings: Feelings, label: str, now: datetime, wall: datetime) -> Observation:
    drawn: list[str] = []
    for rotation in MOMENTARY.rotations:
        order = numbers(person.key, len(rotation.items), "rotation", rotation.id, label)
        drawn += [item for _, item in sorted(zip(order, rotation.items, strict=True))[: rotation.draw]]
    filled = fill(person, PROTOCOL, MOMENTARY, feelings, drawn=drawn, lists={}, language="en", label=label, started_at=now)
    values = {item: one["value"] for item, one in filled.answers.items() if "value" in one}
    offset = wall.utcoffset() or timedelta()
    return observe(MOMENTARY, values, source_id=label, event_time=now, offset_minutes=int(offset.total_seconds() // 60))
