"""Writes risk/estimate/kernels/of_N.py: Cholesky kernels of the sizes the estimator needs, as straight-line arithmetic.

    python -m bench.unroll

Loops of the same arithmetic (risk/estimate/linear.py) take about three times as long. A test says that the files are
what this script writes, and another that both agree.
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


def listed(items: list[str]) -> list[str]:
    """`return [items]`, one a line."""
    return ["return [", *(f"    {item}," for item in items), "]"]


def function(name: str, size: int, arguments: str, body: list[str], returns: str) -> list[str]:
    return ["", "", f"def {name}_{size}({arguments}) -> {returns}:", *(f"    {line}" for line in body)]


def fade(size: int) -> list[str]:
    body = [
        f"{row('v', size)} = seen",
        f"{row('x', size)} = x",
        f"{row('n', size)} = anchor",
        "matrix = list(a)",
    ]
    for i in range(size):
        body += [
            f"q{i} = x{i} * x{i}",
            f"if q{i}:",
            f"    q = q{i} / v{i}",
            f"    r{i} = exp2(rate * (q if q < 4.0 else 4.0))",
            f"    q = r{i} * r{i}",
            f"    p{i} = n{i} * (1.0 - q)",
            f"    matrix[{(i + 1) * (i + 2) // 2 - 1}] += p{i} / q",
            f"    p{i} /= r{i}",
            "else:",
            f"    r{i}, p{i} = 1.0, 0.0",
        ]
    body += [f"return matrix, ({row('r', size)}), ({row('p', size)}), ["]
    body += [f"    {whole(f'(v{i} + (q{i} - v{i}) / 60.0)', 4, ' + 0.75')}," for i in range(size)]
    return function("fade", size, "a: Row, seen: Row, x: Row, anchor: Row, rate: float", [*body, "]"], "Fade")


def factored(size: int) -> list[str]:
    body = unpack(names(size), "a")
    for i in range(size):
        line = LETTERS[i]
        for j in range(i):
            column = LETTERS[j]
            value = f"{line}{j}" + minus([f"{line}{q} * {column}{q}" for q in range(j)])
            body.append(f"{line}{j} = ({value}) * {column}{j}" if j else f"{line}{j} = {value} * {column}{j}")
        value = f"{line}{i}" + minus([f"{line}{q} * {line}{q}" for q in range(i)])
        body.append(f"{line}{i} = 1.0 / ({value}) ** 0.5" if i else f"{line}{i} = 1.0 / {value}**0.5")
    return body


def solved(start: str, size: int) -> list[str]:
    """y with L y = the values of `start`, in which `#` stands for the place."""
    body = []
    for i in range(size):
        value = start.replace("#", str(i)) + minus([f"{LETTERS[i]}{q} * y{q}" for q in range(i)])
        body.append(f"y{i} = ({value}) * {LETTERS[i]}{i}")
    return body


def backwards(size: int) -> list[str]:
    """y with L' y = y."""
    body = []
    for i in reversed(range(size)):
        value = f"y{i}" + minus([f"{LETTERS[q]}{i} * y{q}" for q in reversed(range(i + 1, size))])
        body.append(f"y{i} = ({value}) * {LETTERS[i]}{i}" if i < size - 1 else f"y{i} *= {LETTERS[i]}{i}")
    return body


def square(size: int) -> list[str]:
    body = [
        *factored(size),
        f"{row('x', size)} = x",
        *solved("x#", size),
        f"doubt: float = {plus([f'y{i} * y{i}' for i in range(size)])}",
        "return doubt",
    ]
    return function("square", size, "a: Row, x: Row", body, "float")


def settle(size: int, head: int) -> list[str]:
    body = [*factored(size), f"{row('r', size)} = roots", f"{row('p', size)} = push", f"{row('x', size)} = x"]
    body += [*solved("x# / r#", size), f"doubt: float = {plus([f'y{i} * y{i}' for i in range(size)])}", *backwards(size)]
    body += [
        f"direction = {', '.join(f'y{i} / r{i}' for i in range(size))}",
        "drawn: list[Flat] = []",
        "for mean, row in zip(means, rows, strict=True):",
    ]
    inner = [f"{row('m', size)} = mean", f"{row('t', size)} = row", *solved("p# * (m# - t#)", size), *backwards(size)]
    inner.append(f"drawn.append(({', '.join(f't{i} + y{i} / r{i}' for i in range(size))}))")
    body += [f"    {line}" for line in inner]
    return function(
        "settle", size, "a: Row, roots: Row, push: Row, x: Row, means: Rows, rows: Rows", [*body, *variances(size, head)], "Settled"
    )


def variances(size: int, head: int) -> list[str]:
    """Sums of squares of the columns of L^-1, from `head` on, over the squared roots."""
    body = []
    for j in range(head, size):
        column = {j: f"{LETTERS[j]}{j}"}
        for i in range(j + 1, size):
            products = [f"{LETTERS[i]}{q} * {column[q]}" for q in range(j, i)]
            body.append(f"y{i} = -({plus(products)}) * {LETTERS[i]}{i}")
            column[i] = f"y{i}"
        body.append(f"t{j} = ({plus([f'{one} * {one}' for one in column.values()])}) / (r{j} * r{j})")
    return [*body, f"return doubt, direction, drawn, ({', '.join(f't{j}' for j in range(head, size))})"]


def shift(size: int) -> list[str]:
    body = [f"{row('t', size)} = theta", f"{row('g', size)} = direction"]
    body += listed([whole(f"(t{i} + push * g{i})", 6) for i in range(size)])
    return function("shift", size, "theta: Row, direction: Row, push: float", body, "list[float]")


def tail(size: int, head: int) -> list[str]:
    body = [f"{', '.join(f's{i}' for i in range(head, size))} = variances", f"{row('g', size, head)} = direction"]
    body += listed([whole(f"(s{i} - share * g{i} * g{i})", 7, " + 0.75") for i in range(head, size)])
    return function("tail", size, "variances: Row, direction: Row, share: float", body, "list[float]")


def grow(size: int) -> list[str]:
    body = [*unpack(names(size), "a"), f"{row('r', size)} = roots", f"{row('x', size)} = x"]
    entries = []
    for i in range(size):
        body.append(f"p = gain * x{i}")
        for j in range(i + 1):
            entries.append(f"{LETTERS[i]}{j}")
            body.append(f"{LETTERS[i]}{j} = {whole(f'({LETTERS[i]}{j} * r{i} * r{j} + p * x{j})', 4)}")
    lines = textwrap.wrap(", ".join(entries) + ",", 124)
    return function(
        "grow", size, "a: Row, roots: Row, x: Row, gain: float", [*body, "return [", *(f"    {line}" for line in lines), "]"], "list[float]"
    )


PARTS = ("fade", "settle", "square", "shift", "tail", "grow")


def text(size: int) -> str:
    """The file of one size."""
    head = SIZES[size]
    long = "E501, FURB136, PLR0915" if size > 8 else "FURB136, PLR0915"
    lines = [HEADING.format(size=size, long=f"# ruff: noqa: {long}\n")]
    for part in (fade(size), settle(size, head), square(size), shift(size), tail(size, head), grow(size)):
        lines += part
    parts = ", ".join(f"{part}_{size}" for part in PARTS)
    return "\n".join([*lines, "", "", f"KERNEL = Kernel({parts})", ""])


if __name__ == "__main__":
    for one in SIZES:
        (FOLDER / f"of_{one}.py").write_text(text(one))
