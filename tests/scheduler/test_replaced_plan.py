"""What a replanning writes down is what a dataset that was cut before needs."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from models.codec import canonical, parse
from models.dataset.lifeline import Moment, moment
from scheduler.prompt_rows import replaced_plan

DUE = datetime(2026, 3, 8, 14, tzinfo=UTC)


def test_the_plan_before_a_move_comes_back_from_the_event() -> None:
    instants = {"due_at": DUE, "window_start": DUE, "window_end": DUE + timedelta(hours=1), "expires_at": DUE + timedelta(hours=2)}
    others = {"instrument": "momentary", "protocol_version_id": 3, "study_day": 5, "density": None, "day_probability": 0.5}
    row = SimpleNamespace(**instants, **others, zone="America/New_York", offset_minutes=-240)
    moved = SimpleNamespace(**(vars(row) | {"due_at": DUE + timedelta(hours=9), "zone": "Asia/Tokyo", "density": 0.1, "study_day": 6}))
    was = parse(canonical(replaced_plan(row)))
    assert set(was) == set(Moment.__slots__)
    assert moment(moved, was) == moment(row, None)
