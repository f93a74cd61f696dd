"""Study time in several processes: who moves it tells the others by the row, and it never goes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep

import pytest

from models.clock import Clock, MovableClock, SystemClock
from models.queries.study import mark, move_study_time, set_mark
from models.sealed import Keys
from models.session import Sessions
from models.settings import DatabaseSettings
from scheduler.follow import catch_up, following, study_now
from tests.build import NOW

LATER = NOW + timedelta(days=3)


@pytest.fixture
def marked(sessions: Sessions, keys: Keys) -> Sessions:
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=True, tzdata_version="test", now=NOW, study_now=NOW)
    return sessions


@contextmanager
def another_process(settings: DatabaseSettings) -> Iterator[Sessions]:
    other = Sessions(settings)
    try:
        yield other
    finally:
        other.close()


def reached(clock: Clock, instant) -> bool:
    ends = monotonic() + 10
    while clock.study() != instant and monotonic() < ends:
        sleep(0.01)
    return clock.study() == instant


@pytest.mark.postgres
def test_a_process_goes_along_where_another_one_moves_study_time(marked: Sessions):
    if marked.embedded:
        pytest.skip("on SQLite one process has it all")
    clock = MovableClock(NOW)
    with following(marked, clock, every=0.01):
        with another_process(marked.settings) as other, other.transaction() as session:
            move_study_time(session, LATER)
        assert reached(clock, LATER)


def test_study_time_never_goes_back_in_the_row_nor_in_a_process(marked: Sessions):
    with marked.transaction() as session:
        move_study_time(session, LATER)
        move_study_time(session, NOW)
    with marked.reading() as session:
        assert mark(session).study_now == LATER  # type: ignore[union-attr]
    behind, ahead = MovableClock(NOW), MovableClock(LATER + timedelta(hours=1))
    catch_up(marked, behind)
    catch_up(marked, ahead)
    assert (behind.study(), ahead.study()) == (LATER, LATER + timedelta(hours=1))


def test_a_real_study_has_nothing_to_follow(sessions: Sessions, keys: Keys):
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="test", now=NOW, study_now=LATER)
        move_study_time(session, LATER)
    with sessions.reading() as session:
        assert mark(session).study_now is None, "only a rehearsal has a study time of its own"  # type: ignore[union-attr]
    clock = SystemClock()
    with following(sessions, clock, every=0.01):
        assert clock.study() < clock.system() + timedelta(seconds=1)


def test_a_moment_that_this_process_does_not_know_yet_is_looked_up_before_it_counts_as_the_future(marked: Sessions) -> None:
    behind = MovableClock(NOW)
    with marked.transaction() as session:
        move_study_time(session, NOW + timedelta(hours=3))
    assert study_now(marked, behind, NOW) == NOW
    told = study_now(marked, behind, NOW + timedelta(hours=2))
    assert told == (NOW if marked.embedded else NOW + timedelta(hours=3))
