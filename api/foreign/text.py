"""Foreign text as text: decoded, without markup, without what hides or runs."""

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from api.foreign.limits import MAX_BYTES, MAX_CELL, MAX_TEXT
from api.foreign.notes import Kind, Notes
from models.errors import Invalid, TooLarge

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def decoded(raw: bytes, notes: Notes) -> str:
    """The text of a file: UTF-8 or UTF-16 with a byte order mark, UTF-8 without, else Windows Latin-1 with a warning.

    Raises TooLarge above the stated size, Invalid (`foreign_not_text`) where it holds NUL characters.
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge("foreign_too_large", f"{notes.file} has more than {MAX_BYTES} bytes.")
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return _checked(raw[len(mark) :].decode(encoding, errors="replace"), notes)
    try:
        return _checked(raw.decode("utf-8"), notes)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        notes.add(Kind.ENCODING_GUESSED, f"line {line}", "", "Not UTF-8; read as Windows Latin-1.")
        return _checked(raw.decode("cp1252", errors="replace"), notes)


def _checked(text: str, notes: Notes) -> str:
    if "\0" in text:
        raise Invalid("foreign_not_text", f"{notes.file} is not a text file.")
    return text


_SILENT: Final = frozenset(
    {"script", "style", "iframe", "object", "embed", "applet", "template", "noscript", "svg", "math", "title", "head"}
)
"""Elements whose content is not shown either."""
_VOID: Final = frozenset({"embed"})
_RUNS: Final = frozenset({"script", "iframe", "object", "embed", "applet", "svg", "math", "form", "link", "meta", "base"})
_BREAKS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "hr"})
_OTHERS: Final = """
a abbr article aside audio b big blockquote body button caption center code col colgroup dd del dl dt em fieldset figcaption figure font
footer header html i img input ins kbd label legend main mark nav ol option picture pre q s samp section select small source span strike
strong sub sup tbody td textarea tfoot th thead tt u var video wbr
"""
_KNOWN: Final = _SILENT | _RUNS | _BREAKS | frozenset(_OTHERS.split())
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)([^<>]*+)>|<!--(?:(?!-->).)*+(?:-->|\Z)", re.DOTALL)
"""Possessive, so that a tag without an end is given up at once."""
_UNSAFE: Final = re.compile(r"\bon[a-z]+\s*=|javascript:|vbscript:|data:text", re.IGNORECASE)
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Categories of characters that show nothing: controls, direction marks, halves of pairs."""
_JOINERS: Final = frozenset("\n\t\u200c\u200d")
_SPACES: Final = re.compile(r"[^\S\n]+")


@dataclass(slots=True)
class _Stripped:
    text: str
    markup: bool = False
    ran: bool = False


def plain(foreign: str, notes: Notes, place: str, name: str) -> str:
    """The words of a label: no tags, no scripts or their content, no control or direction characters, braces as parentheses.

    Braces would stand for a placeholder here. At most as long as a text of a protocol. Markup that is lost, and length, are warnings.
    """
    found = _Stripped(foreign[:MAX_CELL])
    for _ in range(3):
        before = found.text
        found.text = html.unescape(_without_tags(found))
        if found.text == before:
            break
    found.text = _without_tags(found)
    text = _tidy(found.text)
    if found.ran:
        notes.add(Kind.SCRIPT_REMOVED, place, name, "A label held something that runs or loads; only its words are kept.", foreign)
    elif found.markup:
        notes.add(Kind.MARKUP_REMOVED, place, name, "A label held markup; only its words are kept.", foreign)
    if len(text) > MAX_TEXT or len(foreign) > MAX_CELL:
        notes.add(Kind.TEXT_SHORTENED, place, name, f"A text is longer than {MAX_TEXT} characters and was cut.", foreign)
        text = text[: MAX_TEXT - 1].rstrip() + "…"
    return text


def _without_tags(found: _Stripped) -> str:
    """One pass from left to right, in linear time. A `<` that begins no known element is a character."""
    parts: list[str] = []
    at, silent = 0, ""
    for match in _TAG.finditer(found.text):
        closing, tag, attributes = match[1], (match[2] or "").lower(), match[3] or ""
        if tag and tag not in _KNOWN:
            continue
        if not silent:
            parts.append(found.text[at : match.start()])
        at = match.end()
        found.markup = True
        found.ran = found.ran or tag in _RUNS or _UNSAFE.search(attributes) is not None
        if silent:
            silent = "" if closing and tag == silent else silent
        elif tag in _SILENT and tag not in _VOID and not closing and not attributes.rstrip().endswith("/"):
            silent = tag
        elif tag in _BREAKS:
            parts.append("\n")
    if not silent:
        parts.append(found.text[at:])
    return "".join(parts)


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("{", "(").replace("}", ")")
    kept = "".join(one for one in text if one in _JOINERS or unicodedata.category(one) not in _HIDDEN)
    lines = (_SPACES.sub(" ", line).strip() for line in kept.split("\n"))
    return "\n".join(line for line in lines if line)
