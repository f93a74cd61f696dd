"""A RADAR protocol: which questionnaire is asked when.

A cycle begins at the midnight that begins the day of enrollment, or of a clinic visit; offsets are wall-clock, since the app adds
them to a local midnight field by field. Without a completion window the app leaves a prompt open for a day.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.foreign.json import number_of, text_of
from api.foreign.limits import MAX_ASSESSMENTS, MAX_OFFSETS, MAX_PROMPTS
from api.foreign.notes import Kind, Notes
from api.foreign.schedule import Schedule, Start
from api.foreign.text import plain
from models.definition.base import LANGUAGE, pointer
from models.errors import TooLarge

DEFAULT_EXPIRY_MINUTES: Final = 1440
LONGEST_MINUTES: Final = 10 * 366 * 1440
_MINUTES: Final[Mapping[str, int]] = {"min": 1, "hour": 60, "day": 1440, "week": 10_080, "month": 43_200, "year": 525_600}
_DAYS: Final[Mapping[str, int]] = {"day": 1, "week": 7}
_CALENDAR: Final[Mapping[str, int]] = {"month": 28, "year": 365}
"""Units whose length differs, with their shortest."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One line of a protocol. `questionnaire` is the name by which it calls its file."""

    name: str
    questionnaire: str
    schedule: Schedule
    seconds: int | None
    intro: dict[str, str]


@dataclass(frozen=True, slots=True)
class RadarProtocol:
    name: str
    version: str
    assessments: tuple[Assessment, ...]


def read_protocol(document: Mapping[str, Any], notes: Notes, length_days: int) -> RadarProtocol:
    """Raises TooLarge above the stated numbers of assessments and prompts."""
    listed = document.get("protocols")
    entries = listed if isinstance(listed, list) else []
    if len(entries) > MAX_ASSESSMENTS:
        raise TooLarge("foreign_too_large", f"{notes.file} has more than {MAX_ASSESSMENTS} assessments.")
    reader = _Reader(notes, length_days)
    found = [reader.assessment(pointer("protocols", place), raw) for place, raw in enumerate(entries)]
    return RadarProtocol(text_of(document.get("name")), text_of(document.get("version")), tuple(one for one in found if one is not None))


