"""A group of simulated people from a seed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from api.rehearsal.people import habits, roles, staying, traits
from api.rehearsal.people.chance import chosen, fraction, numbers, person_key
from api.rehearsal.people.roles import Part
from api.rehearsal.people.terms import Habits, Person, PhoneClock, Preset, Trip, World

_DAY: Final = timedelta(days=1)


def make_people(
    seed: int,
    count: int,
    *,
    start: datetime,
    days: int,
    mnar: float = 0.6,
    preset: Preset = Preset.RECOVERY,
    world: World = World.USUAL,
) -> tuple[Person, ...]:
    """`count` people for a run of `days` days from `start`, by number. The same arguments give the same people, bit for bit.

    Who a person is depends on the seed and the number; home zones and the rare parts are dealt over the group, so they
    also depend on its size. Any 20 people over 28 days show every part of `roles.Part`. `mnar`: how strongly not answering depends
    on craving and lapse, on the logit (the arms are 0, 0.6 and 1.2). `world`: what is true of them; the same people in each.
    Raises ValueError for an empty group or study, or a naive `start`.
    """
    if count < 1 or days < 1 or start.tzinfo is None:
        raise ValueError("A group has at least one person and one day, and an aware start.")
    keys = [person_key(seed, number) for number in range(count)]
    zones, dealt = roles.zones(keys, traits.ZONES), roles.dealt(keys)
    utc = start.astimezone(UTC)
    return tuple(
        _person(seed, number, keys[number], zones[number], dealt.get(number), start=utc, days=days, mnar=mnar, preset=preset, world=world)
        for number in range(count)
    )


def _person(
    seed: int,
    number: int,
    key: bytes,
    zone: str,
    part: Part | None,
    *,
    start: datetime,
    days: int,
    mnar: float,
    preset: Preset,
    world: World,
) -> Person:
    joins, ends = _joins(key, zone, start, days), start + days * _DAY
    shown = roles.parts(key, part)
    female = fraction(key, "sex") < 0.4
    sick, pain = traits.body(key, preset)
    window = {"from_": joins, "to": ends}
    return Person(
        number=number,
        seed=seed,
        key=key,
        preset=preset,
        world=world,
        zone=zone,
        language=traits.language(key),
        female=female,
        joins_at=joins,
        ends_at=ends,
        wake=traits.wake(key),
        abstinent_days=traits.abstinent_days(key, preset),
        craving_class=chosen(fraction(key, "class"), traits.CLASSES),
        craving_level=traits.craving_level(key),
        stress_level=traits.stress_level(key),
        cue_rate=traits.cue_rate(key),
        cue_evenings=fraction(key, "cue evenings") < 0.5,
        withdrawal_level=sick,
        pain_level=pain,
        couplings=traits.couplings(key, female=female, world=world),
        lapse_logit=traits.lapse_logit(key),
        answer_logit=traits.answer_logit(key),
        mnar=mnar,
        style=traits.style(key),
        habits=_habits(key, zone, shown, joins, ends),
        pauses=staying.pauses(key, shown, **window),
        leave=staying.leave(key, shown, dealt=part is not None, **window),
        tellings=staying.tellings(key, shown, **window),
        help_at=(staying.moment(key, "help", **window),) if Part.ASKS_FOR_HELP in shown else (),
        use_report_at=staying.moment(key, "use", **window) if Part.REPORTS_USE in shown else None,
    )


def _joins(key: bytes, zone: str, start: datetime, days: int) -> datetime:
    """Staggered over the first eighth of the study, a week at most, between 9 and 17 on the wall where they live, not before the start."""
    day, hour = numbers(key, 2, "joins")
    local = (start + min(7.0, days / 8) * day * _DAY).astimezone(ZoneInfo(zone))
    at = habits.whole(local.replace(hour=9, minute=0, second=0) + timedelta(hours=8 * hour)).astimezone(UTC)
    return at if at >= start else at + _DAY


def _habits(key: bytes, zone: str, shown: frozenset[Part], joins: datetime, ends: datetime) -> Habits:
    spells = habits.dead_spells(key, joins, ends)
    if Part.LONG_OFFLINE in shown:
        spells = (*spells, habits.long_spell(key, joins + _DAY, ends))
    return habits.habits(key, clock=_clock(key, shown, joins, ends), offline=spells, trips=_trips(key, zone, shown, joins, ends))


def _clock(key: bytes, shown: frozenset[Part], joins: datetime, ends: datetime) -> PhoneClock:
    if Part.WRONG_CLOCK in shown:
        return habits.wrong_clock(key)
    return habits.corrected_clock(key, joins, ends) if Part.CORRECTED_CLOCK in shown else habits.usual_clock(key)


def _trips(key: bytes, zone: str, shown: frozenset[Part], joins: datetime, ends: datetime) -> tuple[Trip, ...]:
    wanted: Sequence[bool] = [over for part, over in ((Part.TRAVELS, False), (Part.CROSSES_THE_DATE_LINE, True)) if part in shown][:1]
    return tuple(habits.trip(key, zone, joins + 2 * _DAY, ends - _DAY, over_the_line=over) for over in wanted)
