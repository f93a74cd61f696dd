"""Lives of a study that once broke a law of prompting, as the prompting machine found them and made them shorter."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.properties.test_prompting_machine import PromptingMachine

Step = tuple[str, dict[str, Any]]
LORD_HOWE, NEW_YORK = "Australia/Lord_Howe", "America/New_York"
SHORT, NINE_HOURS, LONG = timedelta(minutes=25), timedelta(hours=9), timedelta(hours=26)


def begins(zone: str, keys: int) -> Step:
    return "a_study_begins", {"gateway": False, "zone": zone, "keys": keys}


def published(number: int = 0) -> Step:
    return "a_revision_is_published", {"number": number}


def moved(revision: int, ahead: int = 0) -> Step:
    return "somebody_is_moved", {"number": 0, "revision": revision, "ahead": ahead}


def all_moved(revision: int) -> Step:
    return "the_study_is_moved", {"revision": revision, "ahead": 0, "arm": None}


def withdrawn(revision: int, to: int | None = None) -> Step:
    return "a_revision_is_withdrawn", {"revision": revision, "to": to, "ahead": None}


def awake(start: int, length: int) -> Step:
    return "somebody_wakes_at_other_hours", {"number": 0, "start": start, "length": length}


def travels(zone: str) -> Step:
    return "somebody_travels", {"number": 0, "zone": zone}


def days(nights: int) -> Step:
    return "days_pass", {"nights": nights}


def time(lasts: timedelta, *, asleep: bool = True) -> Step:
    return "time_passes", {"lasts": lasts, "asleep": asleep}


LIVES: dict[str, tuple[Step, ...]] = {
    "a version begins a few minutes after the last prompt of the one before it": (
        begins(LORD_HOWE, 757),
        *[published(), published(), time(timedelta(hours=2)), awake(16, 14), days(3), moved(6, ahead=1), awake(4, 10), days(1)],
    ),
    "what the version before it sends moves a plan that stood": (
        begins(LORD_HOWE, 757),
        *[published(), awake(16, 14), time(NINE_HOURS), moved(6, ahead=1), awake(4, 10), days(1)],
    ),
    "a date comes again on a journey west, and a withdrawal begins on it": (
        begins(LORD_HOWE, 757),
        *[published(), published(), published(), time(LONG), travels("Asia/Kolkata"), withdrawn(6, to=5), days(3)],
    ),
    "a slot that vanished is wanted again when its moment has passed": (
        begins(NEW_YORK, 353),
        *[all_moved(1), days(1), all_moved(6), awake(11, 13), all_moved(1), time(LONG)],
    ),
    "a version with fewer prompts begins on a date whose fourth prompt is out": (
        begins(NEW_YORK, 353),
        *[days(2), all_moved(1), days(1), time(SHORT), days(1), time(SHORT, asleep=False), days(3), time(SHORT), awake(7, 12)],
        *[travels("Pacific/Apia"), time(SHORT, asleep=False), withdrawn(1), days(2)],
    ),
    "a withdrawal begins on a date before the one that the study began on": (
        begins(LORD_HOWE, 955),
        *[published(2), travels(NEW_YORK), withdrawn(4, to=2)],
    ),
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_a_life_that_once_broke_a_law_no_longer_does(life: tuple[Step, ...], sqlite_template: Path) -> None:
    PromptingMachine.template = sqlite_template
    machine = PromptingMachine()
    try:
        for rule, given in life:
            getattr(machine, rule)(**given)
    finally:
        machine.teardown()
