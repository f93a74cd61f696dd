"""What is scored is what was trained: a history from rows says the same as one from the export of the same people."""

from pathlib import Path

import pytest

from api.laboratory.own_layout import read_own
from models.kinds import TimedEventKind
from models.protocols import Protocols
from models.queries.planning import lock_enrollment
from models.sealed import Keys
from models.session import Sessions
from risk.population.features import columns, features_at
from risk.population.record import sources_of
from risk.serving import features, history_of
from scheduler.plan.calendar import resolve, zone_info
from tests.models.dataset_story import World as Told
from tests.models.dataset_story import build_world


@pytest.fixture
def told(sessions: Sessions, keys: Keys) -> Told:
    return build_world(sessions, keys)


@pytest.mark.parametrize("day", [1, 2, 3])
def test_rows_and_export_give_the_same_features(told: Told, tmp_path: Path, day: int) -> None:
    exported = read_own(told.build(told.ask(), tmp_path).path)
    (history,) = exported.people
    names = [one.name for one in columns(exported.sources)]
    trained = dict(zip(names, features_at(history, float(day), exported.sources), strict=True))
    assert history.began is not None
    midnight = resolve(history.began.replace(day=history.began.day + day), "00:00", "America/New_York")
    with told.sessions.transaction() as session:
        person = lock_enrollment(session, told.person.enrollment_id)
        assert person is not None
        live = history_of(session, Protocols(), person, zone_info("America/New_York"), until=midnight, today=day)
    scored = features(live, day, sources_of([told.study.protocol]))
    assert set(names) <= set(scored)
    assert {name: repr(scored[name]) for name in names} == {name: repr(one) for name, one in trained.items()}
    if day == 3:
        assert trained["answering:missed_72h"] == 2.0
        assert scored["last:craving"] > 0.5


def test_every_event_that_the_models_read_is_a_kind_of_event_or_told_by_an_answer() -> None:
    from risk.population.record import EVENT_VARIABLES, EVENTS

    assert {one.name for one in EVENTS} <= {*TimedEventKind, *(name for name, _ in EVENT_VARIABLES.values())}
