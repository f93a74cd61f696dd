"""How many occasions the planner gives in a second: 40 people, 30 days, the shipped scheme, one of them traveling."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from uuid import UUID

from models.definition.prompting import Expiry, Fixed, Reminders, Stratified, WakeWindow, WakeWindows, When, Window
from scheduler.plan.calendar import WakeSpan, ZoneSpan
from scheduler.plan.inputs import PlanInput
from scheduler.plan.occasions import plan

PEOPLE = 40
DAYS = 30
_START = datetime(2026, 3, 1, 15, tzinfo=UTC)
_EXPIRY = Expiry(minutes=60, reminders=Reminders(count=2, every_minutes=20))
_DESIGNS = (
    Window(id="morning", instrument="m", expiry=_EXPIRY, edge="start", offset_minutes=20),
    Stratified(id="signal", instrument="s", expiry=_EXPIRY, prompts=2, gap_minutes=90, exclude=("morning", "evening")),
    Window(id="evening", instrument="e", expiry=_EXPIRY, edge="end", offset_minutes=-60),
    Fixed(id="weekly", instrument="w", expiry=_EXPIRY, when=When(weekdays=(7,)), times=("18:00",)),
)
_WINDOWS = WakeWindows(weekday=WakeWindow(start="08:00", end="22:00"), weekend=WakeWindow(start="09:00", end="23:30"))


def measure() -> dict[str, float]:
    """Occasions planned, seconds taken, and occasions planned per second; zone rules are loaded before the clock starts."""
    _run(1)
    began = perf_counter()
    occasions = _run(PEOPLE)
    seconds = perf_counter() - began
    return {"occasions": float(occasions), "seconds": seconds, "occasions_per_second": occasions / seconds}


def _run(people: int) -> int:
    return sum(len(plan(_person(number), _START, _START + timedelta(days=DAYS))) for number in range(people))


def _person(number: int) -> PlanInput:
    moved = (ZoneSpan(_START + timedelta(days=9, hours=5), "Europe/Berlin"),) if number % PEOPLE == PEOPLE - 1 else ()
    return PlanInput(
        enrollment_uid=UUID(int=number),
        plan_key=number.to_bytes(32, "big"),
        designs=_DESIGNS,
        zones=(ZoneSpan(_START, "America/New_York"), *moved),
        wake=(WakeSpan(date(2026, 3, 1), _WINDOWS),),
        started_at=_START,
        length_days=DAYS,
    )


if __name__ == "__main__":
    print(measure())
