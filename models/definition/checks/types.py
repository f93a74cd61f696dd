"""Types of expressions: what an item or a variable can say, and what an operation may compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from models.definition.base import pointer
from models.definition.instrument import Item, Measured
from models.errors import Fault
from models.kinds import DecisionPointKind, EvidenceState, ItemKind, TimedEventKind, Timing


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is: a number (in a range, where one is known), a boolean, a text (one of `codes`, where closed), several codes."""

    kind: Literal["number", "boolean", "text", "several codes", "missing", "anything"]
    codes: frozenset[str] | None = None
    low: float | None = None
    high: float | None = None


NUMBER: Final = Type("number")
BOOLEAN: Final = Type("boolean")
MISSING: Final = Type("missing")
ANYTHING: Final = Type("anything")


def closed(words: type[StrEnum] | Iterable[str]) -> Type:
    """A text that is one of these words."""
    return Type("text", frozenset(str(word) for word in words))


VARIABLES: Final[Mapping[str, Type]] = {
    "point": closed(DecisionPointKind),
    "timing": closed(Timing),
    "local_hour": Type("number", low=0, high=24),
    "study_day": NUMBER,
    "has_scene": BOOLEAN,
    "evidence": closed(EvidenceState),
    "age_hours": NUMBER,
    "level": Type("number", low=0, high=100),
    "rise": NUMBER,
    "rising": BOOLEAN,
    "craving": Type("number", low=0, high=1),
    "reward": Type("number", low=0, high=1),
    "stress": Type("number", low=0, high=1),
    "withdrawal": Type("number", low=0, high=1),
    "control_failure": Type("number", low=0, high=1),
    "top_contribution": closed(("R", "S", "W", "E", "lag")),
    "high_craving_24h": NUMBER,
    "hours_since_content": NUMBER,
    "content_today": NUMBER,
    "event": closed(TimedEventKind),
    "safety_tier": Type("number", low=0, high=4),
    "adherence_7d": Type("number", low=0, high=1),
    "missed_in_a_row": Type("number", low=0),
    "silent_hours": Type("number", low=0),
    "risk_day": Type("number", low=0, high=1),
    "risk_week": Type("number", low=0, high=1),
    "risk_crossed": BOOLEAN,
    "self_help_due": BOOLEAN,
    "bereaved": BOOLEAN,
}
"""Every tailoring variable but `instrument`, whose words are the protocol's own."""


def item_type(item: Item) -> Type:
    """What an answer to the item can be."""
    if isinstance(item, Measured):
        return Type("number", None, item.least, item.greatest)
    codes = frozenset(option.code for option in item.options) if item.options_from is None else None
    if item.kind in {ItemKind.MULTI, ItemKind.BODY_MAP}:
        return Type("several codes", codes)
    if item.kind is ItemKind.SINGLE or (item.kind is ItemKind.LIKERT and item.options):
        return Type("text", codes)
    if item.kind is ItemKind.YES_NO:
        return BOOLEAN
    if item.kind in {ItemKind.TEXT, ItemKind.TIME, ItemKind.DATE}:
        return Type("text")
    if item.kind is ItemKind.INFORMATION:
        return MISSING
    return ANYTHING if item.kind is ItemKind.TASK else Type("number", None, item.minimum, item.maximum)


