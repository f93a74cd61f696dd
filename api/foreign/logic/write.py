"""Our conditions as REDCap logic that reads back as the same condition.

Where an answer is missing our comparison does not hold, and neither does its negation; theirs compare a blank. So what would
hold there for a blank is written with a test that the field is not blank.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.foreign.logic.scope import NotCarried
from models.kinds import ItemKind


@dataclass(frozen=True, slots=True)
class Named:
    """How an item is written: its foreign name, and the foreign code of each option."""

    name: str
    kind: ItemKind
    codes: Mapping[str, str] = field(default_factory=dict)


_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def write(tree: Any, items: Mapping[str, Named]) -> str:
    """The rule as text. Raises NotCarried for what REDCap does not say.

    >>> items = {"a": Named("a", ItemKind.YES_NO), "b": Named("b", ItemKind.INTEGER)}
    >>> write(("and", ("==", {"item": "a"}, True), ("not", ("answered", "b"))), items)
    "[a] = '1' and [b] = ''"
    """
    return _Writer(items).condition(tree, outer=True)


@dataclass(frozen=True, slots=True)
class _Writer:
    items: Mapping[str, Named]

    def condition(self, tree: Any, *, outer: bool = False) -> str:
        head = tree[0] if isinstance(tree, tuple) and tree else None
        if head in {"and", "or"}:
            joined = f" {head} ".join(self.condition(part) for part in tree[1:])
            return joined if outer or len(tree) == 2 else f"({joined})"
        if head == "not":
            return self.negation(tree[1], outer=outer)
        if head == "answered":
            return f"[{self.named(tree[1]).name}] <> ''"
        if head == "has":
            return self._has(tree, "1")
        if head in {"==", "!="}:
            return self._equality(head, tree[1], tree[2])
        if head in _NEGATED:
            return f"{self.number(tree[1])} {head} {self.number(tree[2])}"
        if head == "coalesce" and len(tree) == 3 and tree[2] is False:
            return self.condition(tree[1], outer=outer)
        raise NotCarried("not_written", "REDCap has no logic that says this condition.")

    def negation(self, tree: Any, *, outer: bool) -> str:
        """`not` of a condition that may be missing holds only where the condition is given and false."""
        head = tree[0] if isinstance(tree, tuple) and tree else None
        if head == "answered":
            return f"[{self.named(tree[1]).name}] = ''"
        if head == "not" and isinstance(tree[1], tuple) and tree[1][0] in {"==", "answered"}:
            return self.condition(tree[1], outer=outer)
        if head == "==":
            return self._unequal(tree[1], tree[2])
        if head in _NEGATED:
            return f"{self.number(tree[1])} {_NEGATED[head]} {self.number(tree[2])}"
        if head == "coalesce" and len(tree) == 3 and tree[2] is False and isinstance(tree[1], tuple):
            return self._false_or_blank(tree[1])
        raise NotCarried("not_written", "REDCap has no logic that says this condition.")

    def _false_or_blank(self, tree: tuple[Any, ...]) -> str:
        if tree[0] == "has":
            return self._has(tree, "0")
        if tree[0] in _NEGATED and isinstance(tree[1], dict) and not isinstance(tree[2], dict | tuple):
            name = self.named(tree[1].get("item", "")).name
            return f"({self.number(tree[1])} {_NEGATED[tree[0]]} {self.number(tree[2])} or [{name}] = '')"
        raise NotCarried("not_written", "REDCap has no logic that says this condition.")

    def _has(self, tree: tuple[Any, ...], value: str) -> str:
        if not isinstance(tree[1], dict) or not isinstance(tree[2], str):
            raise NotCarried("not_written", "REDCap asks for a written choice of a field.")
        named = self.named(tree[1].get("item", ""))
        return f"[{named.name}({named.codes.get(tree[2], tree[2])})] = '{value}'"

    def _equality(self, sign: str, left: Any, right: Any) -> str:
        if left is None or right is None:
            other = right if left is None else left
            if not isinstance(other, dict):
                raise NotCarried("not_written", "Only a field can be blank.")
            return f"[{self.named(other.get('item', '')).name}] {'=' if sign == '==' else '<>'} ''"
        if sign == "==":
            return f"{self._side(left, right)} = {self._side(right, left)}"
        given = [f"[{self.named(one.get('item', '')).name}] <> ''" for one in (left, right) if isinstance(one, dict)]
        return f"({' and '.join([self._unequal(left, right), *given])})"

    def _unequal(self, left: Any, right: Any) -> str:
        if left is None or right is None:
            return self._equality("!=", left, right)
        return f"{self._side(left, right)} <> {self._side(right, left)}"

    def _side(self, one: Any, other: Any) -> str:
        """A literal is written as the field beside it codes it."""
        if isinstance(one, bool | str):
            field = self.named(other.get("item", "")) if isinstance(other, dict) else None
            return self._literal(one, field)
        return self.number(one)

    def _literal(self, value: bool | str, beside: Named | None) -> str:
        if isinstance(value, bool):
            return "'1'" if value else "'0'"
        text = beside.codes.get(value, value) if beside is not None else value
        if "'" in text and '"' in text:
            raise NotCarried("not_written", "A text holds both kinds of quotes.")
        return f'"{text}"' if "'" in text else f"'{text}'"

    def number(self, tree: Any) -> str:
        if isinstance(tree, dict):
            return f"[{self.named(tree.get('item', '')).name}]"
        if isinstance(tree, str):
            return self._literal(tree, None)
        if isinstance(tree, int | float) and not isinstance(tree, bool):
            return f"{tree:.15g}" if "e" not in f"{tree:.15g}" else f"{tree:f}"
        if isinstance(tree, tuple) and tree[0] in {"+", "-", "*"}:
            parts = [self.number(part) for part in tree[1:]]
            return f"(-{parts[0]})" if len(parts) == 1 else f"({f' {tree[0]} '.join(parts)})"
        if isinstance(tree, tuple) and tree[0] == "coalesce" and len(tree) == 3 and tree[2] == 0 and tree[2] is not False:
            return f"sum({self.number(tree[1])})"
        raise NotCarried("not_written", "REDCap computes otherwise with blanks.")

    def named(self, item: str) -> Named:
        if item not in self.items:
            raise NotCarried("not_written", "It reads what is no field of the form.")
        return self.items[item]
