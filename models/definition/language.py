"""Which language version of a text a person sees."""

from collections.abc import Iterable

from models.definition.base import Text


def best(tags: Iterable[str], wanted: str | None, default: str) -> str:
    """The tag to show: the wanted one, else it without its last parts, else the default.

    That is the lookup of RFC 4647, 3.4: case does not count, and a part of one letter goes with the part after it. Without any of them
    (an unchecked document) the first tag in order.

    >>> best({"en", "es", "pt-BR"}, "es-MX", "en"), best({"en", "pt-BR"}, "pt", "en"), best({"en"}, None, "en")
    ('es', 'en', 'en')
    """
    known = {tag.lower(): tag for tag in sorted(tags, reverse=True)}
    parts = (wanted or "").lower().split("-")
    while parts:
        if (found := known.get("-".join(parts))) is not None:
            return found
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
    return known.get(default.lower()) or min(known.values(), default=default)


def spoken(text: Text, wanted: str | None, default: str) -> str:
    """The words of a text in the best language.

    >>> spoken({"en": "Hello", "es": "Hola"}, "es-MX", "en")
    'Hola'
    """
    if len(text) == 1:
        return next(iter(text.values()))
    return text[best(text, wanted, default)]
