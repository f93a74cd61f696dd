"""The straight-line kernels agree with numpy and are what their script writes."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import risk.estimate
from bench.forms import python_form
from bench.unroll import FOLDER, SIZES, text
from risk.estimate.digits import packed, unpacked
from risk.estimate.kernels import of_6, of_8, of_12
from risk.estimate.linear import inverse

KERNELS = {6: of_6.KERNEL, 8: of_8.KERNEL, 12: of_12.KERNEL}


@pytest.mark.parametrize("size", sorted(SIZES))
def test_the_files_are_what_the_script_writes(size: int):
    assert (FOLDER / f"of_{size}.py").read_text() == text(size)


@pytest.mark.parametrize("size", sorted(SIZES))
def test_a_kernel_agrees_with_numpy(size: int):
    kernel = KERNELS[size]
    draw = np.random.default_rng(size)
    x = draw.normal(size=(3 * size, size))
    matrix = x.T @ x + np.eye(size)
    flat = matrix[np.tril_indices(size)].tolist()
    memory = [*flat, *draw.random(size)]
    right, other = draw.normal(size=size).tolist(), draw.normal(size=size).tolist()
    means, theta, push = (draw.normal(size=size).tolist() for _ in range(3))
    head, whole = SIZES[size], np.linalg.inv(matrix)
    doubt, direction, rows, expected, variances = kernel.settle(flat, push, right, [means, other], [theta, right])
    assert doubt == pytest.approx(right @ whole @ right)
    assert direction == pytest.approx(whole @ right)
    for row, mean, before in zip(rows, (means, other), (theta, right), strict=True):
        assert row == pytest.approx(before + whole @ (np.array(push) * (np.array(mean) - before)))
    assert expected == pytest.approx([np.array(right) @ row for row in rows])
    assert variances == pytest.approx(np.diag(whole)[head:])
    assert kernel.square(memory, right) == pytest.approx(right @ whole @ right)
    for moved, before, by in zip(kernel.shift([theta, other], direction, [0.3, -0.2]), (theta, other), (0.3, -0.2), strict=True):
        assert moved == pytest.approx(np.array(before) + by * np.array(direction), abs=1e-6)
        assert moved == [round(one, 6) for one in moved]
    tail = kernel.tail(variances, direction, 0.5 / doubt)
    assert tail == pytest.approx(np.array(variances) - 0.5 / doubt * np.square(direction[head:]))
    assert kernel.grow(flat, other, 0.5) == pytest.approx((matrix + 0.5 * np.outer(other, other))[np.tril_indices(size)])


@pytest.mark.parametrize("size", sorted(SIZES))
def test_a_kernel_forgets_by_exposure_towards_the_prior(size: int):
    kernel = KERNELS[size]
    draw = np.random.default_rng([1, size])
    x = draw.normal(size=size)
    x[size // 2] = 0.0
    seen, anchor = (0.2 + draw.random(size)).tolist(), (1.0 + draw.random(size)).tolist()
    matrix = 5.0 * np.eye(size) + 0.1
    faded, roots, push, after = kernel.fade([*matrix[np.tril_indices(size)], *seen], x.tolist(), anchor, -0.05)
    keep = 2.0 ** (-0.1 * np.minimum(4.0, x**2 / seen))
    assert np.square(roots) == pytest.approx(keep)
    assert roots[size // 2] == 1.0
    assert push == pytest.approx(anchor * (1.0 - keep))
    expected = np.diag(roots) @ matrix @ np.diag(roots) + np.diag(anchor * (1.0 - keep))
    assert faded == pytest.approx(expected[np.tril_indices(size)])
    assert after == pytest.approx(np.array(seen) + (x**2 - seen) / 60.0, abs=2e-6)


@pytest.mark.parametrize("size", sorted(SIZES))
def test_what_is_never_met_keeps_a_mean_square_above_nothing(size: int):
    kernel, seen = KERNELS[size], [0.05] * size
    for _ in range(10_000 // size):
        seen = list(unpacked(packed(*kernel.fade([1.0] * (size * (size + 1) // 2) + seen, [0.0] * size, [1.0] * size, -0.05)[3])))
    assert min(seen) > 5e-5


def test_the_inverse_of_a_prior_agrees_with_numpy():
    x = np.random.default_rng(9).normal(size=(30, 9))
    matrix = x.T @ x
    found = inverse([matrix[row, : row + 1].tolist() for row in range(9)])
    assert [one for row in found for one in row] == pytest.approx(np.linalg.inv(matrix)[np.tril_indices(9)])


def test_the_examples_in_the_documentation_hold():
    names = [one.name for one in pkgutil.walk_packages(risk.estimate.__path__, "risk.estimate.") if not one.name.endswith("__mypyc")]
    with python_form():  # of compiled functions doctest sees none
        results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(one.failed for one in results) == 0
    assert sum(one.attempted for one in results) > 20
