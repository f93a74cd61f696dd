"""XML without its dangers: no document type, so no entities, no outside files, and nothing that grows."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from api.foreign.limits import MAX_BYTES, MAX_XML_DEPTH, MAX_XML_ELEMENTS
from models.errors import Invalid, TooLarge


@dataclass(slots=True)
class Element:
    """`tag` and the keys of `attributes` are local names, without a namespace."""

    tag: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.words)

    def all(self, tag: str) -> Iterator["Element"]:
        """Every element below with this tag, in order."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.all(tag)

    def said(self, tag: str) -> str:
        """The text of the first element below with this tag; empty where there is none."""
        first = next(self.all(tag), None)
        return "" if first is None else first.text.strip()

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


def read_xml(raw: bytes, file: str, skip: Collection[str] = ()) -> tuple[Element, dict[str, int]]:
    """The root element, and how often each element of `skip` stood there, of which nothing is kept.

    Raises Invalid: `xml_unsafe` at the first document type or entity declaration, `xml_broken` with the line; TooLarge.
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge("foreign_too_large", f"{file} has more than {MAX_BYTES} bytes.")
    builder = _Builder(file, frozenset(skip))
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = builder.refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise Invalid("xml_broken", f"{file} is not well-formed XML, at line {error.lineno}.") from None
    except (LookupError, ValueError):
        raise Invalid("xml_broken", f"{file} is in an encoding that is not read.") from None
    if not builder.root.children:
        raise Invalid("xml_broken", f"{file} holds records and nothing else.")
    return builder.root.children[0], builder.skipped


class _Builder:
    """Makes elements as the parser meets them."""

    def __init__(self, file: str, skip: frozenset[str]) -> None:
        self.file, self.skip = file, skip
        self.root = Element("", {})
        self.skipped: dict[str, int] = {}
        self._open = [self.root]
        self._depth, self._count, self._silent = 0, 0, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        self._depth += 1
        if self._depth > MAX_XML_DEPTH:
            raise TooLarge("foreign_too_large", f"{self.file} is nested deeper than {MAX_XML_DEPTH} levels.")
        if tag in self.skip:
            self.skipped[tag] = self.skipped.get(tag, 0) + 1
        if self._silent or tag in self.skip:
            self._silent += 1
            return
        self._count += 1
        if self._count > MAX_XML_ELEMENTS:
            raise TooLarge("foreign_too_large", f"{self.file} has more than {MAX_XML_ELEMENTS} elements.")
        element = Element(tag, {_local(key): value for key, value in attributes.items()})
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._depth -= 1
        if self._silent:
            self._silent -= 1
        else:
            self._open.pop()

    def characters(self, text: str) -> None:
        if not self._silent:
            self._open[-1].words.append(text)

    def refuse(self, *_: Any) -> NoReturn:
        raise Invalid("xml_unsafe", f"{self.file} declares a document type or an entity; none is read.")


def _local(name: str) -> str:
    return name.rpartition(":")[2]
