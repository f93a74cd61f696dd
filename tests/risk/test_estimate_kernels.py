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
    low = np.linalg.cholesky(matrix)
    triangle = kernel.factor(flat)
    rebuilt = np.zeros((size, size))
    rebuilt[np.tril_indices(size)] = triangle
    rebuilt[np.diag_indices(size)] = 1 / np.diag(rebuilt)
    assert rebuilt == pytest.approx(low, abs=1e-12)
    assert [flat[place] for place in kernel.diagonal] == pytest.approx(np.diag(matrix))
    y = kernel.forward(triangle, right)
    assert y == pytest.approx(np.linalg.solve(low, right), abs=1e-12)
    assert kernel.pull(triangle, push, means, theta) == pytest.approx(np.linalg.solve(low, np.array(push) * (np.array(means) - theta)))
    roots = (0.9 + 0.1 * draw.random(size)).tolist()
    moved = kernel.move(triangle, roots, theta, y, other, 0.3)
    assert moved == pytest.approx(theta + np.linalg.solve(low.T, np.array(y) + 0.3 * np.array(other)) / roots, abs=1e-7)
    tail = kernel.tail(triangle, y)
    whole = np.linalg.inv(matrix)
    assert tail[::2] == pytest.approx(np.diag(whole)[kernel.head :], abs=1e-12)
    assert tail[1::2] == pytest.approx((whole @ right)[kernel.head :], abs=1e-12)
    grown = np.array(kernel.grow(flat, roots, other, [0.5 * one for one in other]))
    expected = np.diag(roots) @ matrix @ np.diag(roots) + 0.5 * np.outer(other, other)
    assert grown == pytest.approx(expected[np.tril_indices(size)], abs=1e-5)
    assert grown.tolist() == [round(one, 5) for one in grown]


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
