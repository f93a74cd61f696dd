"""The times that ship with the documentation: the planner, the second reading beside them and the file agree on every one."""

import json
import runpy
import sys
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from models.definition.prompting import Design, WakeWindows
from models.kinds import DesignKind, TimedEventKind
from scheduler.plan.calendar import WakeSpan, ZoneSpan, resolve
from scheduler.plan.inputs import PlanInput, PlannedDay
from scheduler.plan.keyed import PlanKey, message
from scheduler.plan.occasions import plan_day
from scheduler.plan.signal import blocks
from scheduler.plan.slots import NAMESPACE
from tests.planning_reference import FOLDER, phone

VECTORS = json.loads((FOLDER / "vectors.json").read_text())
PAGE = (Path(__file__).parents[2] / "docs" / "plan.md").read_text()
DESIGNS = TypeAdapter(tuple[Design, ...])


def planned(person: Any) -> PlanInput:
    started = datetime.fromisoformat(person["started_at"])
    days = defaultdict(list)
    for one in person.get("planned_events", ()):
        set_at = datetime.fromisoformat(one["set_at"])
        days[TimedEventKind(one["kind"])].append(PlannedDay(date.fromisoformat(one["day"]), set_at, one["wall"]))
    return PlanInput(
        enrollment_uid=UUID(person["enrollment_id"]),
        plan_key=bytes.fromhex(person["plan_key"]),
        designs=DESIGNS.validate_json(json.dumps(person["designs"])),
        zones=(ZoneSpan(started, person["zone"]),),
        wake=(WakeSpan(started.date(), WakeWindows.model_validate_json(json.dumps(person["wake_windows"]))),),
        started_at=started,
        length_days=person["length_days"],
        anchors={TimedEventKind(kind): tuple(map(datetime.fromisoformat, told)) for kind, told in person.get("events", {}).items()},
        planned_days={kind: tuple(found) for kind, found in days.items()},
        arm=person.get("arm"),
    )


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_file_is_what_its_maker_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phone", phone)
    made = runpy.run_path(str(FOLDER / "make_vectors.py"))
    assert made["written"]() == (FOLDER / "vectors.json").read_text(encoding="utf-8")


def test_the_draws_of_the_file_are_those_of_the_planner() -> None:
    key = PlanKey(bytes.fromhex(VECTORS["draws"]["plan_key"]))
    for case in VECTORS["draws"]["cases"]:
        assert (b"breakwater.plan/1" + message(*case["parts"])).hex() == case["message"]
        assert key.fraction(*case["parts"]) == case["number"] / 2**53
        assert [key.pick(one["count"], *case["parts"]) for one in case["picks"]] == [one["pick"] for one in case["picks"]]


@pytest.mark.parametrize("case", VECTORS["walls"], ids=lambda case: case["about"])
def test_a_time_on_the_wall_is_the_instant_that_is_written(case: Any) -> None:
    assert instant(resolve(date.fromisoformat(case["date"]), case["wall"], case["zone"])) == case["instant"]


@pytest.mark.parametrize("case", VECTORS["plans"], ids=lambda case: case["about"])
def test_a_plan_has_the_prompts_that_are_written(case: Any) -> None:
    inputs = planned(case["person"])
    for day, expected in case["dates"].items():
        found = [
            {
                "design": one.design,
                "slot": one.slot.name,
                "id": str(one.uid),
                "due_at": None if one.blocked == "window" else instant(one.due_at),
                "blocked": one.blocked,
            }
            | ({"reminders": [instant(each) for each in one.reminders]} if one.reminders else {})
            for one in plan_day(inputs, date.fromisoformat(day))
        ]
        assert sorted(found, key=lambda one: one["id"]) == sorted(expected, key=lambda one: one["id"]), day


def test_what_a_phone_can_work_out_is_all_there() -> None:
    kinds = {design["kind"] for case in VECTORS["plans"] for design in case["person"]["designs"]}
    assert kinds == set(DesignKind) - {DesignKind.EVENT, DesignKind.FOLLOW_UP}, "these two come of what the person does"
    prompts = [one for case in VECTORS["plans"] for asked in case["dates"].values() for one in asked]
    assert {one["blocked"] for one in prompts} == {None, "window", "quiet_hours"}


def test_the_draw_that_the_page_goes_through_is_the_planners() -> None:
    case = VECTORS["step_by_step"]
    assert [tuple(one["block"]) for one in case["slots"]] == blocks(*case["trimmed"], len(case["slots"]))
    due = {one.slot.index: int(one.due_at.timestamp()) for one in plan_day(planned(case["person"]), date.fromisoformat(case["date"]))
           if one.design == "random"}  # fmt: skip
    assert due == {index: one["moment"] for index, one in enumerate(case["slots"])}
    for one in (*case["trimmed"], *case["away"], *(slot[name] for slot in case["slots"] for name in ("latest", "count", "pick", "moment"))):
        assert f"{one:,}" in PAGE, "the page shows the same numbers"
    assert all(one in PAGE for one in ("breakwater.plan/1", VECTORS["draws"]["plan_key"]))
    assert phone.NAMESPACE == NAMESPACE
