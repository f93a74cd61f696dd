"""A demo, run by its command over HTTP on both databases; what it promises is looked for in the database itself."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from models.definition.prompting import Stratified
from models.kinds import AlertState
from models.queries.study import mark
from models.tables import Alert, DecisionRow, Enrollment, Response, RiskEstimateRow, Study
from tests.api.rehearsal.living import DAYS, ENDED, PEOPLE, SMALL, Ran, never_asked, prompts, protocol_of, ran
from tests.conftest import BOTH, _admin, database_url


@pytest.fixture(scope="module", params=BOTH)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    directory = tmp_path_factory.mktemp("rehearsal") / "demo"
    if request.param == "sqlite":
        yield ran(directory, None, "demo", *SMALL)
        return
    server, name = request.getfixturevalue("postgres_server"), f"demo_{uuid4().hex[:8]}"
    _admin(server, f'CREATE DATABASE "{name}"')
    yield ran(directory, database_url(server, name), "demo", *SMALL)
    _admin(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def test_it_ends_well_and_says_where_its_files_are(demo: Ran) -> None:
    assert demo.exit_code == 0, demo.said
    for name in ("summary.json", "report.html", "dataset.zip"):
        assert (demo.directory / name).stat().st_size > 0
        assert str(demo.directory / name) in demo.said.replace("\n", "")


def test_every_receipt_stands_for_exactly_one_stored_response(demo: Ran) -> None:
    with demo.reading() as session:
        rows = session.rows(
            select(Enrollment.uid, Response.client_id, func.count().label("number"))
            .join(Enrollment, Enrollment.id == Response.enrollment_id)
            .where(Response.superseded.is_(False))
            .group_by(Enrollment.uid, Response.client_id)
        )
    stored = Counter(str(row.uid) for row in rows)
    assert {row.number for row in rows} == {1}
    assert stored == {one["enrollment_id"]: one["acknowledged"] for one in demo.happened["persons"]}
    assert (demo.happened["lost"], demo.happened["unclaimed"], demo.happened["doubled"]) == (0, 0, 0)


def test_every_prompt_has_ended_or_is_still_to_come(demo: Ran) -> None:
    with demo.reading() as session:
        rows, row = prompts(session), mark(session)
    assert row is not None
    assert rows
    assert [one.uid for one in rows if one.state not in ENDED and one.expires_at <= row.study_now] == []


def test_every_answered_prompt_says_when_it_was_opened_though_not_every_opening_was_told(demo: Ran) -> None:
    with demo.reading() as session:
        answered = [one for one in prompts(session) if one.completed_at is not None]
    assert answered
    assert [one.uid for one in answered if one.opened_at is None or one.opened_at > one.completed_at] == []
    assert demo.happened["acts"].get("open", 0) < len(answered)


def test_every_guaranteed_gap_holds_in_the_rows(demo: Ran) -> None:
    with demo.reading() as session:
        rows, protocol = prompts(session), protocol_of(session)
    pairs = 0
    for design in (one for one in protocol.designs if isinstance(one, Stratified)):
        mine = [one for one in rows if one.design == design.id and not never_asked(one)]
        for first, second in pairwise(mine):
            if first.enrollment_id == second.enrollment_id:
                pairs += 1
                assert (second.due_at - first.due_at).total_seconds() >= 60 * design.gap_minutes
    assert pairs > 0


def test_each_decision_point_has_one_decision(demo: Ran) -> None:
    with demo.reading() as session:
        points = session.rows(select(DecisionRow.enrollment_id, DecisionRow.point, DecisionRow.source_id))
    assert points
    assert max(Counter((one.enrollment_id, one.point, one.source_id) for one in points).values()) == 1


def test_every_row_of_it_says_synthetic(demo: Ran) -> None:
    with demo.reading() as session:
        for table in (Study, Enrollment, Response, DecisionRow, RiskEstimateRow, Alert):
            flags = session.rows(select(table.synthetic, func.count().label("number")).group_by(table.synthetic))
            assert [bool(one.synthetic) for one in flags] in ([True], []), table.__tablename__
        assert session.value(select(func.count()).select_from(Enrollment)) == PEOPLE
    assert demo.summary["synthetic"] is True
    assert "SYNTHETIC" in demo.said


def test_someone_who_said_not_safe_was_heard_by_a_human(demo: Ran) -> None:
    with demo.reading() as session:
        alerts = session.rows(select(Alert.tier, Alert.state).where(Alert.tier == 4))
    assert alerts
    assert {one.state for one in alerts} == {AlertState.RESOLVED}
    worked = [one for one in demo.happened["alerts"] if one["tier"] == 4]
    assert all(one["acknowledged_minutes"] >= one["seen_minutes"] >= 0 for one in worked)


def test_nothing_unplanned_was_replied(demo: Ran) -> None:
    assert demo.happened["unexpected"] == []
    assert [one for one in demo.happened["refusals"] if not one["expected"]] == []
    assert demo.summary["faults"]["total"] == 0


def test_nothing_that_was_shown_once_is_left_in_a_file(demo: Ran) -> None:
    log = (demo.directory / "server.log").read_text()
    assert "one-time" not in log.lower()
    assert "Traceback" not in log


def test_the_same_seed_gives_the_same_lives_on_both_databases(request: pytest.FixtureRequest, demo: Ran) -> None:
    """Prompt times come from keys that the house draws; what people choose does not."""
    chosen = ("enroll", "self_report", "list", "scene", "wake_windows", "zone_change", "pause", "leave", "ask_for_help", "offline_spell")
    said = {one: demo.happened["acts"].get(one, 0) for one in chosen}
    lives = [
        (one["number"], one["zone"], one["left"], {name: one["acts"].get(name, 0) for name in chosen}) for one in demo.happened["persons"]
    ]
    known = request.config.stash.setdefault(LIVES, (said, lives))
    assert (said, lives) == known
    assert said["enroll"] == PEOPLE
    assert demo.happened["days"] == DAYS


LIVES: pytest.StashKey[object] = pytest.StashKey()
