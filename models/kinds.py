"""Closed vocabularies: every word that a column, a document or a reply may hold.

One spelling everywhere: column value, JSON value, codebook level and prose.
"""

from enum import StrEnum
from typing import Final


class Domain(StrEnum):
    """The three domains of the craving network, in the words shown to people (Lueptow et al. 2020)."""

    REWARD_MOTIVATION = "reward_motivation"
    STRESS_NEGATIVE_AFFECT = "stress_negative_affect"
    LEARNING_MEMORY_EXECUTIVE = "learning_memory_executive"


class Node(StrEnum):
    """The estimator's nodes: C craving, R reward, S stress, W withdrawal and pain, E executive control."""

    C = "C"
    R = "R"
    S = "S"
    W = "W"
    E = "E"
    CONTEXT = "context"
    NONE = "none"


class RecallFrame(StrEnum):
    """The time an item asks about. Items with different frames are never pooled."""

    NOW = "now"
    SINCE_LAST = "since_last"
    PAST_HOUR = "past_hour"
    TODAY = "today"
    PAST_24H = "past_24h"
    NIGHT = "night"
    NEXT_24H = "next_24h"
    PAST_WEEK = "past_week"
    PAST_2_WEEKS = "past_2_weeks"
    LIFETIME = "lifetime"
    NONE = "none"


class SignalKind(StrEnum):
    """What a phone or a watch measures by itself. The two measures of variability are never pooled."""

    HEART_RATE = "heart_rate"
    HEART_RATE_VARIABILITY_RMSSD = "heart_rate_variability_rmssd"
    HEART_RATE_VARIABILITY_SDNN = "heart_rate_variability_sdnn"
    SLEEP_DURATION = "sleep_duration"
    STEP_COUNT = "step_count"


class SignalSummary(StrEnum):
    """What becomes of the points of a window."""

    MEAN = "mean"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    SUM = "sum"
    NEWEST = "newest"


class ItemKind(StrEnum):
    SLIDER = "slider"
    LIKERT = "likert"
    SINGLE = "single"
    MULTI = "multi"
    YES_NO = "yes_no"
    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"
    TIME = "time"
    DATE = "date"
    DURATION = "duration"
    BODY_MAP = "body_map"
    INFORMATION = "information"
    TASK = "task"


class TaskKind(StrEnum):
    """The timed tasks that the house knows how to score. A task without a kind keeps its trials and nothing more."""

    GO_NO_GO = "go_no_go"
    DOT_MEMORY = "dot_memory"
    DELAY_DISCOUNTING = "delay_discounting"
    CUE_STROOP = "cue_stroop"


class TaskFlag(StrEnum):
    """What speaks against the scores of a task, or must be known with them: the last two only inform."""

    INTERRUPTED = "interrupted"
    FEW_TRIALS = "few_trials"
    ANTICIPATIONS = "anticipations"
    UNANSWERED = "unanswered"
    INACCURATE = "inaccurate"
    OTHER_ORDER = "other_order"
    END_OF_LADDER = "end_of_ladder"


class CueType(StrEnum):
    """What set a craving off. The first six are outside the person, the rest inside."""

    PLACE = "place"
    PERSON = "person"
    OBJECT = "object"
    MEDIA = "media"
    SMELL = "smell"
    MONEY = "money"
    BODY = "body"
    MOOD = "mood"
    WITHDRAWAL = "withdrawal"
    PAIN = "pain"
    MEMORY = "memory"


class Missing(StrEnum):
    """The four kinds of nothing. They stay apart in rows, replies and exports."""

    NOT_SHOWN = "not_shown"
    SKIPPED = "skipped"
    DECLINED = "declined"
    NOT_REACHED = "not_reached"


class InstrumentKind(StrEnum):
    MOMENTARY = "momentary"
    DIARY = "diary"
    REPORT = "report"
    WEEKLY = "weekly"
    INTAKE = "intake"
    FOLLOW_UP = "follow_up"


class DesignKind(StrEnum):
    """How a moment is chosen. `window` is relative to the person's wake window."""

    FIXED = "fixed"
    WINDOW = "window"
    STRATIFIED = "stratified"
    UNIFORM = "uniform"
    INTERVAL = "interval"
    FOLLOW_UP = "follow_up"
    EVENT = "event"


class PromptState(StrEnum):
    PLANNED = "planned"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    SNOOZED = "snoozed"
    COMPLETED = "completed"
    PARTIAL = "partial"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


