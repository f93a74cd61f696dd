"""One rehearsal in two houses side by side: who lives where, one report of all, and what happens where a house fails."""

import fcntl
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.actions.first_run import shipped
from api.rehearsal.drive import Wanted, people_of
from api.rehearsal.house import Order
from api.rehearsal.houses import _ctrl_c, divided, live_in
from api.rehearsal.recorder import Recorder, Seen
from api.rehearsal.report.dataset import Dataset
from api.rehearsal.report.records import Records
from models.errors import Busy, Invalid
from tests.api.rehearsal.living import Ran, run, settings_of

START = datetime(2026, 3, 6, 13, tzinfo=UTC)
PEOPLE = 3


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Three people for two days, two of them in the first house; one coordinator was asked for and each house needs one."""
    home = tmp_path_factory.mktemp("houses") / "out"
    words = ("--participants", str(PEOPLE), "--days", "2", "--staff", "1", "--seed", "3", "--houses", "2", "--quiet")
    result = run("rehearse", "oud", *words, "--directory", str(home))
    assert result.exception is None, (result.output, result.exception)
    return Ran(home, settings_of(home), result.output, result.exit_code)


def _datasets(lived: Ran) -> list[Path]:
    return [lived.directory / name / "dataset.zip" for name in ("house-1", "house-2")]


def _load(path: Path) -> Records:
    dataset = Dataset(path)
    try:
        return Records.load(dataset)
    finally:
        dataset.close()


def test_one_report_is_of_everyone_and_every_promise_is_kept(lived: Ran) -> None:
    summary = lived.summary
    assert (summary["faults"]["total"], summary["compliance"]["agreement"]["agrees"]) == (0, True)
    assert summary["responses"]["compared"] == "every id"
    assert (summary["run"]["people"], summary["people"]["in_dataset"], summary["run"]["houses"]) == (PEOPLE, PEOPLE, 2)
    assert [(one["people"], one["staff"]) for one in summary["run"]["by_house"]] == [(2, 1), (1, 1)]
    assert [one["number"] for one in lived.happened["persons"]] == [0, 1, 2]


def test_its_totals_are_the_sums_over_the_houses(lived: Ran) -> None:
    houses, summary, happened = [_load(one) for one in _datasets(lived)], lived.summary, lived.happened
    assert all(one.persons and one.prompts for one in houses)
    assert summary["prompts"]["prompts"] == sum(one.row_kind == "prompt" for house in houses for one in house.prompts)
    assert summary["decisions"]["points"] == sum(len(one.decisions) for one in houses)
    assert summary["alerts"]["opened"] == sum(len(one.alerts) for one in houses) == len(happened["alerts"])
    assert happened["acknowledged"] == happened["stored"] == sum(one["acknowledged"] for one in happened["persons"])
    requests = sum(one["count"] for one in happened["routes"])
    assert requests == sum(one["requests"] for one in happened["houses"])
    assert happened["wall_seconds"] == max(one["wall_seconds"] for one in happened["houses"])


def test_no_id_of_one_house_stands_in_another(lived: Ran) -> None:
    first, second = (_load(one) for one in _datasets(lived))
    both = Records.joined([first, second])
    assert len({one.participant_id for one in both.persons}) == PEOPLE
    assert len({one.prompt_id for one in both.slots}) == len(first.slots) + len(second.slots)
    assert {both.known_until(one.participant_id) for one in second.persons} == {second.as_of}
    with pytest.raises(Invalid, match="no parts of one rehearsal"):
        Records.joined([first, first])


def test_it_says_what_living_apart_means_and_where_each_dataset_is(lived: Ran) -> None:
    said = lived.said.replace("\n", "")
    assert all(str(one) in said for one in _datasets(lived))
    assert "Each house needs a coordinator: 2 work in 2 houses, where 1 were asked for." in said
    page = " ".join((lived.directory / "report.html").read_text().split())
    assert "Lived in 2 houses side by side, of 2 + 1 people, with 1 + 1 coordinators" in page
    assert not (lived.directory / "dataset.zip").exists()


def test_a_person_is_the_same_one_in_any_division() -> None:
    wanted = Wanted(seed=7, people=7, days=10, staff=3)
    whole = people_of(wanted, START)
    for houses in (2, 3, 7):
        shares = divided(wanted, houses)
        assert tuple(person for one in shares for person in people_of(one, START)) == whole
        assert sum(one.staff for one in shares) == max(wanted.staff, houses)


def test_quantiles_of_several_drivers_are_those_of_all_their_values() -> None:
    parts = []
    for values in (range(1, 10), range(901, 992)):
        one = Recorder()
        for value in values:
            one.replied("GET", "/v1/x", 200, float(value))
        one.acknowledge(len(parts), "r")
        parts.append(one.seen)
    both = Recorder.of([*parts, Seen()])
    (found,) = both.routes()
    assert (found.count, found.p50, found.slowest, found.statuses) == (100, 941.0, 991.0, {"200": 100})
    assert both.acknowledged() == 2


def test_houses_that_cannot_be_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    words = ("rehearse", "oud", "--participants", "2", "--days", "1", "--directory", str(tmp_path / "out"))
    assert run(*words, "--houses", "0").exit_code == 2
    crowded = run(*words, "--houses", "3").exception
    assert isinstance(crowded, Invalid)
    assert crowded.code == "houses_unfit"
    one_database = run(*words, "--houses", "2", BREAKWATER_REHEARSAL_DATABASE_URL="postgresql://nobody@localhost/none").exception
    assert isinstance(one_database, Invalid)
    assert one_database.code == "one_database"
    assert not (tmp_path / "out").exists()


def test_the_first_ctrl_c_is_heard_between_two_words_of_a_house_and_the_second_one_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with _ctrl_c() as pressed:
        assert not pressed.is_set()
        signal.raise_signal(signal.SIGINT)
        assert pressed.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_house_that_fails_is_named_and_the_others_end_with_it(tmp_path: Path) -> None:
    """The second one has no protocol that a study could begin with."""
    wanted = Wanted(people=2, days=400, staff=1)
    orders = []
    for one, document in zip(divided(wanted, 2), (shipped("oud"), b"{}"), strict=True):
        (home := tmp_path / f"house-{one.house + 1}").mkdir()
        orders.append(Order(home, one, START, document))
    with pytest.raises(Busy, match="House 2 failed") as failed:
        live_in(orders, lambda _: None)
    assert str(tmp_path / "house-2" / "driver.log") in failed.value.detail
    assert failed.value.code == "house_failed"
    if (lock := tmp_path / "house-1" / "writer.lock").exists():
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
