"""What a study sets of each timed task. `version` names the rules of trials and scores: another rule is another version."""

from math import floor
from typing import Annotated, Literal

from pydantic import Field

from models.definition.base import Code, Document, Text
from models.kinds import TaskKind

Color = Literal["red", "green", "blue", "yellow"]

RECALL_SECONDS = 4.0
CHOICE_SECONDS = 5.0
NAMING_SECONDS = 0.8
"""What one answer at the person's own pace takes, for the burden of a task (assumption)."""


class _Task(Document):
    version: Literal[1] = 1
    anticipation_ms: int = Field(default=150, ge=100, le=300)
    """An answer faster than this was not an answer to what was shown: its trial is not scored."""
    most_anticipations: float = Field(default=0.1, ge=0, le=0.5)
    """With a greater share of such answers among the scored part's trials, the scores are not valid."""


class _Practiced(_Task):
    least_share: float = Field(default=0.8, ge=0.5, le=1)
    """The scores are valid from this share of the planned trials on."""
    practice_trials: int = Field(default=0, ge=0, le=40)
    """At most so many, before the others. They are kept and not scored."""


class GoNoGo(_Practiced):
    """Press for one picture, hold back for the other. Every trial lasts `response_ms` and then `gap_ms`, whatever the person does."""

    kind: Literal[TaskKind.GO_NO_GO] = TaskKind.GO_NO_GO
    trials: int = Field(default=60, ge=20, le=400)
    no_go_share: float = Field(default=0.25, ge=0.1, le=0.5)
    stimulus_ms: int = Field(default=500, ge=50, le=2000)
    response_ms: int = Field(default=1000, ge=300, le=3000)
    """From the onset; a later press does not count, and a phone does not record it."""
    gap_ms: int = Field(default=500, ge=0, le=5000)

    @property
    def no_go(self) -> int:
        """How many trials ask to hold back."""
        return floor(self.trials * self.no_go_share + 0.5)

    @property
    def seconds(self) -> float:
        return (self.trials + self.practice_trials) * (self.response_ms + self.gap_ms) / 1000


class DotMemory(_Practiced):
    """Dots are shown on a grid, something else fills a delay, and the dots are placed again. The kept numbers are cells, from 0 by rows."""

    kind: Literal[TaskKind.DOT_MEMORY] = TaskKind.DOT_MEMORY
    trials: int = Field(default=4, ge=2, le=20)
    size: int = Field(default=5, ge=3, le=8)
    """Rows, and columns."""
    dots: int = Field(default=3, ge=2, le=5)
    study_ms: int = Field(default=3000, ge=500, le=10_000)
    delay_ms: int = Field(default=8000, ge=500, le=30_000)
    recall_ms: int = Field(default=15_000, ge=3000, le=60_000)
    anticipation_ms: int = Field(default=500, ge=100, le=3000)
    """To place all dots takes longer than one press."""

    @property
    def cells(self) -> int:
        return self.size * self.size

    @property
    def seconds(self) -> float:
        return (self.trials + self.practice_trials) * ((self.study_ms + self.delay_ms) / 1000 + RECALL_SECONDS)


class DelayDiscounting(_Task):
    """Five choices between the whole amount after a delay and half of it now; each choice sets the next delay."""

    kind: Literal[TaskKind.DELAY_DISCOUNTING] = TaskKind.DELAY_DISCOUNTING
    amount: float = Field(gt=0, le=1e9)
    unit: Text
    """What it is an amount of ("dollars"). The item's text says whether it is real."""
    most_anticipations: float = Field(default=0.2, ge=0, le=0.5)
    """One choice in five may have been made blindly."""

    @property
    def trials(self) -> int:
        return 5

    @property
    def practice_trials(self) -> int:
        return 0

    @property
    def seconds(self) -> float:
        return self.trials * CHOICE_SECONDS


class Word(Document):
    """A word as a trial names it, and as it is shown."""

    code: Code
    text: Text


Words = Annotated[tuple[Word, ...], Field(min_length=4, max_length=20)]


class CueStroop(_Practiced):
    """Name the color in which a word stands, whatever it says. The words are the study's own; none is shipped.

    Only a person starts it, and only in a study that says how they agree to it (safety.md rule 1).
    """

    kind: Literal[TaskKind.CUE_STROOP] = TaskKind.CUE_STROOP
    cue: Words
    neutral: Words
    """As many as cue words, and matched to them in length and frequency by the study."""
    colors: tuple[Color, ...] = Field(default=("red", "green", "blue"), min_length=2, max_length=4)
    repeats: int = Field(default=2, ge=1, le=10)
    """How often each word is shown."""
    response_ms: int = Field(default=2000, ge=500, le=5000)
    gap_ms: int = Field(default=500, ge=0, le=5000)
    least_correct: float = Field(default=0.7, ge=0.5, le=1)

    @property
    def trials(self) -> int:
        return self.repeats * (len(self.cue) + len(self.neutral))

    @property
    def seconds(self) -> float:
        return (self.trials + self.practice_trials) * (NAMING_SECONDS + self.gap_ms / 1000)


Task = Annotated[GoNoGo | DotMemory | DelayDiscounting | CueStroop, Field(discriminator="kind")]
"""With another version of a kind, this union tells them apart by `version` too."""