def either(one: Type, other: Type) -> Type:
    """What is known of a value that is one or the other."""
    if one.kind != other.kind:
        return ANYTHING
    codes = None if one.codes is None or other.codes is None else one.codes | other.codes
    low = None if one.low is None or other.low is None else min(one.low, other.low)
    high = None if one.high is None or other.high is None else max(one.high, other.high)
    return Type(one.kind, codes, low, high)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may read. None: it may not read items, or variables, at all."""

    items: Mapping[str, Type] | None
    variables: Mapping[str, Type] | None


@dataclass(slots=True)
class Typing:
    """Infers types through one tree and gathers faults by their place in it."""

    scope: Scope
    faults: list[Fault] = field(default_factory=list)

    def condition(self, tree: Any, *at: str | int) -> None:
        """The tree is to be true or false."""
        self._want(self.infer(tree, at), "boolean", at)

    def number(self, tree: Any, *at: str | int) -> None:
        """The tree is to be a number."""
        self._want(self.infer(tree, at), "number", at)

    def infer(self, tree: Any, at: tuple[str | int, ...]) -> Type:
        if isinstance(tree, dict):
            return self._reference(tree, at)
        if isinstance(tree, tuple):
            return self._operation(tree, at)
        if isinstance(tree, bool):
            return BOOLEAN
        if isinstance(tree, int | float):
            return Type("number", None, tree, tree)
        return Type("text", frozenset({tree})) if isinstance(tree, str) else MISSING

    def _fault(self, at: tuple[str | int, ...], rule: str, message: str) -> None:
        self.faults.append(Fault(pointer(*at), rule, message))

    def _want(self, found: Type, kind: str, at: tuple[str | int, ...]) -> None:
        if found.kind not in {kind, "anything"} and not (found.kind == "missing" and kind != "boolean"):
            self._fault(at, "type_mismatch", f"A {kind} is needed here, and this is {_named(found)}.")

    def _reference(self, tree: Mapping[str, str], at: tuple[str | int, ...]) -> Type:
        if "item" in tree:
            return self._item(tree["item"], (*at, "item"))
        if self.scope.variables is None:
            self._fault((*at, "var"), "variable_not_allowed", "This condition reads items only, so that a phone can work it out alone.")
        elif tree["var"] not in self.scope.variables:
            self._fault((*at, "var"), "unknown_variable", "There is no tailoring variable of this name.")
        else:
            return self.scope.variables[tree["var"]]
        return ANYTHING

    def _item(self, item_id: str, at: tuple[str | int, ...]) -> Type:
        if self.scope.items is None:
            self._fault(at, "item_not_allowed", "This condition reads tailoring variables only.")
        elif item_id not in self.scope.items:
            self._fault(at, "unknown_item", "No instrument that this condition is about has such an item.")
        else:
            return self.scope.items[item_id]
        return ANYTHING

    def _operation(self, tree: tuple[Any, ...], at: tuple[str | int, ...]) -> Type:
        name = tree[0]
        if name == "answered":
            self._item(tree[1], (*at, 1))
            return BOOLEAN
        found = [self.infer(part, (*at, place)) for place, part in enumerate(tree[1:], start=1)]
        if name == "coalesce":
            return self._coalesce(found, at)
        if name == "if":
            self._want(found[0], "boolean", (*at, 1))
            return self._coalesce(found[1:], at)
        if name == "count":
            self._want(found[0], "several codes", (*at, 1))
            return Type("number", low=0)
        if name in {"==", "!="}:
            self._equality(found[0], found[1], at)
        elif name in {"<", "<=", ">", ">="}:
            self._order(found[0], found[1], at)
        elif name == "has":
            self._has(found[0], found[1], at)
        else:
            logical = name in {"and", "or", "not"}
            for place, one in enumerate(found, start=1):
                self._want(one, "boolean" if logical else "number", (*at, place))
            return BOOLEAN if logical else NUMBER
        return BOOLEAN

    def _coalesce(self, found: list[Type], at: tuple[str | int, ...]) -> Type:
        given = [one for one in found if one.kind != "missing"]
        if len({one.kind for one in given} - {"anything"}) > 1:
            self._fault(at, "type_mismatch", "The operands of `coalesce`, and both branches of `if`, are of one type.")
            return ANYTHING
        merged = given[0] if given else MISSING
        for one in given[1:]:
            merged = either(merged, one)
        return merged

    def _equality(self, left: Type, right: Type, at: tuple[str | int, ...]) -> None:
        kinds = {left.kind, right.kind}
        if "several codes" in kinds and kinds.isdisjoint({"missing", "anything"}):
            self._fault(at, "type_mismatch", "Several codes are not compared; `has` asks whether one of them was chosen.")
        elif self._comparable(left, right, at):
            self._options(left, right, at)
            self._within(left, right, at)

    def _order(self, left: Type, right: Type, at: tuple[str | int, ...]) -> None:
        if not self._comparable(left, right, at):
            return
        words = left.codes is not None and right.codes is not None
        if words or not {left.kind, right.kind}.isdisjoint({"boolean", "several codes"}):
            self._fault(at, "type_mismatch", "Order needs numbers, times or dates.")
        self._within(left, right, at)

    def _comparable(self, left: Type, right: Type, at: tuple[str | int, ...]) -> bool:
        kinds = {left.kind, right.kind} - {"missing", "anything"}
        if len(kinds) > 1:
            self._fault(at, "type_mismatch", f"{_named(left).capitalize()} is compared with {_named(right)}.")
        return len(kinds) == 1 and "missing" not in {left.kind, right.kind}

    def _options(self, left: Type, right: Type, at: tuple[str | int, ...]) -> None:
        if left.codes is not None and right.codes is not None and left.codes.isdisjoint(right.codes):
            self._fault(at, "unknown_option", "These can never be equal: there is no such option.")

    def _within(self, left: Type, right: Type, at: tuple[str | int, ...]) -> None:
        """Ranges that do not meet at all: the comparison has one answer for everybody."""
        for one, other in ((left, right), (right, left)):
            if one.high is not None and other.low is not None and one.high < other.low:
                self._fault(at, "out_of_range", f"One side is at most {one.high:g}, the other at least {other.low:g}.")

    def _has(self, chosen: Type, code: Type, at: tuple[str | int, ...]) -> None:
        self._want(chosen, "several codes", (*at, 1))
        self._want(code, "text", (*at, 2))
        if chosen.kind == "several codes" and code.kind == "text":
            self._options(chosen, code, at)


def _named(found: Type) -> str:
    return found.kind if found.kind in {"several codes", "missing", "anything"} else f"a {found.kind}"
