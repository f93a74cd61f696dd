"""Null worlds: the same people, of whom one thing is not true."""

from datetime import UTC, datetime

from api.rehearsal.people.hazard import use_chance
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.make import make_people
from api.rehearsal.people.terms import Person, World

START = datetime(2026, 1, 5, tzinfo=UTC)


def group(world: World) -> tuple[Person, ...]:
    return make_people(5, 12, start=START, days=30, world=world)


def test_without_couplings_nothing_but_itself_moves_craving():
    for person, usual in zip(group(World.NULL_COUPLING), group(World.USUAL), strict=True):
        pulls = person.couplings
        assert (pulls.cue, pulls.stress, pulls.executive, pulls.cue_stress, pulls.incubation) == (0.0,) * 5
        assert (pulls.lag, person.key, person.cue_rate) == (usual.couplings.lag, usual.key, usual.cue_rate)


def test_without_an_outcome_craving_moves_no_use():
    for person, usual in zip(group(World.NULL_OUTCOME), group(World.USUAL), strict=True):
        calm, craving = (use_chance(person, abstinent_days=9.0, craving_sd=one, executive_sd=one) for one in (-2.0, 2.0))
        assert calm == craving
        assert use_chance(usual, abstinent_days=9.0, craving_sd=2.0, executive_sd=2.0) > craving
        assert person.couplings == usual.couplings


def test_a_null_outcome_leaves_what_is_felt_as_it_is_until_the_first_use():
    null, usual = (InnerLife(group(world)[0]) for world in (World.NULL_OUTCOME, World.USUAL))
    first = null.person.joins_at
    assert null.feelings(first).craving == usual.feelings(first).craving
