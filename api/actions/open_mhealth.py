"""Open mHealth data points, as far as passive signals need them: read strictly, kept as a kind, an instant and a number.

The shapes are those of the schema library (openmhealth.org): heart-rate 1 and 2, heart-rate-variability 1, step-count 1 to 3,
sleep-duration 1 and 2, sleep-episode and total-sleep-time 1. Members that are not named here are not looked at and not kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictFloat, ValidationError

from api.problems import faults_of
from api.shapes import Moment
from models.codec import digest
from models.errors import Fault, Invalid
from models.kinds import SignalKind

LONGEST: Final = timedelta(hours=48)
"""Of one measurement: a longer one says nothing about any day."""
ROUNDING: Final = timedelta(minutes=1)


class Foreign(BaseModel):
    """A part of a shape that is not ours: it may say more than is read."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class SchemaId(Foreign):
    namespace: Literal["omh"]
    name: Literal["heart-rate", "heart-rate-variability", "step-count", "sleep-duration", "sleep-episode", "total-sleep-time"]
    version: Annotated[str, Field(pattern=r"^[1-3]\.[0-9]{1,3}$")]


class Provenance(Foreign):
    modality: Literal["sensed"] | None = None


class Header(Foreign):
    uuid: UUID
    """Made by the phone, once for each point: the same point again is harmless."""
    schema_id: SchemaId
    modality: Literal["sensed"] | None = None
    """What a person typed is no passive signal."""
    acquisition_provenance: Provenance | None = None


class Beats(Foreign):
    value: Annotated[StrictFloat, Field(ge=20, le=300, allow_inf_nan=False)]
    unit: Literal["beats/min"]


class Milliseconds(Foreign):
    value: Annotated[StrictFloat, Field(ge=0, le=2_000, allow_inf_nan=False)]
    unit: Literal["ms"]


class Steps(Foreign):
    value: Annotated[StrictFloat, Field(ge=0, le=200_000, allow_inf_nan=False)]
    unit: Literal["steps"]


class Duration(Foreign):
    value: Annotated[StrictFloat, Field(ge=0, le=200_000, allow_inf_nan=False)]
    unit: Literal["sec", "min", "h"]

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=self.value * {"sec": 1, "min": 60, "h": 3_600}[self.unit])


class TimeInterval(Foreign):
    """Two of the three."""

    start_date_time: Moment | None = None
    end_date_time: Moment | None = None
    duration: Duration | None = None


class Lasting(Foreign):
    time_interval: TimeInterval


class Momentary(Foreign):
    """One of the two."""

    date_time: Moment | None = None
    time_interval: TimeInterval | None = None


class HeartRate(Foreign):
    heart_rate: Beats
    effective_time_frame: Momentary
    descriptive_statistic: Literal["average"] | None = None


class HeartRateVariability(Foreign):
    heart_rate_variability: Milliseconds
    algorithm: Literal["RMSSD", "SDNN"]
    effective_time_frame: Momentary
    descriptive_statistic: Literal["average"] | None = None


def _bare(value: Any) -> Any:
    """Up to version 2 a count of steps is a bare number."""
    return {"value": value, "unit": "steps"} if isinstance(value, int | float) else value


class StepCount(Foreign):
    step_count: Annotated[Steps, BeforeValidator(_bare, json_schema_input_type=Steps | float)]
    effective_time_frame: Lasting
    descriptive_statistic: Literal["sum"] | None = None


class SleepDuration(Foreign):
    sleep_duration: Duration
    effective_time_frame: Lasting
    descriptive_statistic: Literal["sum"] | None = None


class SleepEpisode(Foreign):
    """Also total-sleep-time, which says the same in fewer members."""

    total_sleep_time: Duration
    effective_time_frame: Lasting
    descriptive_statistic: Literal["sum"] | None = None


Body = HeartRate | HeartRateVariability | StepCount | SleepDuration | SleepEpisode

BODIES: Final[Mapping[str, type[Body]]] = {
    "heart-rate": HeartRate,
    "heart-rate-variability": HeartRateVariability,
    "step-count": StepCount,
    "sleep-duration": SleepDuration,
    "sleep-episode": SleepEpisode,
    "total-sleep-time": SleepEpisode,
}