class Timing(StrEnum):
    """When a response came, decided by the server. Nothing is refused for being early or late."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    AFTER_EXPIRY = "after_expiry"
    UNPROMPTED = "unprompted"


class Role(StrEnum):
    PARTICIPANT = "participant"
    COORDINATOR = "coordinator"
    CLINICIAN = "clinician"
    INVESTIGATOR = "investigator"
    DATA_MANAGER = "data_manager"
    ADMIN = "admin"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class EnrollmentState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class Leaving(StrEnum):
    """The four ways to leave (safety.md rule 11), each carried out at once."""

    PAUSE_PROMPTS = "pause_prompts"
    STOP_COLLECTION = "stop_collection"
    STOP_USE = "stop_use"
    ERASE_IDENTIFIERS = "erase_identifiers"


class TimedEventKind(StrEnum):
    USE = "use"
    DOSE = "dose"
    MISSED_DOSE = "missed_dose"
    INJECTION_DAY = "injection_day"
    INDUCTION = "induction"
    NALOXONE = "naloxone"
    RELEASE = "release"
    DISCHARGE = "discharge"
    VISIT = "visit"
    URINE_RESULT = "urine_result"
    OVERDOSE = "overdose"
    EMERGENCY_VISIT = "emergency_visit"
    QUIT_DAY = "quit_day"


PLANNABLE: Final = frozenset(
    {
        TimedEventKind.QUIT_DAY,
        TimedEventKind.VISIT,
        TimedEventKind.DISCHARGE,
        TimedEventKind.RELEASE,
        TimedEventKind.INJECTION_DAY,
        TimedEventKind.INDUCTION,
    }
)
"""What may be set for a day to come. Nobody plans a use or an overdose."""


class Intention(StrEnum):
    """How a planned event stands: it is to come, it was called off, or it was told as an event."""

    PLANNED = "planned"
    RETRACTED = "retracted"
    HAPPENED = "happened"


class DecisionPointKind(StrEnum):
    RESPONSE = "response"
    REPORT = "report"
    HELP_REQUEST = "help_request"
    EXPIRY = "expiry"
    TIMED_EVENT = "timed_event"


class DecisionStatus(StrEnum):
    DECIDED = "decided"
    PENDING = "pending"


class AlertState(StrEnum):
    """`pending` waits out its grouping time; `open` wants a human; both have a next moment."""

    PENDING = "pending"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    SNOOZED = "snoozed"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"


class Disposition(StrEnum):
    """How an alert ended, said by the person who worked it."""

    REACHED_SAFE = "reached_safe"
    REACHED_NEEDS_CARE = "reached_needs_care"
    NO_ANSWER = "no_answer"
    EMERGENCY_SENT = "emergency_sent"
    ALREADY_KNOWN = "already_known"
    WRONG_ALERT = "wrong_alert"


class RungTarget(StrEnum):
    OWNER = "owner"
    COVER = "cover"
    ON_DUTY = "on_duty"
    SUPERVISOR = "supervisor"
    INVESTIGATOR = "investigator"
    SYSTEM = "system"


class ContentKind(StrEnum):
    FUTURE_SCENE = "future_scene"
    URGE_SURF = "urge_surf"
    BREATH = "breath"
    GROUND = "ground"
    SOCIAL = "social"
    PLAN = "plan"
    THOUGHT = "thought"
    MEDICATION = "medication"
    NALOXONE = "naloxone"
    CRISIS = "crisis"
    COMPARATOR = "comparator"


class Mode(StrEnum):
    OFF = "off"
    SHADOW = "shadow"
    LIVE = "live"


class ModelMove(StrEnum):
    """What a named human did with a population model."""

    SHADOWED = "shadowed"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    WITHDRAWN = "withdrawn"


class OutcomeStatus(StrEnum):
    PENDING = "pending"
    OBSERVED = "observed"
    MISSING = "missing"
    NOT_APPLICABLE = "not_applicable"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DEAD = "dead"


class EvidenceState(StrEnum):
    """What may be said about a person now. After 24 h without an answer: unknown, never low."""

    LEARNING = "learning"
    CURRENT = "current"
    UNKNOWN = "unknown"


class UnavailableReason(StrEnum):
    NO_CONSENT = "no_consent"
    NOT_ACTIVE = "not_active"
    PAUSED = "paused"
    QUIET_HOURS = "quiet_hours"
    RECENT_CONTENT = "recent_content"
    DAILY_CAP = "daily_cap"
    SAFETY_TIER = "safety_tier"
    STALE = "stale"
    CONTENT_OFF = "content_off"
    DEVICE_UNREACHABLE = "device_unreachable"


class ExportState(StrEnum):
    WAITING = "waiting"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
