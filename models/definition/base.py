"""The base of every document and the names that all of them share."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name inside a document: lower case, digits and underscores, at most 63 characters."""

WallTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A wall-clock time of day, `HH:MM`, in the participant's zone."""

LANGUAGE: Final = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]

Text = dict[Language, Annotated[str, StringConstraints(min_length=1, max_length=4000)]]
"""One sentence or passage by language tag. Every text holds the protocol's default language."""


class Document(BaseModel):
    """A frozen value read from JSON. Unknown members are errors, so that a typing slip cannot pass for a setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) from unescaped parts.

    >>> pointer("instruments", 0, "a/b~c")
    '/instruments/0/a~1b~0c'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
