"""The straight-line kernels agree with numpy and are what their script writes."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import risk.estimate
from bench.unroll import FOLDER, SIZES, text
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
    right, other = draw.normal(size=size).tolist(), draw.normal(size=size).tolist()
    means, theta, push = (draw.normal(size=size).tolist() for _ in range(3))
    roots = (0.9 + 0.1 * draw.random(size)).tolist()
    head, whole = SIZES[size], np.linalg.inv(np.diag(roots) @ matrix @ np.diag(roots))
    doubt, direction, rows, variances = kernel.settle(flat, roots, push, right, [means, other], [theta, right])
    assert doubt == pytest.approx(right @ whole @ right)
    assert direction == pytest.approx(whole @ right)
    for row, mean, before in zip(rows, (means, other), (theta, right), strict=True):
        assert row == pytest.approx(before + whole @ np.diag(roots) @ (np.array(push) * (np.array(mean) - before)))
    assert variances == pytest.approx(np.diag(whole)[head:])
    assert kernel.square(flat, right) == pytest.approx(right @ np.linalg.inv(matrix) @ right)
    assert kernel.shift(theta, direction, 0.3) == pytest.approx(np.array(theta) + 0.3 * np.array(direction), abs=1e-6)
    tail = kernel.tail(variances, direction, 0.5 / doubt)
    assert tail == pytest.approx(np.array(variances) - 0.5 / doubt * np.square(direction[head:]), abs=2e-7)
    grown = np.array(kernel.grow(flat, roots, other, 0.5))
    expected = np.diag(roots) @ matrix @ np.diag(roots) + 0.5 * np.outer(other, other)
    assert grown == pytest.approx(expected[np.tril_indices(size)], abs=1e-4)
    assert grown.tolist() == [round(one, 4) for one in grown]


@pytest.mark.parametrize("size", sorted(SIZES))
def test_a_kernel_forgets_by_exposure_towards_the_prior(size: int):
    kernel = KERNELS[size]
    draw = np.random.default_rng([1, size])
    x = draw.normal(size=size)
    x[size // 2] = 0.0
    seen, anchor = (0.2 + draw.random(size)).tolist(), (1.0 + draw.random(size)).tolist()
    matrix = 5.0 * np.eye(size)
    faded, roots, push, after = kernel.fade(matrix[np.tril_indices(size)].tolist(), seen, x.tolist(), anchor, -0.05)
    keep = 2.0 ** (-0.1 * np.minimum(4.0, x**2 / seen))
    assert np.square(roots) == pytest.approx(keep)
    assert roots[size // 2] == 1.0
    assert np.diag(np.array(roots)) @ np.diag(push) == pytest.approx(np.diag(anchor * (1.0 - keep)))
    low = np.zeros((size, size))
    low[np.tril_indices(size)] = faded
    assert np.diag(roots) @ low @ np.diag(roots) == pytest.approx(np.diag(keep) * 5.0 + np.diag(anchor * (1.0 - keep)))
    assert after == pytest.approx(np.array(seen) + (x**2 - seen) / 60.0, abs=2e-4)
    assert min(kernel.fade([1.0] * len(faded), [1e-4] * size, [0.0] * size, anchor, -0.05)[3]) > 0.0


def test_the_inverse_of_a_prior_agrees_with_numpy():
    x = np.random.default_rng(9).normal(size=(30, 9))
    matrix = x.T @ x
    found = inverse([matrix[row, : row + 1].tolist() for row in range(9)])
    assert [one for row in found for one in row] == pytest.approx(np.linalg.inv(matrix)[np.tril_indices(9)])


def test_the_examples_in_the_documentation_hold():
    names = [one.name for one in pkgutil.walk_packages(risk.estimate.__path__, "risk.estimate.")]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(one.failed for one in results) == 0
    assert sum(one.attempted for one in results) > 20
