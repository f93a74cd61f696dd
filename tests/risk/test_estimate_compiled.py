"""What was compiled gives the bits of its Python sources, and is never used where they have changed."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import risk.estimate
import risk.refold
from bench.forms import as_python
from bench.unroll import SIZES
from models.codec import canonical
from risk import compiled
from risk.estimate import estimator, nodes, prior, state
from risk.estimate.kernels import of_6, of_8, of_12
from risk.terms import Observation
from tests.risk.estimate_streams import ITEMS, Person, answer, at, stream

HOME = Path(risk.estimate.__file__).parent
PRIOR = (HOME / "priors" / prior.PRIOR_FILE).read_bytes()
KERNELS = {6: of_6.KERNEL, 8: of_8.KERNEL, 12: of_12.KERNEL}


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """Skips loudly where nothing was compiled; under REQUIRE_COMPILED=1 it fails instead."""
    if risk.estimate.FORM != "compiled":
        reason = "The estimator is not compiled, or was edited since: `pip install -e .` with a C compiler compiles it."
        if os.environ.get("REQUIRE_COMPILED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def python() -> dict[str, ModuleType]:
    names = ("estimate.estimator", "estimate.nodes", "estimate.prior", "estimate.state", "estimate.kernels", "refold")
    names += tuple(f"estimate.kernels.of_{size}" for size in SIZES)
    return dict(zip(names, as_python(*(f"risk.{name}" for name in names)), strict=True))


def test_one_is_compiled_and_the_other_is_python(python):
    for name in compiled.MODULES:
        if name.removeprefix("risk.") in python:
            assert python[name.removeprefix("risk.")].__file__.endswith(".py")
    assert all(compiled.mark(str(HOME)) in str(one.__file__) for one in (estimator, of_6, of_8, of_12))


def test_a_life_folds_to_the_same_bytes_in_both_forms(python):
    life = _life()
    here = _folded(life, estimator, nodes.Nodes, prior, state, risk.refold)
    there = _folded(
        life,
        python["estimate.estimator"],
        python["estimate.nodes"].Nodes,
        python["estimate.prior"],
        python["estimate.state"],
        python["refold"],
    )
    assert len(here) == len(life) > 200
    assert here == there


def _folded(life: Sequence[Observation], fold: Any, make_nodes: Any, of_prior: Any, of_state: Any, of_refold: Any) -> list[bytes]:
    """Bytes of state and estimate after each observation, the state written and read between."""
    known, items = of_prior.load(PRIOR), make_nodes(ITEMS)
    raw = of_state.encode(fold.start(known, "map"))
    said = []
    for one in life:
        after, estimate = fold.update(of_state.decode(raw), one, known, items)
        raw = of_state.encode(after)
        said.append(raw + canonical([estimate.level, estimate.rise, estimate.features, of_refold.estimate_detail(estimate)]))
    return said


def _life() -> list[Observation]:
    """Fifty days with every kind of observation, whole numbers among the answers, unanswered items and longer silences."""
    life: list[Observation] = []
    for number, one in enumerate(stream(Person(deny=False), 7, 50, coarse=True)):
        answers = dict(one.answers)
        if number % 5 == 0:
            del answers["craving"]
        if number % 7 == 0:
            answers |= {"intrusion": 0.4, "low": 1, "phq_low": 0, "impulsivity": 0.7}
        more: dict[str, Any] = {"context": f"place{number % 11}", "cues": ("place", "money")[: number % 3], "days_abstinent": number / 4}
        life.append(replace(one, answers=answers, **more))
    hours = [(one.event_time - at(0)).total_seconds() / 3600.0 for one in life]
    for number in range(0, len(life), 9):
        when = hours[number] + 0.25
        life += [
            replace(answer(f"e{number}", when, {}), kind="expiry"),
            replace(answer(f"t{number}", when, {}), kind="timed_event", event=("use", "dose")[number % 2]),
            replace(answer(f"c{number}", when, {}), kind="content"),
            replace(answer(f"r{number}", when + 0.25, {"craving": 0.9, "stress": 1}), kind="report", trains=False),
        ]
    return sorted((one for one in life if not 20 < (one.event_time - at(0)).days < 26), key=Observation.key)


finite = st.floats(-4.0, 4.0)


@pytest.mark.parametrize("size", sorted(SIZES))
@settings(max_examples=25, deadline=None, database=None)
@given(data=st.data())
def test_a_kernel_gives_the_same_bits_in_both_forms(python, size: int, data: st.DataObject):
    there, head = python[f"estimate.kernels.of_{size}"].KERNEL, SIZES[size]

    def row(count: int, numbers: st.SearchStrategy[float] = finite) -> list[float]:
        return data.draw(st.lists(numbers, min_size=count, max_size=count))

    triangle = row(size * (size + 1) // 2)
    for index in range(size):
        triangle[index * (index + 3) // 2] += data.draw(st.sampled_from([4.0, 20.0, 0.0]))
    x, anchor, seen, theta, mean = row(size), row(size), row(size, st.floats(1e-6, 9.0)), row(size), row(size)
    gain, rate = data.draw(finite), data.draw(st.floats(-0.1, 0.0))
    calls = [
        ("fade", ([*triangle, *seen], x, anchor, rate)),
        ("settle", (triangle, anchor, x, [mean, x], [theta, mean])),
        ("square", ([*triangle, *seen], x)),
        ("shift", ([theta, mean], x, [gain, rate])),
        ("grow", (triangle, x, gain)),
    ]
    if size > head + 5:
        calls.append(("tail", (row(size - head), x, gain)))
    for part, arguments in calls:
        assert _bits(getattr(KERNELS[size], part), arguments) == _bits(getattr(there, part), arguments)


def _bits(function: Any, arguments: tuple[Any, ...]) -> str:
    """What a function gives, every float to its last bit, or what it raises."""
    try:
        return repr(function(*arguments))
    except (ZeroDivisionError, OverflowError, ValueError) as raised:
        return f"{type(raised).__name__}: {raised}"


def test_a_division_by_nothing_raises_in_both_forms(python):
    for kernel in (of_6.KERNEL, python["estimate.kernels.of_6"].KERNEL):
        with pytest.raises(ZeroDivisionError):
            kernel.square([0.0] * 27, [1.0] * 6)


@pytest.mark.parametrize("edited", ["levels.py", "kernels/of_8.py"])
def test_an_edit_hides_all_that_was_compiled(tmp_path, edited):
    folder = tmp_path / "estimate"
    shutil.copytree(HOME, folder)
    assert compiled.Finder(str(folder)).form == "compiled"
    with (folder / edited).open("a") as file:
        file.write("# edited\n")
    stray = folder / f"levels{compiled.suffixes[0]}"
    shutil.copy(next(folder.glob(f"levels.*{compiled.suffixes[0]}")), stray)
    finder = compiled.Finder(str(folder))
    assert finder.form == "python"
    for name in compiled.MODULES:
        found = finder.find_spec(name, [str((folder / Path(*name.split(".")[2:])).parent)])
        assert found is not None
        assert str(found.origin).endswith(".py")


@pytest.mark.parametrize("lost", ["change.*", "made_of_*"])
def test_a_part_alone_is_never_used(tmp_path, lost):
    folder = tmp_path / "estimate"
    shutil.copytree(HOME, folder)
    for one in folder.glob(f"{lost}{compiled.suffixes[0]}"):
        one.unlink()
    assert compiled.Finder(str(folder)).form == "python"
