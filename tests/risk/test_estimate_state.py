"""The state: canonical bytes, parity of stream and batch, refusals, size."""

import hashlib
import json
import platform
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from models.definition.itemmap import item_map
from models.definition.load import parse
from models.errors import Conflict, Invalid
from models.kinds import CueType
from risk.estimate import estimator, state
from risk.estimate.digits import packed, unpacked
from risk.estimate.nodes import from_item_map
from risk.estimate.prior import DAY, NIGHT, REGRESSORS, load
from risk.estimate.readout import VERSION
from risk.estimate.state import SCHEMA, OtherPrior, OutOfOrder, UnknownSchema, decode, encode
from risk.refold import estimate_detail
from risk.terms import Observation
from tests.risk.estimate_streams import BEGIN, ITEMS, PRIOR, Person, answer, at, run, stream

GOLDEN = "581b7978b6f5e062"
RAW = Path(__file__).parents[2] / "risk" / "estimate" / "priors" / "population.json"


def a_life(days: int = 12) -> list[Observation]:
    """Prompts, reports, expiries, content and an event, in order."""
    made = stream(Person(answered=0.8), 300, days, coarse=True)
    for day in range(days):
        made.append(answer(f"r{day}", day * 24.0 + 16.0, {"craving": 0.8, "stress": 0.6}, kind="report", trains=False))
        made.append(answer(f"c{day}", day * 24.0 + 16.5, {}, kind="content", trains=False))
        made.append(answer(f"e{day}", day * 24.0 + 22.9, {}, kind="expiry", trains=False))
        made.append(answer(f"d{day}", day * 24.0 + 8.0, {}, kind="timed_event", trains=False, event="dose"))
    made.append(answer("weekly", 150.0, {"phq_low": 0.6}))
    context = [
        replace(one, context=f"place{index % 11}", days_abstinent=index / 4, cues=("money", "place")[: index % 3])
        for index, one in enumerate(made)
    ]
    return sorted(context, key=lambda one: one.key())


def test_the_digits_of_the_schema_are_a_digest_of_every_field():
    layout = [
        (kind.__name__, kind.__struct_fields__)
        for kind in (state.Baseline, state.Cue, state.Coupling, state.Block, state.Lagged, state.Levels, state.Change, state.RiskState)
    ]
    digest = hashlib.sha256(json.dumps([layout, REGRESSORS, DAY, NIGHT]).encode()).hexdigest()[:8]
    assert f"risk-state-7-{digest}" == SCHEMA


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="bit for bit holds on one platform")
def test_the_arithmetic_is_that_of_this_release():
    """A golden hash: where the order of the arithmetic changes, so do these digits, SCHEMA's number and VERSION."""
    whole, estimates = run(a_life())
    said = json.dumps([estimate_detail(one) for one in estimates], sort_keys=True).encode()
    assert (SCHEMA[:12], VERSION) == ("risk-state-7", "estimator-7")
    assert hashlib.sha256(encode(whole) + said).hexdigest()[:16] == GOLDEN


def test_a_fold_equals_the_stream_to_the_last_bit_with_bytes_between_any_two_observations():
    life = a_life()
    whole, estimates = run(life)
    current = estimator.start(PRIOR, "map")
    for observation, expected in zip(life, estimates, strict=True):
        current, estimate = estimator.update(decode(encode(current)), observation, PRIOR, ITEMS)
        assert estimate == expected
    assert encode(current) == encode(whole)
    assert decode(encode(whole)) == whole


@pytest.mark.parametrize("cut", [0, 1, 17, 40])
def test_a_stream_may_be_saved_and_loaded_anywhere(cut: int):
    life = a_life()
    middle, first = run(life[:cut])
    end, second = run(life[cut:], decode(encode(middle)))
    assert (end, [*first, *second]) == run(life)


def test_answers_that_arrive_in_another_order_are_equal_after_a_refold():
    life = a_life(5)
    arrived = sorted(life, key=lambda one: hashlib.sha256(one.source_id.encode()).hexdigest())
    assert run(sorted(arrived, key=lambda one: one.key())) == run(life)


def test_an_observation_from_before_the_newest_one_is_refused_so_that_the_shell_refolds():
    life = a_life(3)
    current, _ = run(life[1:])
    with pytest.raises(OutOfOrder, match="observation_out_of_order") as refusal:
        estimator.update(current, life[0], PRIOR, ITEMS)
    assert isinstance(refusal.value, Conflict)


def test_a_source_id_that_was_seen_teaches_nothing_again():
    life = a_life(6)
    current, _ = run(life)
    for observation in life[-3:]:
        again, estimate = estimator.update(current, observation, PRIOR, ITEMS)
        assert again is current
        assert estimate.source_id == observation.source_id


def test_nothing_after_an_instant_changes_what_was_said_at_it():
    life = a_life(8)
    _, said = run(life)
    changed = [replace(one, answers=dict.fromkeys(one.answers, 1.0), context="elsewhere") for one in life[30:]]
    _, then = run([*life[:30], *changed])
    _, without = run(life[:30])
    assert then[:30] == said[:30] == without
    assert [one.features for one in then[:30]] == [one.features for one in without]


