"""Laws of the estimator over streams nobody would write by hand."""

from datetime import UTC, datetime, timedelta
from math import isfinite, sqrt
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.estimate import estimator
from risk.estimate.evidence import as_of
from risk.estimate.nodes import ItemNode, Nodes
from risk.estimate.prior import PRIOR_FILE, load
from risk.estimate.state import RiskState, decode, encode
from risk.terms import KIND_ORDER, Observation, RiskEstimate

PRIOR = load((Path(__file__).parents[2] / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes())
VARIABLES = {"craving": "C", "intrusion": "C", "cue_met": "R", "stress": "S", "phq_low": "S", "pain": "W", "control": "E", "dread": "E"}
NODES = Nodes({name: ItemNode(name, of, 1.0, 168.0 if name == "phq_low" else 12.0) for name, of in VARIABLES.items()})
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

VALUES = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0.0, 1.0))
GAPS = st.one_of(st.sampled_from([0.0, 1e-6, 4.0, 10.0, 71.9, 24.0 * 400]), st.floats(0.0, 200.0))


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    made: list[Observation] = []
    now = BEGIN
    constant = draw(st.booleans())
    for index in range(draw(st.integers(1, 25))):
        now += timedelta(hours=draw(GAPS))
        kind = draw(st.sampled_from(["response", "response", "response", *KIND_ORDER]))
        answers = (
            {} if kind in ("expiry", "content", "timed_event") else draw(st.dictionaries(st.sampled_from([*VARIABLES, "unknown"]), VALUES))
        )
        if constant:
            answers = dict.fromkeys(answers, 1.0)
        made.append(
            Observation(
                source_id=f"{index:04d}",
                kind=kind,
                event_time=now,
                local_hour=draw(st.floats(0.0, 23.99)),
                answers=answers,
                floor=frozenset(name for name, value in answers.items() if value == 0.0),
                trains=kind == "response" and draw(st.booleans() | st.just(value=True)),
                context=draw(st.none() | st.sampled_from([f"place{one}" for one in range(12)])),
                days_abstinent=draw(st.none() | st.floats(0.0, 5000.0)),
                event="dose" if kind == "timed_event" else None,
            )
        )
    return sorted(made, key=lambda one: one.key())


def run(stream: list[Observation]) -> tuple[RiskState, list[RiskEstimate]]:
    return estimator.fold(estimator.start(PRIOR, "map"), stream, PRIOR, NODES)


def numbers(estimate: RiskEstimate) -> list[float]:
    bands = [estimate.nowcast, estimate.forecast, *estimate.couplings.values(), *estimate.edges.values()]
    found = [one for band in bands for one in (band.value, band.low, band.high)]
    found += [estimate.age_hours, estimate.level, estimate.rise, estimate.drive, estimate.population_drive, estimate.discordance]
    found += [*estimate.nodes.values(), *estimate.own.values(), *estimate.features.values(), *estimate.coverage.values()]
    found += [estimate.innovation, estimate.cusum_innovation, estimate.cusum_baseline]
    return [one for one in found if one is not None]


def whole(flat: list[float]) -> np.ndarray:
    size = int((sqrt(8 * len(flat) + 1) - 1) / 2)
    low = np.zeros((size, size))
    low[np.tril_indices(size)] = flat
    return low + np.tril(low, -1).T


@settings(max_examples=80, deadline=None)
@given(observations())
def test_no_stream_breaks_it_and_every_number_is_finite_and_in_range(stream: list[Observation]):
    state, estimates = run(stream)
    for estimate in estimates:
        assert all(isfinite(one) for one in numbers(estimate))
        assert abs(sum(estimate.contributions.values()) - estimate.drive) <= 1e-12
        assert estimate.level is None or 0.0 <= estimate.level <= 100.0
        assert all(one is None or 0.0 <= one <= 1.0 for one in estimate.nodes.values())
        assert all(band.low <= band.value <= band.high for band in (*estimate.couplings.values(), *estimate.edges.values()))
        assert estimate.evidence == as_of(estimate, estimate.as_of).state
        assert set(estimate.contributions) == {"lag", "R", "S", "W", "E", "RS", "Ri", "context", "content", "hour"}
    for flat in (state.coupling.precision, state.lagged.day.precision, state.lagged.night.precision):
        assert np.linalg.eigvalsh(whole(flat)).min() > 0.5
    assert all(one.variance >= 0.0 for one in state.items.values())


@settings(max_examples=40, deadline=None)
@given(observations(), st.integers(0, 25))
def test_a_stream_may_be_cut_anywhere_and_its_bytes_go_round(stream: list[Observation], cut: int):
    whole_state, estimates = run(stream)
    middle, first = run(stream[:cut])
    end, second = estimator.fold(decode(encode(middle)), stream[cut:], PRIOR, NODES)
    assert encode(end) == encode(whole_state)
    assert [*first, *second] == estimates


@settings(max_examples=40, deadline=None)
@given(observations(), st.data())
def test_reports_and_duplicates_never_train(stream: list[Observation], data: st.DataObject):
    silent = [one for one in stream if one.trains or one.kind in ("content", "timed_event")]
    state, _ = run(stream)
    trained, _ = run(silent)
    assert state.items == trained.items
    assert state.coupling == trained.coupling
    assert state.lagged == trained.lagged
    assert state.change == trained.change
    last = data.draw(st.sampled_from(stream[-4:]))
    assert estimator.update(state, last, PRIOR, NODES)[0] is state
