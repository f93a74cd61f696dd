"""The grammar of foreign logic, by recursive descent with a bounded depth.

From the loosest: `or`, `and`, `not`, comparison, `+ -`, `* /`, `^`, sign; then a number, a quoted text, a reference, a call
or something in parentheses. Keywords are case-free.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.foreign.limits import MAX_NESTING, MAX_TERMS
from api.foreign.logic.tokens import NotParsed, Token, tokens
from api.foreign.logic.tree import Binary, Call, Joined, Number, Reference, Text, Tree, Unary

COMPARISONS: Final = frozenset({"=", "<>", "<", ">", "<=", ">="})
_FUNCTIONS: Final = """
if round roundup rounddown datediff sum min max mean median stdev abs sqrt log exponential mod year month day concat contains not_contain
starts_with ends_with left right mid length find replace_text trim upper lower isnumber isinteger isblankormissingcode isblankornull isnull
"""
FUNCTIONS: Final = frozenset(_FUNCTIONS.split())
_MISSING: Final[Mapping[str, str]] = {"open": "a parenthesis", "close": "a closing parenthesis", "comma": "a comma", "end": "an operator"}
_REFERENCE: Final = re.compile(r"\s*([A-Za-z0-9_][\w-]*)\s*(?:\(\s*([^()]*?)\s*\))?\s*(?::\s*([\w:,.-]+))?\s*\Z")


def parse(text: str) -> Tree:
    """The tree of a rule. Raises NotParsed.

    >>> parse("[a]='1' or [b(2)]='1'").operator
    'or'
    """
    reader = _Reader(tokens(text))
    tree = reader.either(0)
    reader.expect("end")
    return tree


@dataclass(slots=True)
class _Reader:
    tokens: tuple[Token, ...]
    at: int = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def _is(self, *operators: str) -> bool:
        return self.here.kind == "operator" and self.here.value in operators

    def take(self) -> Token:
        token = self.here
        self.at += token.kind != "end"
        return token

    def expect(self, kind: str) -> Token:
        if self.here.kind != kind:
            raise NotParsed(f"{_MISSING[kind]} is missing", self.here.at)
        return self.take()

    def _deeper(self, depth: int) -> int:
        if depth >= MAX_NESTING:
            raise NotParsed(f"nested deeper than {MAX_NESTING} levels", self.here.at)
        return depth + 1

    def either(self, depth: int) -> Tree:
        return self._joined("or", self.both, depth)

    def both(self, depth: int) -> Tree:
        return self._joined("and", self.negated, depth)

    def _joined(self, operator: str, part: Callable[[int], Tree], depth: int) -> Tree:
        parts = [part(depth)]
        while self._is(operator):
            self.take()
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Joined(operator, tuple(parts))

    def negated(self, depth: int) -> Tree:
        if self._is("not"):
            self.take()
            return Unary("not", self.negated(self._deeper(depth)))
        tree = self.added(depth)
        if self._is(*COMPARISONS):
            return Binary(self.take().value, tree, self.added(depth))
        return tree

    def added(self, depth: int) -> Tree:
        return self._chained(("+", "-"), self.multiplied, depth)

    def multiplied(self, depth: int) -> Tree:
        return self._chained(("*", "/"), self.raised, depth)

    def _chained(self, operators: tuple[str, str], part: Callable[[int], Tree], depth: int) -> Tree:
        """To the left: 7 - 2 - 1 is 4."""
        tree, terms = part(depth), 1
        while self._is(*operators):
            terms += 1
            if terms > MAX_TERMS:
                raise NotParsed(f"more than {MAX_TERMS} terms", self.here.at)
            tree = Binary(self.take().value, tree, part(depth))
        return tree

    def raised(self, depth: int) -> Tree:
        tree = self.signed(depth)
        if self._is("^"):
            self.take()
            return Binary("^", tree, self.raised(self._deeper(depth)))
        return tree

    def signed(self, depth: int) -> Tree:
        if not self._is("-", "+"):
            return self.primary(depth)
        sign = self.take().value
        operand = self.signed(self._deeper(depth))
        if sign == "+":
            return operand
        return Number(-operand.value) if isinstance(operand, Number) else Unary("-", operand)

    def primary(self, depth: int) -> Tree:
        token = self.take()
        if token.kind == "number":
            return Number(float(token.value))
        if token.kind == "text":
            return Text(token.value)
        if token.kind == "reference":
            return self._reference(token)
        if token.kind == "open":
            tree = self.either(self._deeper(depth))
            self.expect("close")
            return tree
        if token.kind == "word":
            return self._call(token, depth)
        raise NotParsed("a value is missing", token.at)

    def _reference(self, token: Token) -> Tree:
        """References beside each other: an event before the field, an instance after it."""
        found = [_reference(token)]
        while self.here.kind == "reference" and len(found) < 3:
            found.append(_reference(self.take()))
        if len(found) == 1:
            return found[0]
        of_instance = len(found) == 2 and (found[1].smart or found[1].field.isdigit())
        event, field = (None, found[0]) if of_instance else (found[0].field, found[1])
        instance = found[-1].field if of_instance or len(found) == 3 else None
        return Reference(field.field, field.code, event, instance, field.argument)

    def _call(self, token: Token, depth: int) -> Tree:
        name = token.value.lower()
        if name in {"true", "false"} and self.here.kind != "open":
            return Text(name)
        if name not in FUNCTIONS:
            raise NotParsed("a word that is no function", token.at)
        inside = self._deeper(depth)
        self.expect("open")
        arguments: list[Tree] = []
        while self.here.kind != "close":
            if arguments:
                self.expect("comma")
            arguments.append(self.either(inside))
        self.expect("close")
        return Call(name, tuple(arguments))


def _reference(token: Token) -> Reference:
    match = _REFERENCE.match(token.value)
    if match is None:
        raise NotParsed("a reference that names no field", token.at)
    return Reference(match[1], match[2], argument=match[3])
