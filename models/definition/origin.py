"""What an imported study said in its own words. Nothing in the house acts on it: it lets an export write the study as it was."""

from typing import Literal

from pydantic import Field

from models.definition.base import Code, Document


class OriginField(Document):
    """A field of a foreign form, and the item or score that it became."""

    name: str = Field(max_length=200)
    type: str = Field(max_length=60)
    validation: str = Field(default="", max_length=60)
    item: Code | None = None
    score: Code | None = None
    """Neither item nor score: the field is not asked here, and `kept` holds all that it said."""
    codes: dict[Code, str] = {}
    """By option code: the foreign code, where it is another."""
    kept: dict[str, str] = {}
    """By foreign column: text that nothing of ours says, as it stood in the file."""


class OriginForm(Document):
    """A foreign form, with its fields in their order."""

    instrument: Code
    format: Literal["redcap", "radar"]
    name: str = Field(max_length=200)
    fields: tuple[OriginField, ...] = ()
