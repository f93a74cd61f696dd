"""Foreign logic cut in tokens."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from api.foreign.limits import MAX_LOGIC, MAX_TOKENS

TokenKind = Literal["number", "text", "reference", "word", "operator", "open", "close", "comma", "end"]


@dataclass(eq=False)
class NotParsed(Exception):
    """It is not of the grammar; the message says what and where, never the text itself."""

    message: str
    at: int


@dataclass(frozen=True, slots=True)
class Token:
    """`value` without quotes or brackets; `at` its place in the text, from 0."""

    kind: TokenKind
    value: str
    at: int


_TOKEN: Final = re.compile(
    r"""
    (?P<skip> \s+ | (?:\#|//)[^\n]* )
  | (?P<answer> responses?\s*\[\s*['"]?(?P<answered>\w+)['"]?\s*\] )
  | \[ (?P<reference> [^\[\]\n]{1,300} ) \]
  | (?P<doubled> ""(?P<inside>(?!and""|or"")[\w.-]+)"" | ''(?P<inside2>(?!and''|or'')[\w.-]+)'' )
  | "(?P<double> [^"\\]*(?:\\.[^"\\]*)* )"
  | '(?P<single> [^'\\]*(?:\\.[^'\\]*)* )'
  | (?P<number> \d+(?:\.\d+)? | \.\d+ )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<operator> <= | >= | <> | !== | != | === | == | && | \|\| | [=<>+\-*/^!] )
  | (?P<open> \( ) | (?P<close> \) ) | (?P<comma> , )
    """,
    re.VERBOSE,
)
_KINDS: Final[tuple[tuple[str, TokenKind], ...]] = (
    ("answered", "reference"),
    ("reference", "reference"),
    ("inside", "text"),
    ("inside2", "text"),
    ("double", "text"),
    ("single", "text"),
    ("number", "number"),
    ("word", "word"),
    ("operator", "operator"),
    ("open", "open"),
    ("close", "close"),
    ("comma", "comma"),
)
_WORDS: Final = {"and": "and", "&&": "and", "or": "or", "||": "or", "not": "not", "!": "not"}
_SAME: Final = {"==": "=", "===": "=", "!=": "<>", "!==": "<>"}


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a rule, an `end` last. Keywords are in lower case, and each operator is spelt one way.

    Comments (`#` or `//` to the end of the line) are left out. Doubled quotes around one word, as careless tools write
    them, are quotes. Raises NotParsed.

    >>> [token.value for token in tokens("[a(1)] = '1' AND [b] != 2  # why")]
    ['a(1)', '=', '1', 'and', 'b', '<>', '2', '']
    """
    if len(text) > MAX_LOGIC:
        raise NotParsed(f"longer than {MAX_LOGIC} characters", MAX_LOGIC)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotParsed("a character that begins nothing", at)
        if match["skip"] is None:
            found.append(_token(match, at))
        if len(found) > MAX_TOKENS:
            raise NotParsed(f"more than {MAX_TOKENS} parts", at)
        at = match.end()
    return (*found, Token("end", "", len(text)))


def _token(match: re.Match[str], at: int) -> Token:
    name, kind = next((name, kind) for name, kind in _KINDS if match[name] is not None)
    value = match[name]
    if kind == "word" and value.lower() in _WORDS:
        return Token("operator", value.lower(), at)
    if kind == "operator":
        value = _WORDS.get(value, _SAME.get(value, value))
    return Token(kind, value, at)