def test_what_is_stored_of_a_band_is_what_is_read_of_it():
    _, estimates = run(a_life(6))
    detail = estimate_detail(estimates[-1])
    for name in ("couplings", "edges"):
        read = getattr(estimates[-1], name)
        assert len(read) == len(detail[name]) >= 9
        assert detail[name] == {one: [band.value, band.low, band.high] for one, band in read.items()}


def test_packed_numbers_keep_seven_digits_and_are_the_same_bytes_again():
    numbers = (1.0, 1 / 3, 12345.678, 6e-5, 0.0)
    kept = unpacked(packed(*numbers))
    assert kept == pytest.approx(numbers, rel=6e-8)
    assert packed(*kept) == packed(*numbers) == bytes.fromhex("0000803fabaaaa3eb6e6404682a87b3800000000")


def test_an_update_leaves_the_state_that_went_in_as_it_was():
    life = a_life(6)
    current, _ = run(life[:-1])
    before = encode(current)
    estimator.update(current, life[-1], PRIOR, ITEMS)
    assert encode(current) == before


def test_bytes_of_another_schema_are_refused_by_name():
    raw = encode(estimator.start(PRIOR, "map"))
    other = raw.replace(SCHEMA.encode(), b"risk-state-0-00000000")
    for bad in (other, b"{}", b"[]", b"\xff", raw[:-5], raw.replace(b'"answered":0', b'"answered":"many"')):
        with pytest.raises(UnknownSchema) as refusal:
            decode(bad)
        assert isinstance(refusal.value, Invalid)


def test_a_state_of_another_prior_is_refused():
    raw = RAW.read_bytes().replace(b'"version": 1', b'"version": 2')
    with pytest.raises(OtherPrior):
        estimator.update(estimator.start(PRIOR, "map"), answer("a", 10.0, {"craving": 0.5}), load(raw), ITEMS)


def test_an_indicator_outside_its_scale_is_refused_without_its_value():
    for wrong in (1.7, -0.1, float("nan"), float("inf")):
        with pytest.raises(Invalid) as refusal:
            run([answer("a", 10.0, {"stress": wrong})])
        assert refusal.value.faults[0].pointer == "/answers/stress"
        assert str(wrong) not in str(refusal.value)


def test_the_state_of_the_shipped_protocol_stays_within_six_kilobytes():
    file = Path(__file__).parents[2] / "api" / "actions" / "shipped" / "oud.json"
    nodes = from_item_map(item_map(parse(file.read_bytes())))
    assert len(nodes) >= 20
    assert set(nodes) <= set(PRIOR.document.variables), "every shipped indicator has moments in the prior"
    life = stream(Person(), 310, 60)
    full = []
    for index, one in enumerate(life):
        more = {name: ((index * 7 + place * 3) % 11) / 10 for place, name in enumerate(nodes)}
        name = f"0192f3a1-7c44-7abc-8def-{index:012d}"
        full.append(replace(one, source_id=name, answers={**more, **one.answers}, context=f"outdoors:coworkers{index % 9}"))
    kinds = tuple(sorted(CueType))
    full = [
        replace(one, answers={name: value for name, value in one.answers.items() if name in nodes}, cues=(kinds[index % len(kinds)],))
        for index, one in enumerate(full)
    ]
    current, _ = run(full, nodes=nodes)
    assert len(current.cues) == len(kinds)
    assert len(encode(current)) <= 6000


def test_a_study_without_craving_items_still_has_levels_and_no_craving():
    _, estimates = run(
        [answer(f"{index}", 10.0 + 6 * index, {"stress": 0.8}) for index in range(20)], nodes=type(ITEMS)({"stress": ITEMS["stress"]})
    )
    last = estimates[-1]
    assert last.level > 60
    assert (last.craving, last.age_hours, last.nowcast.value, last.forecast.value) == (None, None, None, None)


def test_a_variable_that_the_prior_does_not_know_gets_a_weak_generic_one():
    nodes = type(ITEMS)({"craving": ITEMS["craving"], "dread": replace(ITEMS["stress"], variable="dread")})
    _, (seen,) = run([answer("a", 10.0, {"craving": 0.3, "dread": 0.9})], nodes=nodes)
    assert seen.own["S"] > 1.0


def test_events_and_content_are_features_with_their_age():
    _, estimates = run(a_life(3))
    last = estimates[-1]
    assert 0.0 < last.features["event:dose"] < 1.0
    assert last.features["hours_since_content"] == pytest.approx((last.as_of - at(2 * 24 + 16.5)).total_seconds() / 3600)
    assert not any(name in last.features for name in ("theta", "R", "couplings"))
    assert msgspec.json.decode(msgspec.json.encode(last.features)) == last.features


def test_the_learning_label_ends_after_fourteen_answers_on_five_days():
    few_days = [answer(f"{index}", 9.0 + index * 0.8, {"craving": 0.3}) for index in range(18)]
    assert {one.evidence for one in run(few_days)[1]} == {"learning"}
    five_days = [answer(f"{index}", 9.0 + 8.0 * index, {"craving": 0.3}) for index in range(16)]
    said = [one.evidence for one in run(five_days)[1]]
    assert (said[12], said[13]) == ("learning", "current")
    assert BEGIN.hour == 0
