"""A model's file: what is written comes back, and a hostile or broken one is refused with its place."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.codec import canonical
from models.errors import Invalid, Problem, TooLarge
from risk.population.artefact import (
    MOST_BYTES,
    LogisticPart,
    digest_of,
    read,
    write,
)
from risk.population.score import probability
from tests.risk.artefacts import model


def broken(change: Callable[[Any], None], *, sign: bool = True) -> bytes:
    """The file after a hostile hand; `sign`: which also makes the digest fit."""
    whole = json.loads(write(model()))
    change(whole["document"])
    if sign:
        whole["digest"] = hashlib.sha256(canonical(whole["document"])).hexdigest()
    return canonical(whole)


def test_what_is_written_comes_back_with_its_name() -> None:
    one = model()
    again = read(write(one))
    assert again == one
    assert again.id == f"M0-day-{digest_of(one)[:12]}"
    assert write(again) == write(one)


def test_a_tree_sends_what_is_missing_where_training_sent_it() -> None:
    low, high = probability(model(), {"use:days_log": 0.5}), probability(model(), {"use:days_log": 0.6})
    assert low < 0.1 < high
    assert probability(model(), {}) == low


def test_what_was_learned_from_simulated_people_loads_in_a_rehearsal_only() -> None:
    raw = write(model(synthetic=True))
    assert read(raw, rehearsal=True).synthetic
    with pytest.raises(Invalid, match="simulated people"):
        read(raw)


HOSTILE: dict[str, tuple[Callable[[Any], None], str]] = {
    "another schema": (lambda one: one.update(schema="breakwater.population-model/2"), "/document/schema"),
    "an extra field": (lambda one: one.update(run="import os"), "/document"),
    "an extra field in a tree's part": (lambda one: one["learner"].update(hook="x"), "/document/learner"),
    "another type": (lambda one: one["calibration"].update(slope="1"), "/document/calibration/slope"),
    "another kind of learner": (lambda one: one["learner"].update(kind="pickle"), "/document/learner"),
    "no number": (lambda one: one["learner"].update(base=None), "/document/learner/base"),
    "a score that turns around": (lambda one: one["calibration"].update(slope=-1.0), "/document/calibration/slope"),
    "a threshold beyond 1": (lambda one: one["thresholds"].update({"0.2": 7.0}), "/document/thresholds"),
    "no columns": (lambda one: one.update(columns=[]), "/document/columns"),
    "a million trees": (lambda one: one["learner"].update(trees=one["learner"]["trees"] * 1001), "/document/learner/trees"),
    "a tree without end": (lambda one: one["learner"]["trees"][0][3].__setitem__(0, 0), "/document/learner/trees/0"),
    "a tree that walks back": (lambda one: one["learner"]["trees"][0].__setitem__(3, [1, 0, 1]), "/document/learner/trees/0"),
    "a column that is not there": (lambda one: one["learner"]["trees"][0].__setitem__(0, [9, 0, 0]), "/document/learner/trees/0"),
    "lists of other lengths": (lambda one: one["learner"]["trees"][0].__setitem__(5, [1.0]), "/document/learner/trees/0"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_its_place(what: str) -> None:
    change, place = HOSTILE[what]
    with pytest.raises(Invalid) as refused:
        read(broken(change))
    assert refused.value.code == "model_refused"
    assert refused.value.faults[0].pointer.startswith(place)


def test_a_file_that_was_changed_without_its_digest_is_refused() -> None:
    with pytest.raises(Invalid, match="digest"):
        read(broken(lambda one: one["calibration"].update(intercept=3.0), sign=False))


@pytest.mark.parametrize("raw", [b"", b"\x80\x04\x95", b"[" * 100_000, b'{"digest": "0", "document": NaN}', b"null"])
def test_what_is_no_model_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(raw)
    assert refused.value.code == "model_refused"


def test_a_file_that_was_cut_off_anywhere_is_refused() -> None:
    raw = write(model())
    for stop in range(0, len(raw), 37):
        with pytest.raises(Problem):
            read(raw[:stop])


def test_numbers_that_are_none_are_refused_where_json_could_hold_them() -> None:
    raw = write(model())
    for words in (b"NaN", b"Infinity", b"1e999"):
        with pytest.raises(Invalid):
            read(raw.replace(b'"base":-2.0', b'"base":' + words))


def test_an_absurd_size_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        read(b" " * (MOST_BYTES + 1))


def test_a_logistic_part_whose_lists_do_not_fit_is_refused() -> None:
    part = LogisticPart([0.0], [], 0, [0.0] * 7, [1.0] * 7, [0.1] * 7, 0.0)
    assert 0.0 < probability(read(write(model(part))), {}) < 1.0
    for wrong in (
        LogisticPart([], [], 0, [0.0] * 7, [1.0] * 7, [0.1] * 7, 0.0),
        LogisticPart([0.0], [3], 0, [0.0] * 8, [1.0] * 8, [0.1] * 8, 0.0),
        LogisticPart([0.0], [], 4, [0.0] * 7, [1.0] * 7, [0.1] * 7, 0.0),
        LogisticPart([0.0], [], 0, [0.0] * 7, [0.0] * 7, [0.1] * 7, 0.0),
    ):
        with pytest.raises(Invalid):
            write(model(wrong))


def test_a_model_whose_sums_leave_all_numbers_says_nothing_and_never_that_risk_is_none() -> None:
    part = LogisticPart([0.0], [], 0, [0.0] * 7, [1.0] * 7, [1e308, -1e308, 0.0, 0.0, 0.0, 0.0, 0.0], 0.0)
    absurd = read(write(model(part)))
    with pytest.raises(ValueError, match="no number"):
        probability(absurd, {"use:days_log": 100.0})
    assert probability(absurd, {"use:days_log": 0.0}) == 0.5


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), min_size=1, max_size=4), st.integers(0, 400))
def test_no_damage_passes_and_none_ends_in_anything_but_a_refusal(cuts: list[tuple[int, bytes]], lost: int) -> None:
    good = write(model())
    raw = bytearray(good)
    for place, instead in cuts:
        where = place % len(raw)
        raw[where : where + len(instead)] = instead
    damaged = bytes(raw[: len(raw) - lost % len(raw)])
    try:
        found = read(damaged)
    except Problem:
        return
    assert found == model()
