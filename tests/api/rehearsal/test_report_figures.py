"""Every figure of a report against a dataset whose answers were worked out by hand."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from api.rehearsal.report.cover import Cover
from api.rehearsal.report.summary import encoded, summarize
from models.definition.escalation import StaffedHours, Staffing
from models.errors import Invalid
from models.sealed import Keys
from models.session import Sessions
from risk.staffing import staffed
from tests.api.rehearsal.told_dataset import DAY, HOUR, MINUTE, START, Told
from tests.models.dataset_story import CUT, build_world


def week(tmp_path: Path) -> tuple[Told, dict[str, Any]]:
    """One person, two weeks: on time, after expiry, missed, declined, blocked, withdrawn, open, reports, decisions, alerts."""
    told = Told(as_of=START + 8 * DAY)
    told.person(days=8, n_zones=2)
    told.answered(START + 2 * HOUR, took=90)
    told.answered(START + 8 * HOUR, index=1, took=30, server_received_utc=START + 11 * HOUR, clock_suspect=True)
    late = {"state": "expired", "status": "expired", "timing": "after_expiry"}
    told.answered(START + DAY + 2 * HOUR, after=2 * HOUR, took=60, **late)
    told.prompt(START + DAY + 8 * HOUR, index=1)
    told.prompt(START + 2 * DAY + 2 * HOUR, state="declined", status="declined")
    told.prompt(START + 2 * DAY + 8 * HOUR, index=1, state="blocked", status="not_sent", reason="window")
    told.answered(START + 7 * DAY + 2 * HOUR)
    told.prompt(START + 7 * DAY + 8 * HOUR, index=1, state="cancelled", status="withdrawn", reason="withdrawn")
    told.prompt(START + 8 * DAY - 10 * HOUR, design="evening_diary", state="sent", status="open", expires=12 * HOUR)
    told.prompt(START + 9 * DAY, state="planned", status="not_sent")
    told.report(START + 3 * HOUR)
    return told, summarize(told.pack(tmp_path / "week.zip"), told.happened())


def test_compliance_is_on_time_over_planned_minus_not_sent_minus_withdrawn_and_agrees_with_the_export(tmp_path):
    _, found = week(tmp_path)
    kept = found["compliance"]
    assert (kept["planned"], kept["not_sent"], kept["withdrawn"], kept["open"], kept["denominator"]) == (8, 1, 1, 1, 6)
    assert (kept["completed_on_time"], kept["completed_ever"]) == (3, 4)
    assert (kept["on_time"], kept["ever"]) == (0.5, round(4 / 6, 4))
    assert kept["mean_over_persons"] == {"on_time": 0.5, "ever": round(4 / 6, 4)}
    assert [(one["week"], one["denominator"], one["completed_on_time"], one["on_time"]) for one in kept["by_week"]] == [
        (1, 5, 2, 0.4),
        (2, 1, 1, 1.0),
    ]
    assert [(one["design"], one["denominator"]) for one in kept["by_design"]] == [("evening_diary", 0), ("random_checks", 6)]
    assert kept["agreement"]["agrees"]
    assert (kept["agreement"]["compared"], kept["agreement"]["differing"]) == (3, 0)


def test_prompts_are_counted_by_state_and_status_and_by_study_day(tmp_path):
    _, found = week(tmp_path)
    prompts = found["prompts"]
    assert prompts["by_state"] == {"blocked": 1, "cancelled": 1, "completed": 3, "declined": 1, "expired": 2, "sent": 1}
    assert prompts["by_status"] == {
        "completed": 3, "declined": 1, "expired": 1, "missed": 1, "not_sent": 1, "open": 1, "withdrawn": 1,
    }  # fmt: skip
    assert (prompts["prompts"], prompts["entries"], prompts["to_come"]) == (9, 1, 1)
    assert [one["day"] for one in prompts["by_day"]] == list(range(1, 9))
    assert prompts["by_day"][1] == {"day": 2, "status": {"expired": 1, "missed": 1}}
    assert prompts["by_day"][4] == {"day": 5, "status": {}}
    assert {"design": "random_checks", "slots": 8, "blocked": {"window": 1}} in found["blocked"]


def test_burden_counts_minutes_of_every_day_of_participation_also_the_quiet_ones(tmp_path):
    _, found = week(tmp_path)
    burden = found["burden"]
    # Asked: day 1 two check-ins and a report (60 s each), days 2 and 8 two and two sent (the evening diary has 120 s), day 3 one.
    asked = [3.0, 2.0, 1.0, 0, 0, 0, 0, 2.0 + 2.0]
    assert burden["person_days"] == 8
    assert burden["minutes_asked"]["mean"] == pytest.approx(sum(asked) / 8)
    assert burden["minutes_asked"]["worst"] == 4.0
    assert burden["minutes_answered_stated"]["mean"] == pytest.approx((3 + 1 + 1) / 8)
    assert burden["minutes_answered_simulated"]["mean"] == pytest.approx((90 + 30 + 30 + 60 + 60) / 60 / 8)
    assert burden["minutes_asked"]["worst_person_mean"] == pytest.approx(sum(asked) / 8)
    assert burden["prompts"]["mean"] == pytest.approx(8 / 8)
    assert burden["reports"]["worst"] == 1
    assert burden["silent_days"] == {"days": 5, "share": 0.625, "longest_run": 5}
    assert sum(one["days"] for one in burden["histogram"]) == 8


def test_the_days_after_the_rehearsed_ones_are_nobodys(tmp_path):
    told, _ = week(tmp_path)
    told.tables.pop("compliance")
    found = summarize(told.pack(tmp_path / "r.zip"), told.happened(days=3))
    assert found["burden"]["person_days"] == 3
    assert found["burden"]["minutes_asked"]["mean"] == pytest.approx((3 + 2 + 1) / 3)
    assert found["burden"]["silent_days"]["days"] == 1
    told.tables.pop("compliance")
    told.tables["participants"][0] |= {"ended_utc": START + DAY, "state": "withdrawn"}
    assert summarize(told.pack(tmp_path / "l.zip"), told.happened())["burden"]["person_days"] == 2


def test_hours_are_those_of_the_persons_own_clock(tmp_path):
    told = Told()
    told.person()
    told.answered(datetime(2026, 3, 8, 6, 30, tzinfo=UTC))
    told.answered(datetime(2026, 3, 8, 12, 30, tzinfo=UTC), index=1)
    clock = summarize(told.pack(tmp_path / "a.zip"), told.happened())["clock"]
    # 1:30 before the spring gap, 8:30 after it, in New York.
    assert [hour for hour, count in enumerate(clock["prompts_by_hour"]) if count] == [1, 8]
    assert clock["answers_by_hour"][1] == clock["answers_by_hour"][8] == 1
    assert (clock["prompts_at_night"], clock["share_at_night"]) == (1, 0.5)
    assert clock["prompts_by_weekday"] == [0, 0, 0, 0, 0, 0, 2]


def test_timing_nothing_late_uploads_wrong_clocks_and_travelers_are_counted(tmp_path):
    told, _ = week(tmp_path)
    told.answers("r-extra", missing={"m_stress": "skipped", "m_tense": "not_shown", "m_low": "declined", "m_pain": "not_reached"})
    found = summarize(told.pack(tmp_path / "b.zip"), told.happened())["responses"]
    assert found["by_timing"] == {"after_expiry": 1, "on_time": 3, "unprompted": 1}
    assert found["nothing"] == {"not_shown": 1, "skipped": 1, "declined": 1, "not_reached": 1}
    assert (found["late_uploads"], found["clock_suspect"], found["travelers"]) == (1, 1, 1)
    assert found["hours_to_arrive"]["worst"] == pytest.approx(3 - 4 / 60, abs=1e-3)
    assert (found["stored"], found["acknowledged"], found["lost"]) == (6, 6, 0)


def test_an_early_answer_is_a_timing_of_its_own_and_completed_but_not_on_time(tmp_path):
    told = Told(as_of=START + 2 * DAY)
    told.person(days=2)
    told.answered(START + 2 * HOUR)
    told.answered(START + 8 * HOUR, index=1, after=-HOUR, timing="early", sent_utc=None)
    found = summarize(told.pack(tmp_path / "early.zip"), told.happened())
    assert found["responses"]["by_timing"] == {"early": 1, "on_time": 1}
    kept = found["compliance"]
    assert (kept["denominator"], kept["not_sent"], kept["completed_on_time"], kept["completed_ever"]) == (2, 0, 1, 2)
    assert kept["agreement"]["agrees"]
    assert found["faults"]["total"] == 0


def test_decisions_are_counted_by_reason_and_chance_with_their_probabilities(tmp_path):
    told = Told()
    told.person()
    told.decision(START + HOUR)
    told.control(START + 2 * HOUR)
    told.control(START + 3 * HOUR)
    told.idle(START + 4 * HOUR)
    held = {"rule": "high_craving", "mode": "live", "availability": False, "unavailable": "daily_cap;recent_content"}
    told.idle(START + 5 * HOUR, reason="daily_cap", **held)
    sure = {"rule": "sick", "arm": "medicine", "prob_arm": 1.0, "prob_treatment": 1.0, "arm_probabilities": '{"medicine":1.0}'}
    told.decision(START + 6 * HOUR, content="body_first", content_probabilities='{"body_first":1.0}', **sure)
    found = summarize(told.pack(tmp_path / "d.zip"), told.happened())["decisions"]
    assert found["by_reason"] == {"content": 2, "control_arm": 2, "daily_cap": 1, "no_rule": 1}
    assert found["unavailable"] == {"daily_cap": 1, "recent_content": 1}
    assert (found["points"], found["drawn"], found["randomized"], found["share_randomized"]) == (6, 4, 3, 0.5)
    assert (found["least_probability"], found["greatest_probability"]) == (0.4, 0.6)
    assert found["smallest_effect"] == pytest.approx(2.8 / sqrt(3 * 0.24), abs=1e-4)
    assert found["content"]["by_kind"] == {"future_scene": 1, "medication": 1}
    assert found["content"]["per_person_week"] == pytest.approx(2.0)
    rule = next(one for one in found["by_rule"] if one["rule"] == "high_craving")
    assert (rule["points"], rule["held_back"], rule["held_back_by_pacing"], rule["treated"]) == (4, 1, 1, 1)
    assert rule["treated_expected"] == pytest.approx(1.8)
    assert "high_craving" not in found["never"]["rules"]
    assert "stress_led" in found["never"]["rules"]
    assert "slow_breath" in found["never"]["content"]


def test_alerts_are_counted_by_tier_family_hour_and_time_to_be_taken(tmp_path):
    told = Told()
    told.person()
    monday = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    told.alert(monday, tier=4, family="not_safe", acknowledged=4, resolved=40)
    told.alert(monday + HOUR, tier=3, acknowledged=20, resolved=60)
    told.alert(monday + 2 * HOUR, tier=3, acknowledged=90, resolved=100)
    night = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    told.alert(night, tier=2, family="missed_medicine", acknowledged=600, resolved=None)
    found = summarize(told.pack(tmp_path / "e.zip"), told.happened(staff=2))["alerts"]
    assert (found["opened"], found["by_tier"]) == (4, {"2": 1, "3": 2, "4": 1})
    # Midnight on a Tuesday in New York: tier 2 is staffed from 8 to 18.
    assert (found["outside_cover"], found["urgent_outside_cover"]) == (1, 0)
    times = {one["group"]: one for one in found["times"]}
    assert times["tier 3, staffed hours"]["to_acknowledge"]["median"] == 55
    assert times["tier 3, staffed hours"]["to_resolve"]["worst"] == 100
    assert times["tier 2, other hours"]["to_acknowledge"]["median"] == 600
    family = {one["family"]: one for one in found["by_family"]}
    assert (family["need_now"]["due"], family["need_now"]["in_time"], family["need_now"]["share_in_time"]) == (2, 1, 0.5)
    assert (family["missed_medicine"]["in_time"], family["missed_medicine"]["unresolved"]) == (1, 1)
    assert [sum(one["tiers"].values()) for one in found["days"]] == [3, 1, 0, 0, 0, 0, 0, 0]
    assert found["per_coordinator_day"]["worst"] == 1.5
    assert found["per_coordinator_day"]["mean"] == pytest.approx(4 / 2 / 8)
    assert found["per_person_week"] == pytest.approx(4.0)
    assert found["hours"][0] == {"2": 1, "3": 0, "4": 0}
    assert [hour for hour, days in enumerate(found["staffed"]["2"]) if days] == list(range(8, 18))


def test_prompts_are_read_where_every_tier_they_can_disclose_is_staffed(tmp_path):
    told = Told()
    told.person()
    sunday = datetime(2026, 3, 8, 15, 0, tzinfo=UTC)
    told.prompt(START + HOUR, design="morning_diary")
    told.prompt(sunday, design="morning_diary")
    told.prompt(sunday + HOUR, design="weekly_review")
    told.prompt(sunday + 2 * HOUR)
    found = {one["part"]: one for one in summarize(told.pack(tmp_path / "f.zip"), told.happened())["reading"]}
    # The morning diary asks for missed medicine (tier 2, weekdays from 8), the review for thoughts of self-harm (always staffed).
    assert found["weekday"] == {"part": "weekday", "read": 1, "unread": 0, "nothing": 0, "urgent_unread": 0}
    assert found["weekend"] == {"part": "weekend", "read": 1, "unread": 1, "nothing": 1, "urgent_unread": 0}


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
def test_cover_says_the_same_as_the_promise_to_the_person_through_both_clock_changes(zone):
    hours = (
        StaffedHours(weekdays=(1, 2, 3, 4, 5), start="08:00", end="18:00", tiers=(2, 3)),
        StaffedHours(weekdays=(6, 7), start="22:00", end="02:30", tiers=(3,)),
        StaffedHours(weekdays=(1, 2, 3, 4, 5, 6, 7), start="00:00", end="00:00", tiers=(4,)),
    )
    staffing = Staffing(zone=zone, hours=hours)
    for month in (3, 4, 10, 11):
        start = datetime(2026, month, 1, tzinfo=UTC)
        cover = Cover(staffing, start, start + 10 * DAY)
        for quarter in range(10 * 96):
            now = start + quarter * 15 * MINUTE
            for tier in (2, 3, 4):
                assert cover.covered(tier, now) is not staffed(staffing, tier, now).nobody


def test_the_summary_says_synthetic_first_and_the_same_rehearsal_gives_the_same_bytes(tmp_path):
    told, found = week(tmp_path)
    assert next(iter(found)) == "synthetic"
    assert found["synthetic"] is True
    again = summarize(tmp_path / "week.zip", told.happened())
    assert encoded(again) == encoded(found)
    assert encoded(found).startswith(b'{"synthetic":true,"alerts":')
    assert json.loads(encoded(found)) == found
    assert found["run"]["seed"] == 7
    assert (found["run"]["started_at"], found["run"]["ended_at"]) == ("2026-03-02T12:00:00Z", "2026-03-10T12:00:00Z")


def test_replies_keep_route_counts_and_quantiles_the_busiest_first(tmp_path):
    _, found = week(tmp_path)
    assert [(one["route"], one["count"], one["p50_ms"], one["p99_ms"]) for one in found["replies"]] == [
        ("/v1/participant/prompts", 40, 3.0, 9.0),
        ("/v1/participant/responses/{id}", 10, 8.0, 31.0),
    ]


def test_a_report_reads_a_dataset_that_the_house_itself_exported(sessions: Sessions, keys: Keys, tmp_path):
    world = build_world(sessions, keys)
    built = world.build(world.ask(), tmp_path)
    told = Told()
    found = summarize(built.path, replace(told.happened(), people=1))
    assert found["compliance"]["agreement"]["agrees"]
    assert found["prompts"]["by_status"]["completed"] == 1
    assert found["decisions"]["points"] == 2
    assert found["alerts"]["by_tier"] == {"3": 1}
    assert found["run"]["ended_at"] == CUT.isoformat(timespec="seconds").replace("+00:00", "Z")


def test_a_file_that_is_no_dataset_or_lacks_a_table_is_named(sessions: Sessions, keys: Keys, tmp_path):
    told = Told()
    (tmp_path / "no.zip").write_bytes(b"PK nothing")
    with pytest.raises(Invalid, match=r"no\.zip is not an exported dataset"):
        summarize(tmp_path / "no.zip", told.happened())
    world = build_world(sessions, keys)
    built = world.build(world.ask(tables=("prompts", "participants")), tmp_path)
    with pytest.raises(Invalid, match="no table schedule"):
        summarize(built.path, told.happened())


def test_lives_keep_what_is_unknown_apart_from_what_is_low(tmp_path):
    told = Told()
    told.person()
    told.estimate(START + HOUR, 12.0, age=0.0)
    told.estimate(START + 3 * DAY, None, evidence="unknown", age=71.0)
    life = summarize(told.pack(tmp_path / "g.zip"), told.happened())["lives"][0]
    assert life["points"] == [[round(1 / 24, 4), 12.0, 0.0, "current"], [3.0, None, 71.0, "unknown"]]
    assert life["until"] == timedelta(days=7) / DAY
