"""Instruments and their items."""

from typing import Final, Literal

from pydantic import Field

from models.definition.base import Code, Document, Text
from models.definition.expression import Expression
from models.definition.tasks.parameters import Task
from models.definition.tasks.task import meanings
from models.kinds import CueType, Domain, InstrumentKind, ItemKind, Node, RecallFrame

PERSONAL_LISTS: Final = frozenset({"reminders", "contacts", "reasons"})
"""The lists that a person keeps, from which an item may take its options."""

CUES: Final = "reminders"
"""The list of what makes the person think of using: named in no prompt that they did not start."""


class Option(Document):
    """One choice. `score` is its place on [0, 1] for the estimator, where the item is an indicator."""

    code: Code
    label: Text
    exclusive: bool = False
    """In a multiple choice: chosen alone or not at all ("nothing")."""
    score: float | None = Field(default=None, ge=0, le=1)
    cue: CueType | None = None
    domain: Domain | None = None


class Measure(Document):
    """A number that the server computes from the trials of a task, as a series of its own: rules, exports and the estimator read it.

    Where the task was not done, or its scores are not valid, there is no number, and nothing is said about the person.
    """

    id: Code
    """Names it as an item is named, among the items of the instrument."""
    measure: Code
    """Which measure of the task; docs/tasks.md lists them."""
    variable: Code
    domain: Domain | None = None
    node: Node = Node.NONE
    direction: int = Field(default=1, ge=-1, le=1)
    weight: float = Field(default=1.0, gt=0)
    half_life_hours: float = Field(default=24.0, gt=0)
    minimum: float | None = None
    maximum: float | None = None
    """Where the measure counts as 0 and as 1 for the node: linear between, no less and no more beyond. The number itself is not bounded."""


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
    task: Task | None = None
    """What a timed task sets. A task without it keeps any trials, and nothing is scored."""
    measures: tuple[Measure, ...] = ()

    def measured(self) -> tuple["Measured", ...]:
        """Its measures as items, which share its frame, its branching and whether it identifies."""
        return tuple(_measured(self, one) for one in self.measures)


class Measured(Item):
    """A measure in the guise of an item of kind decimal. Made, never written."""

    source: Code
    """The task's item."""
    measure: Code
    least: float | None
    greatest: float | None
    """Bounds of the number itself; `minimum` and `maximum` are where it counts as 0 and as 1."""


def _measured(item: Item, one: Measure) -> Measured:
    meaning = meanings(item.task.kind).get(one.measure) if item.task is not None else None
    return Measured(
        id=one.id,
        kind=ItemKind.DECIMAL,
        text={"en": one.measure if meaning is None else meaning.about},
        minimum=one.minimum,
        maximum=one.maximum,
        show_if=item.show_if,
        variable=one.variable,
        frame=item.frame,
        domain=one.domain,
        node=one.node,
        direction=one.direction,
        weight=one.weight,
        half_life_hours=one.half_life_hours,
        identifying=item.identifying,
        source=item.id,
        measure=one.measure,
        least=None if meaning is None else meaning.low,
        greatest=None if meaning is None else meaning.high,
    )


class Rotation(Document):
    """A set from which each prompt draws `draw` items without replacement, by the prompt's own key.

    Every item's inclusion probability is draw / len(items); it is stored on the prompt and exported.
    """

    id: Code
    items: tuple[Code, ...] = Field(min_length=1)
    draw: int = Field(ge=1)


class Block(Document):
    """Items that stay together where the blocks around them change places."""

    id: Code
    items: tuple[Code, ...] = Field(min_length=1)
    shuffled: bool = False
    """The order within the block is drawn too."""


class Shuffle(Document):
    """Neighboring blocks that each prompt asks in an order of its own, drawn evenly by the prompt's key (`models.definition.order`).

    The blocks stand here as they stand in the instrument: one after another, with nothing between them.
    """

    id: Code
    blocks: tuple[Block, ...] = Field(min_length=1)


class Score(Document):
    """A derived number of an instrument.

    `sum` and `mean` are of `items`, with the least share of them that must be answered; `expression` is the value of a tree over the
    instrument's own answers.
    """

    id: Code
    how: Literal["sum", "mean", "expression"]
    items: tuple[Code, ...] = ()
    least_answered: float = Field(default=1.0, gt=0, le=1)
    value: Expression = None


class Instrument(Document):
    id: Code
    kind: InstrumentKind
    title: Text
    intro: Text | None = None
    items: tuple[Item, ...] = Field(min_length=1)
    rotations: tuple[Rotation, ...] = ()
    shuffles: tuple[Shuffle, ...] = ()
    scores: tuple[Score, ...] = ()
    since: tuple[Code, ...] = ()
    """The instruments whose last complete response `{since}` tells the time of. Empty: this one alone."""
    seconds: int = Field(ge=1)
    """The design burden: how long the author expects it to take."""
    started_by_person: bool = False
    """A report. It moves levels and opens a decision point, but trains no baseline (risk-model.md 2.4, 1)."""
    help_first: bool = False
    """Show the help buttons before the first item (safety.md rule 7)."""

    def series(self) -> tuple[Item, ...]:
        """All that a response to it can hold: its items and, after each task, the task's measures."""
        if not any(item.measures for item in self.items):
            return self.items
        return tuple(one for item in self.items for one in (item, *item.measured()))

    def item(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)
