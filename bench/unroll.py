"""Writes risk/estimate/kernels/of_N.py: Cholesky kernels of the sizes the estimator needs, as straight-line arithmetic.

    python -m bench.unroll

Loops of the same arithmetic (risk/estimate/linear.py) take about three times as long. A test says that the files are
what this script writes, and another that both agree. `tuple(...)` of a tuple is that tuple, and unpacking it needs no iterator; nor does
`zip` without `strict` once it is compiled.
"""

import textwrap
from pathlib import Path

SIZES = {12: 3, 8: 3, 6: 1}
"""Regressors -> how many of them stand first, without a reported variance."""

FOLDER = Path(__file__).parent.parent / "risk" / "estimate" / "kernels"

HEADING = """\"\"\"Cholesky kernels of size {size}, written by bench/unroll.py: change that and run it, never this.\"\"\"

{long}# fmt: off

from math import exp2

from risk.estimate.kernels.kernel import Fade, Flat, Kernel, Row, Rows, Settled"""

LETTERS = "abcdefghijkl"
TO_WHOLE = "6755399441055744.0"
"""1.5 * 2**52: added and taken away, it leaves the nearest whole number, sooner than `// 1` does."""


def names(size: int, mark: str = "") -> list[str]:
    return [f"{LETTERS[i]}{mark}{j}" for i in range(size) for j in range(i + 1)]


def row(letter: str, size: int, head: int = 0) -> str:
    return ", ".join(f"{letter}{i}" if i >= head else "_" for i in range(size))


def whole(value: str, digits: int, up: str = "") -> str:
    """`value` to so many decimals; `up`: what is added before, so that it is rather rounded up."""
    return f"({value} * 1e{digits}{up} + {TO_WHOLE} - {TO_WHOLE}) / 1e{digits}"


def minus(terms: list[str]) -> str:
    return "".join(f" - {term}" for term in terms)


def plus(terms: list[str]) -> str:
    return " + ".join(terms)


def unpack(items: list[str], source: str) -> list[str]:
    """`items = source`, in lines that fit."""
    line = f"{', '.join(items)} = {source}"
    if len(line) < 132:
        return [line]
    return ["(", *(f"    {part}" for part in textwrap.wrap(", ".join(items) + ",", 124)), f") = {source}"]


def wrapped(items: list[str]) -> list[str]:
    """`items,` in lines that fit."""
    return [f"    {line}" for line in textwrap.wrap(", ".join(items) + ",", 124)]


def listed(items: list[str]) -> list[str]:
    """`return [items]`, one a line."""
    return ["return [", *(f"    {item}," for item in items), "]"]


def function(name: str, size: int, arguments: str, body: list[str], returns: str) -> list[str]:
    return ["", "", f"def {name}_{size}({arguments}) -> {returns}:", *(f"    {line}" for line in body)]


def fade(size: int) -> list[str]:
    known = [*names(size), *(f"v{i}" for i in range(size))]
    body = [*unpack(known, f"tuple(memory[:{len(known)}])"), f"{row('x', size)} = x", f"{row('n', size)} = anchor"]
    for i in range(size):
        body += [
            f"q{i} = x{i} * x{i}",
            f"if q{i}:",
            f"    q = q{i} / v{i}",
            f"    r{i} = exp2(rate * (q if q < 4.0 else 4.0))",
            f"    q = r{i} * r{i}",
            f"    p{i} = n{i} * (1.0 - q)",
            *(f"    {LETTERS[i]}{j} *= r{i} * r{j}" for j in range(i)),
            f"    {LETTERS[i]}{i} = {LETTERS[i]}{i} * q + p{i}",
            "else:",
            f"    r{i}, p{i} = 1.0, 0.0",
            *(f"    {LETTERS[i]}{j} *= r{j}" for j in range(i)),
        ]
    seen = [f"v{i} + (q{i} - v{i}) / 60.0 + 1e-6" for i in range(size)]
    body += ["return [", *wrapped(names(size)), f"], ({row('r', size)}), ({row('p', size)}), [", *(f"    {one}," for one in seen), "]"]
    return function("fade", size, "memory: Row, x: list[float], anchor: list[float], rate: float", body, "Fade")


def factored(size: int) -> list[str]:
    """L and one over D, in place of A = L D L': a1 = 1 / D1, b0 = L10, b1 = 1 / D11, ..."""
    body = unpack(names(size), "a")
    for i in range(size):
        line = LETTERS[i]
        for j in range(i):
            value = f"{line}{j}" + minus([f"u{q} * {LETTERS[j]}{q}" for q in range(j)])
            body.append(f"u{j} = {value}")
        body += [f"{line}{j} = u{j} * {LETTERS[j]}{j}" for j in range(i)]
        value = f"{line}{i}" + minus([f"u{q} * {line}{q}" for q in range(i)])
        body.append(f"{line}{i} = 1.0 / ({value})" if i else f"{line}{i} = 1.0 / {value}")
    return body


def solved(start: str, size: int) -> list[str]:
    """y with L y = the values of `start`, in which `#` stands for the place."""
    return [f"y{i} = {start.replace('#', str(i))}" + minus([f"{LETTERS[i]}{q} * y{q}" for q in range(i)]) for i in range(size)]


