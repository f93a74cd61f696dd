"""From stored answers to an observation: the one reading that stream, refold and dataset share. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from models.definition.instrument import Instrument, Item
from models.definition.itemmap import SCALES, STRAIGHT_LEAST, indicator
from models.definition.prompting import LATE_GRACE
from models.kinds import Node
from risk.terms import USE, USED, Observation

NO_SIGNALS: Final[Mapping[str, float]] = MappingProxyType({})


def observe(
    instrument: Instrument,
    values: Mapping[str, Any],
    *,
    source_id: str,
    event_time: datetime,
    offset_minutes: int,
    signals: Mapping[str, float] = NO_SIGNALS,
) -> Observation:
    """The observation that a response makes.

    `values` are valid answers by item. An item asked only behind a gate enters no node (risk-model.md 2.4, 2): its
    absence would mean "no" for some and "not asked" for others. A use that an answer tells of is an event at the time of the answer.
    A response that answers against itself (`against_itself`) moves levels and trains nothing, as a report.
    `signals` are what was measured before it, by variable, on [0, 1] as indicators are: heard beside answers, and silent where nothing
    was answered.
    """
    answers: dict[str, float] = {}
    floor: set[str] = set()
    context: list[str] = []
    cues: set[str] = set()
    marks: dict[tuple[float | None, float | None], list[tuple[float, float]]] = {}
    used = False
    for item in instrument.series():
        value = values.get(item.id)
        if value is None:
            continue
        used = used or (item.variable in USED and value == USED[item.variable][0])
        if item.cues or item.options:
            cues.update(met(item, value))
        if item.node is Node.CONTEXT:
            context.append(f"{item.variable}={value if isinstance(value, str) else ','.join(sorted(map(str, value)))}")
        elif item.show_if is None and (place := indicator(item, value)) is not None:
            answers[item.variable] = place
            if place == 0.0:
                floor.add(item.variable)
            if item.kind in SCALES:
                marks.setdefault((item.minimum, item.maximum), []).append((value, place))
    return Observation(
        source_id=source_id,
        kind="report" if instrument.started_by_person else "response",
        event_time=event_time,
        local_hour=local_hour(event_time, offset_minutes),
        answers={**answers, **signals} if answers else answers,
        floor=frozenset(floor),
        trains=not instrument.started_by_person and not any(map(against_itself, marks.values())),
        context="|".join(context) or None,
        event=USE if used else None,
        cues=tuple(sorted(cues)),
    )


def against_itself(marks: Sequence[tuple[float, float]]) -> bool:
    """Whether answers on one scale contradict each other: at least five, all alike, though some of their items are turned.

    `marks` are values with their places on [0, 1], where 1 is most active. A line at one end is how nothing, or everything, is said where
    every item asks in one direction; a line in the middle says the same of both.

    >>> against_itself([(8, 0.8)] * 4 + [(8, 0.2)]), against_itself([(0, 0.0)] * 5), against_itself([(5, 0.5)] * 5)
    (True, False, False)
    """
    return len(marks) >= STRAIGHT_LEAST and len({value for value, _ in marks}) == 1 and len({place for _, place in marks}) > 1


def met(item: Item, value: Any) -> list[str]:
    """The kinds of reminders that an answer says were met: those of the options chosen, or of an item answered yes."""
    chosen = {value} if isinstance(value, str) else set(value) if isinstance(value, list | tuple | frozenset | set) else set()
    kinds = [str(option.cue) for option in item.options if option.cue is not None and option.code in chosen]
    return [*kinds, *map(str, item.cues)] if value is True else kinds


def local_hour(event_time: datetime, offset_minutes: int) -> float:
    """Clock hour with minutes as a fraction, from the offset stored with the answer.

    >>> from datetime import UTC
    >>> local_hour(datetime(2026, 3, 4, 15, 30, tzinfo=UTC), -300)
    10.5
    """
    local = event_time + timedelta(minutes=offset_minutes)
    return local.hour + local.minute / 60 + local.second / 3600


def event_observed(kind: str, *, source_id: str, happened_at: datetime, offset_minutes: int) -> Observation:
    """The observation that a timed event makes."""
    return Observation(
        source_id=source_id,
        kind="timed_event",
        event_time=happened_at,
        local_hour=local_hour(happened_at, offset_minutes),
        trains=False,
        event=kind,
    )


def expiry_observed(*, prompt_id: str, expires_at: datetime, offset_minutes: int) -> Observation:
    """A prompt that reached the person ended without an answer.

    Its time is that until which an answer may still come late and take the prompt out of silence: such an answer always goes before it, so
    that the fold ends the same however late it arrives.
    """
    event_time = expires_at + LATE_GRACE
    return Observation(
        source_id=f"expiry:{prompt_id}",
        kind="expiry",
        event_time=event_time,
        local_hour=local_hour(event_time, offset_minutes),
        trains=False,
    )


def content_observed(*, source_id: str, shown_at: datetime, offset_minutes: int) -> Observation:
    """Content was shown: a regressor of the next answer, not an answer."""
    return Observation(
        source_id=f"content:{source_id}",
        kind="content",
        event_time=shown_at,
        local_hour=local_hour(shown_at, offset_minutes),
        trains=False,
    )


def sort_key(observation: Observation) -> str:
    """The fold's order as text that sorts the same way: (event time, kind, source id)."""
    instant, kind, source = observation.key()
    return f"{instant.replace(tzinfo=None).isoformat('T', 'microseconds')}|{kind}|{source}"
