"""Instruments and their items."""

from typing import Final

from pydantic import Field

from models.definition.base import Code, Document, Text
from models.definition.expression import Expression
from models.kinds import CueType, Domain, InstrumentKind, ItemKind, Node, RecallFrame

PERSONAL_LISTS: Final = frozenset({"reminders", "contacts", "reasons"})
"""The lists that a person keeps, from which an item may take its options."""


class Option(Document):
    """One choice. `score` is its place on [0, 1] for the estimator, where the item is an indicator."""

    code: Code
    label: Text
    exclusive: bool = False
    """In a multiple choice: chosen alone or not at all ("nothing")."""
    score: float | None = Field(default=None, ge=0, le=1)
    cue: CueType | None = None
    domain: Domain | None = None


class Item(Document):
    """A question.

    `domain` is for people, `node` for the estimator, `variable` with `frame` for baselines and codebook:
    one variable asked in several instruments is one series (rulings.md, words and measures).
    """

    id: Code
    kind: ItemKind
    text: Text
    help: Text | None = None
    options: tuple[Option, ...] = ()
    options_from: Code | None = None
    """A person's own list (for example `reminders`) that supplies the options; answers are entry ids or `none`."""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    low_label: Text | None = None
    high_label: Text | None = None
    max_length: int = 2000
    """Of a text, in characters; of a task, in recorded trials."""
    required: bool = False
    show_if: Expression = None
    variable: Code
    frame: RecallFrame
    domain: Domain | None = None
    node: Node = Node.NONE
    direction: int = Field(default=1, ge=-1, le=1)
    """+1 where a higher answer means more of the node's activity, -1 where it means less, 0 where it has no direction."""
    weight: float = Field(default=1.0, gt=0)
    half_life_hours: float = Field(default=24.0, gt=0)
    """How fast one answer stops being evidence; a weekly item is not stale after four hours."""
    cues: tuple[CueType, ...] = ()
    identifying: bool = False
    """Free text or a list entry that may name someone: sealed at rest, never exported by default."""
    reverse: bool = False


class Rotation(Document):
    """A set from which each prompt draws `draw` items without replacement, by the prompt's own key.

    Every item's inclusion probability is draw / len(items); it is stored on the prompt and exported.
    """

    id: Code
    items: tuple[Code, ...] = Field(min_length=1)
    draw: int = Field(ge=1)


class Score(Document):
    """A derived number: sum or mean of items, with the least share that must be answered."""

    id: Code
    how: str = Field(pattern="^(sum|mean)$")
    items: tuple[Code, ...] = Field(min_length=1)
    least_answered: float = Field(default=1.0, gt=0, le=1)


class Instrument(Document):
    id: Code
    kind: InstrumentKind
    title: Text
    intro: Text | None = None
    items: tuple[Item, ...] = Field(min_length=1)
    rotations: tuple[Rotation, ...] = ()
    scores: tuple[Score, ...] = ()
    seconds: int = Field(ge=1)
    """The design burden: how long the author expects it to take."""
    started_by_person: bool = False
    """A report. It moves levels and opens a decision point, but trains no baseline (risk-model.md 2.4, 1)."""
    help_first: bool = False
    """Show the help buttons before the first item (safety.md rule 7)."""

    def item(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)
