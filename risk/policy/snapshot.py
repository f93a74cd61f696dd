"""The frozen inputs of a decision: enough to make it again, and nothing that no rule read.

A plain mapping of JSON values, so that canonical bytes survive any database.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from models.definition.operations import Value
from models.kinds import DecisionPointKind, Timing
from risk.policy.sheet import Sheet
from risk.policy.variables import tailoring
from risk.terms import PointContext, RiskEstimate

Read = Mapping[str, Value]

_PLAIN = (
    "instrument",
    "local_hour",
    "study_day",
    "in_wake_window",
    "started_by_person",
    "has_scene",
    "active",
    "consented",
    "paused",
    "safety_tier",
    "content_today",
    "high_craving_24h",
    "event",
    "content_off",
    "bereaved",
)


def read(context: PointContext, estimate: RiskEstimate | None, sheet: Sheet) -> tuple[Read, Read]:
    """The items and the variables that this protocol reads, None where missing.

    An identifying item is only True where it was given: its words belong in no snapshot.
    """
    variables = tailoring(context, estimate)
    return (
        {name: _item(name, context.items.get(name), sheet) for name in sheet.items},
        {name: variables.get(name) for name in sheet.variables},
    )


def freeze(context: PointContext, items: Read, variables: Read, sheet: Sheet) -> dict[str, Any]:
    """The snapshot. `variables` and `items` show what the rules saw, null for what was missing; `context` what availability saw."""
    history = {code: at for code, at in context.content_history.items() if code in sheet.resting}
    return {
        "variables": dict(variables),
        "items": {name: list(value) if isinstance(value, tuple) else value for name, value in items.items()},
        "context": {
            "point": str(context.point),
            "now": _written(context.now),
            "event_time": _written(context.event_time),
            "timing": None if context.timing is None else str(context.timing),
            "last_content_at": None if context.last_content_at is None else _written(context.last_content_at),
            "content_history": {code: _written(at) for code, at in sorted(history.items())},
            "rested": sorted(context.rested & sheet.library.keys()),
            **{name: getattr(context, name) for name in _PLAIN},
            **({} if context.population is None else {"population": dict(context.population)}),
        },
    }


def thaw(snapshot: Mapping[str, Any]) -> tuple[PointContext, Read, Read]:
    """Context, items and variables from a snapshot that went through JSON."""
    said = snapshot["context"]
    items = {name: tuple(value) if isinstance(value, list) else value for name, value in snapshot["items"].items()}
    context = PointContext(
        point=DecisionPointKind(said["point"]),
        now=datetime.fromisoformat(said["now"]),
        event_time=datetime.fromisoformat(said["event_time"]),
        timing=None if said["timing"] is None else Timing(said["timing"]),
        items=items,
        last_content_at=None if said["last_content_at"] is None else datetime.fromisoformat(said["last_content_at"]),
        content_history={code: datetime.fromisoformat(at) for code, at in said["content_history"].items()},
        rested=frozenset(said["rested"]),
        population=said.get("population"),
        **{name: said[name] for name in _PLAIN if name in said},
    )
    return context, items, dict(snapshot["variables"])


def _item(name: str, value: Any, sheet: Sheet) -> Value:
    if isinstance(value, list):
        value = tuple(value)
    if name in sheet.identifying:
        return True if value is not None else None
    return value  # type: ignore[no-any-return]  # answers are checked values; the language reads anything else as missing


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