def backwards(size: int, start: str) -> list[str]:
    """y with L' y = the values of `start`."""
    return [
        f"y{i} = {start.replace('#', str(i)).replace('@', f'{LETTERS[i]}{i}')}"
        + minus([f"{LETTERS[q]}{i} * y{q}" for q in reversed(range(i + 1, size))])
        for i in reversed(range(size))
    ]


def doubted(size: int) -> str:
    """y' D^-1 y."""
    return f"doubt: float = {plus([f'y{i} * y{i} * {LETTERS[i]}{i}' for i in range(size)])}"


def square(size: int) -> list[str]:
    body = [
        *unpack(names(size), f"tuple(memory[:{len(names(size))}])"),
        *factored(size)[len(unpack(names(size), "a")) :],
        f"{row('x', size)} = x",
    ]
    return function("square", size, "memory: Row, x: list[float]", [*body, *solved("x#", size), doubted(size), "return doubt"], "float")


def settle(size: int, head: int) -> list[str]:
    body = [*factored(size), f"{row('p', size)} = tuple(push)", f"{row('x', size)} = x", *solved("x#", size)]
    body += [f"z{i} = y{i} * {LETTERS[i]}{i}" for i in range(size)]
    body += [f"doubt: float = {plus([f'y{i} * z{i}' for i in range(size)])}", *backwards(size, "z#")]
    body += [f"direction = {row('y', size)}", "drawn: list[Flat] = []", "expected: list[float] = []"]
    inner = [
        f"{row('m', size)} = tuple(mean)",
        f"{row('t', size)} = tuple(row)",
        *solved("p# * (m# - t#)", size),
        *backwards(size, "y# * @"),
    ]
    inner += [f"t{i} += y{i}" for i in range(size)]
    inner += [f"drawn.append(({row('t', size)}))", f"expected.append({plus([f'x{i} * t{i}' for i in range(size)])})"]
    body += ["for mean, row in zip(means, rows):", *(f"    {line}" for line in inner), *variances(size, head)]
    return function("settle", size, "a: list[float], push: Row, x: list[float], means: Rows, rows: Rows", body, "Settled")


def variances(size: int, head: int) -> list[str]:
    """The diagonal of A^-1 from `head` on: squares of the columns of L^-1 (but for its signs) over D."""
    body = []
    for j in range(head, size):
        body += [f"y{i} = {LETTERS[i]}{j}" + minus([f"{LETTERS[i]}{q} * y{q}" for q in range(j + 1, i)]) for i in range(j + 1, size)]
        body.append(f"t{j} = {plus([f'{LETTERS[j]}{j}', *(f'y{i} * y{i} * {LETTERS[i]}{i}' for i in range(j + 1, size))])}")
    return [*body, f"return doubt, direction, drawn, expected, ({row('t', size, head).replace('_, ', '')})"]


def shift(size: int) -> list[str]:
    body = [f"{row('g', size)} = tuple(direction)", "moved: list[list[float]] = []", "for row, push in zip(rows, pushes):"]
    moved = [f"    {whole(f'(t{i} + push * g{i})', 6)}," for i in range(size)]
    body += [f"    {line}" for line in (f"{row('t', size)} = tuple(row)", "moved.append([", *moved, "])")]
    return function("shift", size, "rows: Rows, direction: Row, pushes: Row", [*body, "return moved"], "list[list[float]]")


def tail(size: int, head: int) -> list[str]:
    body = [f"{', '.join(f's{i}' for i in range(head, size))} = tuple(variances)", f"{row('g', size, head)} = tuple(direction)"]
    body += listed([f"s{i} - share * g{i} * g{i}" for i in range(head, size)])
    return function("tail", size, "variances: Row, direction: Row, share: float", body, "list[float]")


def grow(size: int) -> list[str]:
    body = [*unpack(names(size), "a"), f"{row('x', size)} = x"]
    for i in range(size):
        body.append(f"p = gain * x{i}")
        body += [f"{LETTERS[i]}{j} += p * x{j}" for j in range(i + 1)]
    return function(
        "grow", size, "a: list[float], x: list[float], gain: float", [*body, "return [", *wrapped(names(size)), "]"], "list[float]"
    )


PARTS = ("fade", "settle", "square", "shift", "tail", "grow")


def text(size: int) -> str:
    """The file of one size."""
    head = SIZES[size]
    long = "B905, E501, FURB136, PLR0915" if size > 8 else "B905, FURB136, PLR0915"
    lines = [HEADING.format(size=size, long=f"# ruff: noqa: {long}\n")]
    for part in (fade(size), settle(size, head), square(size), shift(size), tail(size, head), grow(size)):
        lines += part
    parts = ", ".join(f"{part}_{size}" for part in PARTS)
    return "\n".join([*lines, "", "", f"KERNEL: Kernel = Kernel({parts})", ""])


if __name__ == "__main__":
    for one in SIZES:
        (FOLDER / f"of_{one}.py").write_text(text(one))
