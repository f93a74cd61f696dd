"""Every table of the house."""

from models.tables.alert import Alert, AlertEvent
from models.tables.audit import Audit, AuditHead
from models.tables.decision import DecisionRow, Engagement, ProximalOutcome
from models.tables.device import AccessToken, Device, TokenFamily
from models.tables.enrollment import (
    Consent,
    Enrollment,
    EnrollmentCode,
    FutureScene,
    ListEntry,
    Pause,
    PlannedEvent,
    ProtocolMove,
    SceneRating,
    SceneVersion,
    TimedEvent,
    WakeHistory,
    ZoneHistory,
)
from models.tables.export import Disclosed, Export
from models.tables.outbox import Attempt, Delivery, Heartbeat, WebhookEndpoint
from models.tables.people import Caseload, Duty, Participant, PersonalKey, RoleGrant, Staff, StaffSession
from models.tables.population import PopulationModelRow, PopulationMove, PopulationScore
from models.tables.prompt import Prompt, PromptEvent
from models.tables.response import RejectedSubmission, Response, ResponseAmendment
from models.tables.risk import RiskEstimateRow, RiskSnapshot, RiskStateRow
from models.tables.signal import SignalPoint
from models.tables.study import DatabaseMark, ProtocolVersion, Site, Study, StudyMove

__all__ = [
    "AccessToken",
    "Alert",
    "AlertEvent",
    "Attempt",
    "Audit",
    "AuditHead",
    "Caseload",
    "Consent",
    "DatabaseMark",
    "DecisionRow",
    "Delivery",
    "Device",
    "Disclosed",
    "Duty",
    "Engagement",
    "Enrollment",
    "EnrollmentCode",
    "Export",
    "FutureScene",
    "Heartbeat",
    "ListEntry",
    "Participant",
    "Pause",
    "PersonalKey",
    "PlannedEvent",
    "PopulationModelRow",
    "PopulationMove",
    "PopulationScore",
    "Prompt",
    "PromptEvent",
    "ProtocolMove",
    "ProtocolVersion",
    "ProximalOutcome",
    "RejectedSubmission",
    "Response",
    "ResponseAmendment",
    "RiskEstimateRow",
    "RiskSnapshot",
    "RiskStateRow",
    "RoleGrant",
    "SceneRating",
    "SceneVersion",
    "SignalPoint",
    "Site",
    "Staff",
    "StaffSession",
    "Study",
    "StudyMove",
    "TimedEvent",
    "TokenFamily",
    "WakeHistory",
    "WebhookEndpoint",
    "ZoneHistory",
]
