"""The protocol: one JSON document that says everything a study asks, shows and promises."""

from typing import Literal

from pydantic import Field

from models.definition.base import Code, Document, Language, Text
from models.definition.content import ContentItem, HelpScreen
from models.definition.decision import Availability, DecisionRule
from models.definition.escalation import AlertRule, Disclosure, Ladder, Staffing
from models.definition.instrument import Instrument, Item
from models.definition.origin import OriginForm
from models.definition.prompting import Design, WakeBounds
from models.definition.signal import Signals
from models.kinds import DesignKind

SCHEMA = "breakwater.protocol/1"


class LastCheckIn(Document):
    """The words that `{since}` becomes: `{time}` is the clock time of the last check-in, `HH:MM`, `{date}` its day, `YYYY-MM-DD`."""

    today: Text
    yesterday: Text
    earlier: Text


class CueWords(Document):
    """How a study that shows people words about their drug asks them first."""

    consent: Text
    """What a person reads and agrees to, each time, before the words are shown."""
    approval: str = Field(min_length=1, max_length=200)
    """Who approved it, and under which number."""


class Protocol(Document):
    schema_: Literal["breakwater.protocol/1"] = Field(alias="schema")
    name: Code
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: Text
    language: Language
    review: str
    """Who has reviewed the wording; the shipped documents say `needs clinical review`."""
    minimum_app_version: str = Field(default="1.0.0", pattern=r"^\d+\.\d+\.\d+$")
    length_days: int = Field(ge=1, le=3660)
    wake: WakeBounds
    default_push: Text
    last_check_in: LastCheckIn | None = None
    instruments: tuple[Instrument, ...] = Field(min_length=1)
    designs: tuple[Design, ...]
    disclosures: tuple[Disclosure, ...] = ()
    alert_rules: tuple[AlertRule, ...] = ()
    rules: tuple[DecisionRule, ...] = ()
    availability: Availability = Availability()
    content: tuple[ContentItem, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    staffing: Staffing
    help: HelpScreen
    cue_words: CueWords | None = None
    """Only with it may a report hold a cue-word task; without it, which is the default, no instrument may (safety.md rule 1)."""
    signals: Signals | None = None
    """What is asked of the phone's and the watch's sensors; without it, which is the default, no signal is taken."""
    origin: tuple[OriginForm, ...] = ()
    """Of an imported study: what its forms said in their own words."""

    def instrument(self, instrument_id: str) -> Instrument | None:
        return next((one for one in self.instruments if one.id == instrument_id), None)

    def design(self, design_id: str) -> Design | None:
        return next((one for one in self.designs if one.id == design_id), None)

    def content_item(self, code: str) -> ContentItem | None:
        return next((one for one in self.content if one.code == code), None)

    def ladder(self, tier: int) -> Ladder | None:
        return next((one for one in self.ladders if one.tier == tier), None)

    def prompted(self) -> frozenset[str]:
        """The instruments that a prompt may ask, unlike those that only a person starts."""
        return frozenset(design.instrument for design in self.designs if design.kind is not DesignKind.EVENT)

    def items(self) -> tuple[tuple[Instrument, Item], ...]:
        return tuple((instrument, item) for instrument in self.instruments for item in instrument.items)

    def series(self) -> tuple[tuple[Instrument, Item], ...]:
        """The items and the measures of tasks."""
        return tuple((instrument, item) for instrument in self.instruments for item in instrument.series())