@dataclass(slots=True)
class _Reader:
    notes: Notes
    length_days: int
    prompts: int = 0

    def assessment(self, place: str, raw: Any) -> Assessment | None:
        called = _object(_object(raw).get("questionnaire"))
        questionnaire = text_of(called.get("name")).strip()
        name = text_of(_object(raw).get("name")).strip() or questionnaire
        if not questionnaire:
            self.notes.add(Kind.ROW_REFUSED, place, name, "An assessment that names no questionnaire is left out.")
            return None
        for member in ("endText", "warn"):
            if words := self._texts(raw.get(member), f"{place}/{member}", name):
                message = "Nothing shows this text here."
                self.notes.add(Kind.TEXT_NOT_CARRIED, f"{place}/{member}", name, message, next(iter(words.values())))
        minutes = number_of(raw.get("estimatedCompletionTime"))
        schedule = self._schedule(f"{place}/protocol", name, raw)
        intro = self._texts(raw.get("startText"), f"{place}/startText", name)
        return Assessment(name, questionnaire, schedule, int(minutes * 60) if minutes and 0 < minutes <= 600 else None, intro)

    def _texts(self, raw: Any, place: str, name: str) -> dict[str, str]:
        texts = _object(raw).items()
        said = {
            language: plain(words, self.notes, place, name)
            for language, words in texts
            if isinstance(words, str) and re.match(LANGUAGE, language)
        }
        return {language: words for language, words in said.items() if words}

    def _schedule(self, place: str, name: str, raw: Mapping[str, Any]) -> Schedule:
        protocol = _object(raw.get("protocol"))
        start, offsets = self._start(protocol, place, name, text_of(raw.get("type")).strip().lower())
        window = _minutes(_object(protocol.get("completionWindow")))
        if window is None and start != "person":
            message = f"No completion window; the prompt stays open for {DEFAULT_EXPIRY_MINUTES} minutes, as in the app."
            self.notes.add(Kind.EXPIRY_ASSUMED, place, name, message)
        minutes = self._minutes(offsets, place, name) if start != "person" else ()
        every_days = self._every(protocol, place, name) if start == "enrollment" else None
        self._count(len(minutes) * (self.length_days // every_days + 1 if every_days else 1))
        return Schedule(
            place=place,
            name=name,
            start=start,
            minutes=minutes,
            every_days=every_days,
            expiry_minutes=min(window or DEFAULT_EXPIRY_MINUTES, LONGEST_MINUTES),
            reminders=_reminders(protocol.get("reminders")),
            push=self._texts(_object(protocol.get("notification")).get("text"), f"{place}/notification/text", name),
        )

    def _count(self, prompts: int) -> None:
        self.prompts += prompts
        if self.prompts > MAX_PROMPTS:
            raise TooLarge("foreign_too_large", f"{self.notes.file} plans more than {MAX_PROMPTS} prompts.")

    def _start(self, protocol: Mapping[str, Any], place: str, name: str, kind: str) -> tuple[Start, Mapping[str, Any]]:
        if kind == "on_demand":
            return "person", {}
        if kind == "triggered":
            message = "What triggers it is not in the file; the person can start it. Make it a follow-up of what it should follow."
            self.notes.add(Kind.TRIGGER_NOT_CARRIED, place, name, message)
            return "person", {}
        clinical = _object(protocol.get("clinicalProtocol"))
        if clinical:
            return "visit", _object(clinical.get("repeatAfterClinicVisit"))
        if given := protocol.get("referenceTimestamp"):
            message = "It starts on a date of the calendar; here it starts with the enrollment."
            self.notes.add(Kind.START_NOT_CARRIED, place, name, message, str(given))
        return "enrollment", _object(protocol.get("repeatQuestionnaire"))

    def _minutes(self, offsets: Mapping[str, Any], place: str, name: str) -> tuple[int, ...]:
        listed, unit = offsets.get("unitsFromZero"), _MINUTES.get(text_of(offsets.get("unit")))
        amounts = [number_of(one) for one in listed] if isinstance(listed, list) else []
        if len(amounts) > MAX_OFFSETS:
            raise TooLarge("foreign_too_large", f"{self.notes.file} has a cycle of more than {MAX_OFFSETS} prompts.")
        found = [int(one * unit) for one in amounts if one is not None and unit is not None and 0 <= one * unit < LONGEST_MINUTES]
        if len(found) < len(amounts) or not found:
            message = f"{len(amounts) - len(found)} of {len(amounts)} offsets are not read; they are not plain numbers from midnight."
            self.notes.add(Kind.SCHEDULE_NOT_CARRIED, place, name, message, str(dict(offsets)))
        return tuple(sorted(set(found)))

    def _every(self, protocol: Mapping[str, Any], place: str, name: str) -> int | None:
        """Days of the cycle; None where it comes once within the study."""
        repeat = _object(protocol.get("repeatProtocol"))
        unit, amount = text_of(repeat.get("unit")), number_of(repeat.get("amount"))
        if "dayOfWeek" in repeat:
            message = "It starts on a day of the week; here it starts with the enrollment."
            self.notes.add(Kind.START_NOT_CARRIED, place, name, message, text_of(repeat["dayOfWeek"]))
        if amount is not None and amount >= 1 and unit in _DAYS and amount.is_integer():
            days = int(amount) * _DAYS[unit]
            return days if days < self.length_days else None
        if amount is None or unit not in _CALENDAR or amount * _CALENDAR[unit] < self.length_days:
            message = "It comes again by months or by parts of a day, or it is not said how; the first cycle is carried."
            self.notes.add(Kind.SCHEDULE_NOT_CARRIED, place, name, message, str(dict(repeat)))
        return None


def _object(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, dict) else {}


def _minutes(interval: Mapping[str, Any]) -> int | None:
    amount, unit = number_of(interval.get("amount")), _MINUTES.get(text_of(interval.get("unit")))
    if amount is None or unit is None:
        return None
    return int(amount * unit) if amount * unit >= 1 else None


def _reminders(raw: Any) -> tuple[int, ...]:
    """Minutes after the prompt: from an interval that repeats, or from a list of offsets."""
    if isinstance(raw, list):
        listed = (_minutes(_object(_object(one).get("offset"))) for one in raw[:MAX_OFFSETS])
        return tuple(one for one in listed if one is not None)
    every, times = _minutes(_object(raw)), number_of(_object(raw).get("repeat"))
    if every is None or times is None:
        return ()
    return tuple(every * number for number in range(1, min(int(max(times, 0)), MAX_OFFSETS) + 1))
