"""A study that asks for passive signals, and Open mHealth points as a phone sends them."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from models.definition.load import canonical, parse
from models.definition.protocol import Protocol
from models.ids import new_uid
from tests.build import NOW, shipped

SIGNALS: dict[str, Any] = {
    "consent": {"en": "May the study read your heart rate, your sleep and your steps?"},
    "series": [
        {"kind": "heart_rate", "variable": "beats", "summary": "mean", "hours": 2, "minimum": 40, "maximum": 160, "node": "S"},
        {"kind": "sleep_duration", "variable": "slept", "summary": "sum", "hours": 24, "minimum": 0, "maximum": 12,
         "node": "S", "direction": -1},
        {"kind": "step_count", "variable": "walked", "summary": "sum", "hours": 24, "minimum": 0, "maximum": 20000},
    ],
}  # fmt: skip


def asking(signals: dict[str, Any] | None = SIGNALS) -> Protocol:
    """The shipped protocol with a block of signals."""
    return parse(json.dumps({**json.loads(canonical(shipped())), "signals": signals}).encode())


def _point(name: str, version: str, at: dict[str, Any], body: dict[str, Any], id: str | None) -> dict[str, Any]:
    header = {"uuid": id or str(new_uid()), "schema_id": {"namespace": "omh", "name": name, "version": version}, "modality": "sensed"}
    return {"header": header, "body": {**body, "effective_time_frame": at}}


def beats(value: float, at: datetime, id: str | None = None) -> dict[str, Any]:
    return _point("heart-rate", "2.0", {"date_time": at.isoformat()}, {"heart_rate": {"value": value, "unit": "beats/min"}}, id)


def _lasting(until: datetime, hours: float) -> dict[str, Any]:
    return {"time_interval": {"start_date_time": (until - timedelta(hours=hours)).isoformat(), "end_date_time": until.isoformat()}}


def slept(hours: float, until: datetime, id: str | None = None) -> dict[str, Any]:
    return _point("sleep-episode", "1.1", _lasting(until, hours), {"total_sleep_time": {"value": hours * 60, "unit": "min"}}, id)


def walked(steps: int, until: datetime, id: str | None = None) -> dict[str, Any]:
    return _point("step-count", "3.0", _lasting(until, 1), {"step_count": {"value": steps, "unit": "steps"}}, id)


def upload(points: Sequence[Any], *, agreed: bool = True, sent_at: datetime = NOW) -> dict[str, Any]:
    return {"agreed": agreed, "sent_at": sent_at.isoformat(), "points": list(points)}
