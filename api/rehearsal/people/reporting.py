"""What a person starts: reports by feeling, by lapse and by the parts they play, and the instrument that a protocol has for each."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from api.rehearsal.people.chance import fraction, numbers
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.telling import words_for
from api.rehearsal.people.terms import Feelings, Person, Report, ReportKind
from models.definition.instrument import Instrument
from models.definition.protocol import Protocol
from models.kinds import InstrumentKind, ItemKind, Leaving, Node

_HOUR: Final = timedelta(hours=1)

_USE_REPORTED: Final = 0.4
"""Share of lapses that are told in a use report; the others only where a diary asks (assumption)."""
_BY_FEELING: Final = ((ReportKind.CRAVING, 0.12), (ReportKind.CUE, 0.02), (ReportKind.STRESS, 0.06), (ReportKind.GOOD, 0.004))
"""The chance of a report in an hour that calls for it (assumption): together about one in two days."""
_EACH: Final = 1 + len(_BY_FEELING)
_STRONG: Final = 1.5

_NAMES: Final = {
    ReportKind.CRAVING: ("craving", "urge"),
    ReportKind.CUE: ("reminder", "cue", "trigger"),
    ReportKind.STRESS: ("stress",),
    ReportKind.USE: ("use", "lapse", "slip"),
    ReportKind.GOOD: ("good", "positive", "enjoy"),
}


def reports(person: Person, life: InnerLife, since: datetime, until: datetime) -> tuple[Report, ...]:
    """What the person starts from `since` up to `until`, by time. Splitting the time differently gives the same reports.

    Nothing before joining, or after leaving in another way than pausing prompts, which still takes what a person sends.
    """
    first, last = max(since, person.joins_at), min(until, person.ends_at)
    if person.leave is not None and person.leave.how is not Leaving.PAUSE_PROMPTS:
        last = min(last, person.leave.at)
    found = [*_planned(person), *_of_lapses(person, life, last), *_of_feelings(person, life, first, last)]
    return tuple(sorted((one for one in found if first <= one.at < last), key=lambda one: (one.at, one.what)))


def _planned(person: Person) -> Iterator[Report]:
    soon = fraction(person.key, "intake")
    yield Report(person.joins_at + (0.1 + 20.0 * soon**3) * _HOUR, ReportKind.INTAKE)
    yield from (Report(at, ReportKind.HELP) for at in person.help_at)
    yield from (Report(one.at, ReportKind.CRAVING, one.says) for one in person.tellings if not one.in_prompt)
    if person.use_report_at is not None:
        yield Report(person.use_report_at, ReportKind.USE, happened_at=person.use_report_at - 2 * _HOUR)


def _of_lapses(person: Person, life: InnerLife, until: datetime) -> Iterator[Report]:
    for lapse in life.lapses(until):
        if fraction(person.key, "use report", lapse.at.isoformat()) < _USE_REPORTED:
            yield Report(lapse.told_at, ReportKind.USE, happened_at=lapse.at)


def _of_feelings(person: Person, life: InnerLife, since: datetime, until: datetime) -> Iterator[Report]:
    """At most one in an hour of the clock: the first of the kinds, in order, that the hour calls for and chance grants."""
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while midnight < until:
        grants = numbers(person.key, 24 * _EACH, "report", midnight.isoformat())
        for hour in range(24):
            minute, *others = grants[_EACH * hour : _EACH * (hour + 1)]
            kinds = [what for (what, share), grant in zip(_BY_FEELING, others, strict=True) if grant < share]
            if not kinds:
                continue
            at = midnight + timedelta(hours=hour, seconds=int(3600 * minute))
            found = next((what for what in kinds if since <= at < until and _calls_for(what, life.feelings(at))), None)
            if found:
                yield Report(at, found)
        midnight += timedelta(days=1)


def _calls_for(what: ReportKind, felt: Feelings) -> bool:
    if not felt.awake or felt.silent_night:
        return False
    strong = {
        ReportKind.CRAVING: felt.craving_sd > _STRONG and felt.craving > 0.3,
        ReportKind.CUE: felt.cue,
        ReportKind.STRESS: felt.stress_sd > _STRONG,
        ReportKind.GOOD: felt.stress_sd < 0 and felt.craving_sd < 0,
    }
    return strong[what]


def instrument_for(protocol: Protocol, report: Report) -> Instrument | None:
    """The protocol's instrument for what a person starts; None where it has none (and for HELP, which is no instrument).

    Intake is the instrument of that kind. The others are those that a person starts: first by name (`craving`, `reminder`, `stressor`,
    `use`, `good` and near words), then by what they ask. A report that says something goes to one that can say it, of
    whatever name: what must reach a human comes before the occasion.
    """
    if report.what is ReportKind.HELP:
        return None
    if report.what is ReportKind.INTAKE:
        return next((one for one in protocol.instruments if one.kind is InstrumentKind.INTAKE), None)
    started = [one for one in protocol.instruments if one.started_by_person and one.kind is InstrumentKind.REPORT]
    ranked = sorted(started, key=lambda one: -_fits(one, report.what))
    if report.says is not None:
        return next((one for one in ranked if words_for(protocol, one, report.says) is not None), None)
    return ranked[0] if ranked and _fits(ranked[0], report.what) > 0 else None


def _fits(instrument: Instrument, what: ReportKind) -> int:
    """2 by name, 1 by what is asked, 0 not at all."""
    if any(word in instrument.id for word in _NAMES[what]):
        return 2
    match what:
        case ReportKind.CRAVING:
            return int(any(item.node is Node.C for item in instrument.items))
        case ReportKind.CUE:
            return int(any(item.cues or any(option.cue for option in item.options) for item in instrument.items))
        case ReportKind.STRESS:
            return int(instrument.items[0].node is Node.S)
        case ReportKind.USE:
            return int(instrument.help_first)
        case _:
            return int(all(item.kind is ItemKind.TEXT for item in instrument.items))
