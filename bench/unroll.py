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

from risk.estimate.kernels.kernel import Flat, Kernel, Row"""

LETTERS = "abcdefghijkl"


def names(size: int, mark: str = "") -> list[str]:
    return [f"{LETTERS[i]}{mark}{j}" for i in range(size) for j in range(i + 1)]


def minus(terms: list[str]) -> str:
    return "".join(f" - {term}" for term in terms)


def plus(terms: list[str]) -> str:
    return " + ".join(terms)


def wrap(items: list[str]) -> str:
    return ", ".join(items)


def unpack(items: list[str], source: str) -> list[str]:
    """`items = source`, in lines that fit."""
    whole = f"{wrap(items)} = {source}"
    if len(whole) < 132:
        return [whole]
    return ["(", *(f"    {line}" for line in textwrap.wrap(wrap(items) + ",", 124)), f") = {source}"]


def give(items: list[str]) -> list[str]:
    whole = f"return {wrap(items)}"
    if len(whole) < 132:
        return [whole]
    return ["return (", *(f"    {line}" for line in textwrap.wrap(wrap(items) + ",", 124)), ")"]


def function(name: str, size: int, arguments: str, body: list[str], returns: str = "Flat") -> list[str]:
    return ["", "", f"def {name}_{size}({arguments}) -> {returns}:", *(f"    {line}" for line in body)]


def factor(size: int) -> list[str]:
    body = unpack(names(size), "a")
    for i in range(size):
        row = LETTERS[i]
        for j in range(i):
            column = LETTERS[j]
            value = f"{row}{j}" + minus([f"{row}{q} * {column}{q}" for q in range(j)])
            body.append(f"{row}{j} = ({value}) * {column}{j}" if j else f"{row}{j} = {value} * {column}{j}")
        value = f"{row}{i}" + minus([f"{row}{q} * {row}{q}" for q in range(i)])
        body.append(f"{row}{i} = 1.0 / ({value}) ** 0.5" if i else f"{row}{i} = 1.0 / {value}**0.5")
    return function("factor", size, "a: Row", [*body, *give(names(size))])


def forward(size: int) -> list[str]:
    body = [*unpack(names(size), "factor"), f"{wrap([f'y{i}' for i in range(size)])} = right"]
    for i in range(size):
        value = f"y{i}" + minus([f"{LETTERS[i]}{q} * y{q}" for q in range(i)])
        body.append(f"y{i} = ({value}) * {LETTERS[i]}{i}" if i else f"y{i} = {value} * {LETTERS[i]}{i}")
    return function("forward", size, "factor: Flat, right: Row", [*body, f"return {wrap([f'y{i}' for i in range(size)])}"])


def pull(size: int) -> list[str]:
    body = [*unpack(names(size), "factor")]
    body += [f"{wrap([f'{name[0]}{i}' for i in range(size)])} = {name}" for name in ("push", "means", "theta")]
    for i in range(size):
        value = f"p{i} * (m{i} - t{i})" + minus([f"{LETTERS[i]}{q} * y{q}" for q in range(i)])
        body.append(f"y{i} = ({value}) * {LETTERS[i]}{i}" if i else f"y{i} = {value} * {LETTERS[i]}{i}")
    return function("pull", size, "factor: Flat, push: Row, means: Row, theta: Row", [*body, *give([f"y{i}" for i in range(size)])])


def move(size: int) -> list[str]:
    body = [*unpack(names(size), "factor")]
    marks = {"r": "roots", "t": "theta", "s": "shift", "w": "whitened"}
    body += [f"{wrap([f'{mark}{i}' for i in range(size)])} = {name}" for mark, name in marks.items()]
    for i in reversed(range(size)):
        value = f"s{i} + push * w{i}" + minus([f"{LETTERS[q]}{i} * y{q}" for q in reversed(range(i + 1, size))])
        body.append(f"y{i} = ({value}) * {LETTERS[i]}{i}")
    body += ["return [", *(f"    ((t{i} + y{i} / r{i}) * 1e7 + 0.5) // 1 / 1e7," for i in range(size)), "]"]
    arguments = "factor: Flat, roots: Row, theta: Row, shift: Row, whitened: Row, push: float"
    return function("move", size, arguments, body, "list[float]")


def tail(size: int, head: int) -> list[str]:
    used = [name if int(name[1:]) >= head else "_" for name in names(size)]
    body = [*unpack(used, "factor"), f"{wrap([f'y{i}' if i >= head else '_' for i in range(size)])} = right"]
    found = []
    for j in range(head, size):
        column = {j: f"{LETTERS[j]}{j}"}
        for i in range(j + 1, size):
            products = [f"{LETTERS[i]}{q} * {column[q]}" for q in range(j, i)]
            body.append(f"m{i} = -({plus(products)}) * {LETTERS[i]}{i}")
            column[i] = f"m{i}"
        body.append(f"s{j} = {plus([f'{one} * {one}' for one in column.values()])}")
        body.append(f"t{j} = {plus([f'{one} * y{i}' for i, one in column.items()])}")
        found += [f"s{j}", f"t{j}"]
    return function("tail", size, "factor: Flat, right: Row", [*body, f"return {wrap(found)}"])


def grow(size: int) -> list[str]:
    body = [
        *unpack(names(size), "a"),
        f"{wrap([f'r{i}' for i in range(size)])} = roots",
        f"{wrap([f'x{i}' for i in range(size)])} = x",
        f"{wrap([f'p{i}' for i in range(size)])} = push",
        "return [",
        *(f"    (({LETTERS[i]}{j} * r{i} * r{j} + p{i} * x{j}) * 1e5 + 0.5) // 1 / 1e5," for i in range(size) for j in range(i + 1)),
        "]",
    ]
    return function("grow", size, "a: Row, roots: Row, x: Row, push: Row", body, "list[float]")


def text(size: int) -> str:
    """The file of one size."""
    head = SIZES[size]
    lines = [HEADING.format(size=size, long="# ruff: noqa: E501, PLR0915\n" if size > 8 else "")]
    for part in (factor(size), forward(size), pull(size), move(size), tail(size, head), grow(size)):
        lines += part
    diagonal = wrap([str((i + 1) * (i + 2) // 2 - 1) for i in range(size)])
    parts = wrap([f"{part}_{size}" for part in ("factor", "forward", "pull", "move", "tail", "grow")])
    return "\n".join([*lines, "", "", f"KERNEL = Kernel({parts}, ({diagonal}), {head})", ""])


if __name__ == "__main__":
    for one in SIZES:
        (FOLDER / f"of_{one}.py").write_text(text(one))