class DataPoint(Foreign):
    header: Header
    body: Annotated[dict[str, Any], BeforeValidator(lambda value: value, json_schema_input_type=Body)]
    """As the schema that the header names."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A point as it is kept, by the phone's clock. `value` in the unit of its kind (`models.definition.signal.UNITS`)."""

    client_id: UUID
    kind: SignalKind
    started_at: datetime | None
    ended_at: datetime
    value: float

    @property
    def content_hash(self) -> bytes:
        return digest([str(self.kind), self.started_at, self.ended_at, self.value])


def read_point(raw: Any) -> Measured:
    """What a data point says. Raises Invalid with the places within the point, and never with a value."""
    point: DataPoint = _validated(DataPoint, raw, "")
    body: Body = _validated(BODIES[point.header.schema_id.name], point.body, "/body")
    frame = body.effective_time_frame
    started_at, ended_at = _when(frame.date_time if isinstance(frame, Momentary) else None, frame.time_interval)
    kind, value = _said(body)
    if started_at is not None and kind is SignalKind.SLEEP_DURATION and timedelta(hours=value) > ended_at - started_at + ROUNDING:
        raise _broken("/body", "longer_than_interval", "Nobody sleeps longer than the time that is measured.")
    return Measured(point.header.uuid, kind, started_at, ended_at, value)


def id_of(raw: Any) -> UUID | None:
    """The phone's id of a point, also of one that is refused; None where it has none that can be read."""
    header = raw.get("header") if isinstance(raw, dict) else None
    try:
        return UUID(header["uuid"]) if isinstance(header, dict) else None
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def point_schema() -> dict[str, Any]:
    """The JSON Schema of a data point, whole in itself: the API document shows what is judged point by point."""
    schema = DataPoint.model_json_schema(ref_template="{model}")
    return cast(dict[str, Any], _whole(schema, schema.pop("$defs")))


def _whole(part: Any, named: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_whole(one, named) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _whole(named[part["$ref"]], named)
    return {name: _whole(one, named) for name, one in part.items()}


def _validated(model: type[Any], raw: Any, at: str) -> Any:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults = [Fault(at + one.pointer, one.rule, one.message) for one in faults_of(error)]
        raise Invalid("invalid", "The point breaks the rules named in errors.", faults) from None


def _when(moment: datetime | None, interval: TimeInterval | None) -> tuple[datetime | None, datetime]:
    if moment is not None and interval is None:
        return None, moment
    if moment is None and interval is not None:
        return _span(interval)
    raise _broken("/body/effective_time_frame", "one_of_two", "Either `date_time` or `time_interval`.")


def _span(interval: TimeInterval) -> tuple[datetime, datetime]:
    start, end, lasts = interval.start_date_time, interval.end_date_time, interval.duration
    at = "/body/effective_time_frame/time_interval"
    if sum(one is not None for one in (start, end, lasts)) != 2:
        raise _broken(at, "two_of_three", "Two of `start_date_time`, `end_date_time` and `duration`.")
    if lasts is not None:
        length = lasts.length
        start, end = (start, start + length) if start is not None else (end - length if end is not None else None, end)
    assert start is not None
    assert end is not None
    if not timedelta() < end - start <= LONGEST:
        raise _broken(at, "interval_length", f"The end lies after the start, and at most {LONGEST.days * 24} hours after it.")
    return start, end


def _said(body: Body) -> tuple[SignalKind, float]:
    match body:
        case HeartRate():
            return SignalKind.HEART_RATE, body.heart_rate.value
        case HeartRateVariability():
            rmssd = body.algorithm == "RMSSD"
            kind = SignalKind.HEART_RATE_VARIABILITY_RMSSD if rmssd else SignalKind.HEART_RATE_VARIABILITY_SDNN
            return kind, body.heart_rate_variability.value
        case StepCount():
            return SignalKind.STEP_COUNT, body.step_count.value
        case SleepDuration():
            return SignalKind.SLEEP_DURATION, body.sleep_duration.length / timedelta(hours=1)
        case SleepEpisode():
            return SignalKind.SLEEP_DURATION, body.total_sleep_time.length / timedelta(hours=1)


def _broken(pointer: str, rule: str, message: str) -> Invalid:
    return Invalid("invalid", "The point breaks the rules named in errors.", (Fault(pointer, rule, message),))
