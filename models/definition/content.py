"""Coping content: what may be shown, to whom, and when it must not be."""

from pydantic import Field

from models.definition.base import Code, Document, Text
from models.definition.expression import Expression
from models.kinds import ContentKind, CueType, Domain


class Step(Document):
    """One screen of an item, shown for about `seconds`."""

    text: Text
    seconds: int = Field(ge=0)


class ContentItem(Document):
    """A piece of coping content. Every change is a new `version`; its hash stands on each decision that showed it."""

    code: Code
    version: int = Field(ge=1)
    kind: ContentKind
    title: Text
    steps: tuple[Step, ...] = Field(min_length=1)
    domains: tuple[Domain, ...] = ()
    cues: tuple[CueType, ...] = ()
    needs_scene: bool = False
    """Plays the person's own future scene (the nearest active horizon); ineligible without one."""
    not_when: Expression = None
    """Contraindication over tailoring variables and items; safety.md rule 9."""
    rest_hours: float = Field(default=0, ge=0)
    """Not again to the same person within this time."""
    evidence: str | None = None
    review: str = "needs clinical review"


class Contact(Document):
    """A line that a phone can dial without us."""

    id: Code
    label: Text
    dial: str = Field(pattern=r"^[+0-9*# ()-]{2,24}$")
    note: Text | None = None


class HelpScreen(Document):
    """Tier 0. Shipped with the protocol so that a phone shows it offline, before and beside anything else."""

    version: int = Field(ge=1)
    title: Text
    not_an_emergency_service: Text
    contacts: tuple[Contact, ...] = Field(min_length=1)
    naloxone_steps: tuple[Text, ...] = Field(min_length=1)
    crisis: tuple[Text, ...] = Field(min_length=1)
    """The page shown at once after a tier 4 disclosure."""
    nobody_reading: Text
    """Said plainly after a high answer outside staffed hours (safety.md rule 5)."""
    somebody_reading: Text
    """Said inside staffed hours; `{by}` is replaced by the clock time by which someone answers."""
    statements: tuple[Text, ...] = ()
    """What the person acknowledges: staffed hours, who sees what, technology fails, may leave at any time."""
