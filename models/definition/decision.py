"""Decision rules as data: decision point, availability, options, probabilities, proximal outcome."""

from typing import Final

from pydantic import Field

from models.definition.base import Code, Document, Text
from models.definition.expression import Expression
from models.kinds import DecisionPointKind, Mode

TAILORING_VARIABLES: Final[dict[str, str]] = {
    "point": "Kind of decision point: response, report, help_request, expiry or timed_event.",
    "instrument": "Instrument id of the response at this point.",
    "timing": "early, on_time, late, after_expiry or unprompted.",
    "local_hour": "Local clock hour with minutes as a fraction, 0 to 24.",
    "study_day": "Study day, from 1.",
    "has_scene": "True where the person has an active future scene.",
    "evidence": "learning, current or unknown.",
    "age_hours": "Hours since the newest craving answer.",
    "level": "Craving-network activity, 0 to 100, anchored to the population.",
    "rise": "Level against the person's own slow level, own-SD units.",
    "rising": "True where either change detector is above its limit.",
    "craving": "Newest craving strength on [0, 1].",
    "reward": "Population-anchored level of R on [0, 1].",
    "stress": "Population-anchored level of S on [0, 1].",
    "withdrawal": "Population-anchored level of W on [0, 1].",
    "control_failure": "Population-anchored level of E on [0, 1]; higher is less control.",
    "top_contribution": "The node that adds most to the drive: R, S, W, E or lag. Missing where it is not above the person's usual.",
    "high_craving_24h": "Responses of the past 24 h with craving at or above 0.7.",
    "hours_since_content": "Hours since content was last shown; missing where never.",
    "content_today": "Content items shown on this local day.",
    "event": "Kind of timed event at this point.",
    "safety_tier": "Highest tier of a disclosure of this person that is still open, 0 where none.",
    "adherence_7d": "Completed on time / (planned - not sent - withdrawn) of the past 7 days, 0 to 1; missing where no prompt counts.",
    "missed_in_a_row": "Prompts of the past 7 days that ended without any answer since the last one that got an answer or a refusal.",
    "silent_hours": "Hours without an answer: since the newest one before this moment, or since the start where none came yet.",
    "risk_day": "Probability of use within a day by the population model in use, as of the midnight that began this day; missing "
    "where none is in use, where nothing was answered in the 24 h before that midnight, or where the day was not scored.",
    "risk_week": "The same within a week.",
    "risk_crossed": "True where that midnight's score, or the person's own rise, passed its threshold by alert budget; missing where "
    "it is not known, also where it was not passed after 24 h without an answer.",
    "self_help_due": "True where the level passes the threshold of the self-help budget and nothing was shown for 4 h; "
    "missing without a level or without such a threshold.",
    "bereaved": "True where the intake, a weekly review or staff says that someone close died; scenes are then not played by themselves.",
}
"""Every name a rule may read as `{"var": name}`. A variable that is not known is missing, never imputed."""

ADHERENCE_VARIABLES: Final = frozenset({"adherence_7d", "missed_in_a_row", "silent_hours"})
"""What becomes true by silence as well as by answers."""

WATCHED_VARIABLES: Final = ADHERENCE_VARIABLES | {"study_day"}
"""What is known of a person who says nothing, so that a rule on adherence needs no answer to be looked at."""

BUDGETED_VARIABLES: Final = frozenset({"risk_crossed"})
"""What a threshold by alert budget says once a day, at midnight."""

MIDNIGHT_VARIABLES: Final = BUDGETED_VARIABLES | {"risk_day", "risk_week", "study_day"}
"""What is known at midnight, so that a rule on the budget needs no answer to be looked at."""

MODEL_VARIABLES: Final = BUDGETED_VARIABLES | {"risk_day", "risk_week", "self_help_due"}
"""What comes from a population model in use."""


class Outcome(Document):
    """The proximal outcome: declared for every arm, closed by a response or by expiry."""

    variable: Code
    after_minutes: int = Field(ge=0, le=10_080)
    within_minutes: int = Field(ge=1, le=10_080)
    """Both count from the decision: the window is from `after_minutes` to `within_minutes`, both ends included."""


class Arm(Document):
    """An intervention option. `groups` is tried in order: the first with an eligible item is drawn from,
    evenly unless `weights` says otherwise. No groups: nothing is shown."""

    id: Code
    probability: float = Field(gt=0, le=1)
    groups: tuple[tuple[Code, ...], ...] = ()
    weights: dict[Code, float] = Field(default_factory=dict)


class DecisionRule(Document):
    """The first rule whose `when` holds decides. Probabilities of the arms add up to 1."""

    id: Code
    version: int = Field(ge=1)
    mode: Mode = Mode.LIVE
    points: tuple[DecisionPointKind, ...] = Field(min_length=1)
    when: Expression = None
    arms: tuple[Arm, ...] = Field(min_length=1)
    outcome: Outcome | None = None
    requested: bool = False
    """The person asked for it: no caps, no randomization (a single arm)."""
    reason: Text


class Availability(Document):
    """When content may be shown at all; every predicate is evaluated and stored before the draw."""

    per_day: int = Field(default=3, ge=0)
    gap_minutes: int = Field(default=120, ge=0)
    stale_minutes: int = Field(default=60, ge=1)
    """An answer that arrives later than this after its event time gets no content."""
    quiet_hours: bool = True
    """Outside the person's wake window nothing is offered, except to someone who started the report."""
