"""The tree of a foreign rule, as it was written."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`[field]`, `[field(code)]`, `[event][field]` or `[field][instance]`; `argument` what stands after a colon, as in `[field:value]`."""

    field: str
    code: str | None = None
    event: str | None = None
    instance: str | None = None
    argument: str | None = None

    @property
    def smart(self) -> bool:
        """A name with a hyphen is no field but one of REDCap's own variables, as `[user-name]`."""
        return "-" in self.field or "-" in (self.event or "")


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more conditions under one `and` or one `or`."""

    operator: str
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """`operator` is one of `= <> < > <= >= + - * / ^`."""

    operator: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class Unary:
    """`operator` is `not` or `-`."""

    operator: str
    operand: "Tree"


Tree = Number | Text | Reference | Call | Joined | Binary | Unary


def references(tree: Tree) -> Iterator[Reference]:
    """Every reference of a tree, from left to right."""
    if isinstance(tree, Reference):
        yield tree
    elif isinstance(tree, Binary):
        yield from references(tree.left)
        yield from references(tree.right)
    elif isinstance(tree, Unary):
        yield from references(tree.operand)
    elif isinstance(tree, Joined | Call):
        for one in tree.parts if isinstance(tree, Joined) else tree.arguments:
            yield from references(one)
