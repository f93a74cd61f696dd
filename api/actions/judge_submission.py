"""What becomes of one submission: accepted, a duplicate, a conflict or refused. Reads values, writes nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Row

from api.actions.submission import ResponseIn, Submission
from models.codec import canonical
from models.definition.answers import Checked, validate
from models.definition.disclose import Disclosed, disclosures
from models.definition.instrument import Instrument
from models.definition.language import best
from models.definition.order import item_order, report_slot
from models.definition.protocol import Protocol as ProtocolDocument
from models.definition.tasks.draws import TrialDraws
from models.errors import Conflict, Fault, Gone, Invalid, Missing, Problem
from models.kinds import EnrollmentState, ItemKind, Timing
from models.sealed import Keys, person_key, place, plan_key, seal
from scheduler.lifecycle import timing as prompt_timing
from scheduler.plan.calendar import local

SKEW_TOLERANCE = timedelta(seconds=30)
"""Below this the difference between phone and server is the network, and device time stands as it is."""
SUSPECT_SKEW = timedelta(minutes=5)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""A correction by centuries may not lead before the instants that a submission can name: the fold counts from here."""
FUTURE_LIMIT = timedelta(minutes=5)
"""An answer that ends later than this after its own upload cannot be true."""


class Stored(Protocol):
    """A revision that is stored under the same id, or by the same batch just before."""

    @property
    def id(self) -> int: ...
    @property
    def revision(self) -> int: ...
    @property
    def content_hash(self) -> bytes: ...
    @property
    def receipt(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows that a submission is judged by."""

    enrollment: Row[Any]
    protocol: ProtocolDocument | None
    """Of the revision that the answer names; None where the study has none such."""
    own_protocol: ProtocolDocument
    """Of the enrollment: what disclosures fall back on."""
    version_id: int | None
    prompt: Row[Any] | None
    stored: tuple[Stored, ...]
    lists: Mapping[str, Collection[str]]
    app_version: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """Exactly one of `row` (to be stored), `duplicate_of` and `problem` is set. Disclosures hold in every case."""

    submission: Submission
    known: Known
    disclosed: tuple[Disclosed, ...]
    row: Mapping[str, Any] | None = None
    checked: Checked | None = None
    duplicate_of: Stored | None = None
    problem: Problem | None = None
    amends: Stored | None = None
    supersedes: tuple[int, ...] = field(default=())

    @property
    def safety_tier(self) -> int:
        return max((one.tier for one in self.disclosed), default=0)


def judge(submission: Submission, known: Known, keys: Keys, *, now: datetime) -> Judged:
    """Disclosures first, on whatever items are valid; then the refusals; then the row."""
    asked = known.protocol or known.own_protocol
    instrument = asked.instrument(submission.instrument) if submission.instrument is not None else None
    order = _order(submission, instrument, known, keys) if instrument is not None and instrument.shuffles else None
    checked = _check(submission, instrument, known, keys, order) if instrument is not None else None
    disclosed = disclosures(asked, instrument.id, checked.disclosable) if instrument is not None and checked is not None else ()
    given = submission.given
    same = next((row for row in known.stored if given is not None and row.content_hash == submission.content_hash), None)
    if same is not None:
        return Judged(submission, known, disclosed, checked=checked, duplicate_of=same)
    problem = submission.problem or _refusal(submission, known, instrument, checked)
    if problem is not None:
        return Judged(submission, known, disclosed, problem=problem)
    assert given is not None
    assert instrument is not None
    assert checked is not None
    newest = known.stored[-1] if known.stored else None
    if newest is not None and given.base_revision is None:
        taken = Conflict(
            "response_differs", "Another content is stored under this id; yours is kept for staff to see, the stored one stands."
        )
        return Judged(submission, known, disclosed, problem=taken, amends=newest)
    if given.base_revision is not None and (newest is None or newest.revision != given.base_revision):
        moved = Conflict("edit_base_moved", "The edit names a revision that is not the newest one stored.")
        return Judged(submission, known, disclosed, problem=moved, amends=newest)
    asked_as = {"language": best(instrument.title, given.language, asked.language), "item_order": order}
    row = {**_row(submission, given, instrument, checked, known, keys, now), **asked_as}
    return Judged(submission, known, disclosed, row=row, checked=checked, supersedes=tuple(one.id for one in known.stored if one.id))


def _order(submission: Submission, instrument: Instrument, known: Known, keys: Keys) -> tuple[str, ...]:
    """Derived as the phone derives it, so it is right too where the phone asked from another revision than the prompt was planned by."""
    prompt, key = known.prompt, _plan_key(known, keys)
    return item_order(instrument, key, report_slot(str(submission.client_id)) if prompt is None else f"{prompt.design}/{prompt.slot}")


def _check(submission: Submission, instrument: Instrument, known: Known, keys: Keys, order: Sequence[str] | None) -> Checked:
    drawn = known.prompt.drawn.get("items") if known.prompt is not None and known.prompt.drawn else None
    complete = submission.given.complete if submission.given else False
    draws = _draws(submission, known, keys) if any(item.task is not None for item in instrument.items) else None
    return validate(instrument, submission.raw_answers, drawn=drawn, lists=known.lists, complete=complete, order=order, draws=draws)


def _draws(submission: Submission, known: Known, keys: Keys) -> Callable[[str], TrialDraws]:
    """What the tasks of this response draw, by item: by the id of the prompt that it answers, else by its own."""
    prompt_id = submission.given.prompt_id if submission.given is not None else None
    return partial(TrialDraws, _plan_key(known, keys), of=str(prompt_id or submission.client_id))


def _plan_key(known: Known, keys: Keys) -> bytes:
    person = known.enrollment
    return plan_key(keys, person.plan_key, person.key_id, str(person.uid))


def _refusal(submission: Submission, known: Known, instrument: Instrument | None, checked: Checked | None) -> Problem | None:
    given = submission.given
    assert given is not None
    if known.enrollment.state is not EnrollmentState.ACTIVE and known.enrollment.state is not EnrollmentState.COMPLETED:
        return Gone("enrollment_ended", "This enrollment has ended; nothing more is collected.")
    if not known.enrollment.consent_collect:
        return Gone("collection_stopped", "You stopped the collection; nothing more is stored.")
    if known.protocol is None:
        return _invalid(Fault("/protocol_revision", "unknown_revision", "The study has no such protocol revision."))
    if instrument is None or checked is None:
        return _invalid(Fault("/instrument", "unknown_instrument", "The protocol revision has no such instrument."))
    faults = [*_time_faults(given), *checked.faults]
    if given.prompt_id is not None:
        if known.prompt is None:
            return Missing("not_found", "There is no such prompt.", (Fault("/prompt_id", "unknown_prompt", "There is no such prompt."),))
        if known.prompt.instrument != given.instrument:
            faults.append(Fault("/instrument", "other_instrument", "The prompt asks another instrument."))
    return Invalid("invalid", "The response breaks the rules named in errors.", tuple(faults)) if faults else None


def _invalid(fault: Fault) -> Invalid:
    return Invalid("invalid", "The response breaks the rules named in errors.", (fault,))


def _time_faults(given: ResponseIn) -> list[Fault]:
    faults = []
    if given.answered_at > given.sent_at + FUTURE_LIMIT:
        faults.append(Fault("/answered_at", "after_sent", "The answer ends after its own upload was sent."))
    if given.started_at is not None and given.started_at > given.answered_at:
        faults.append(Fault("/started_at", "after_answered", "The start lies after the end."))
    try:
        local(given.answered_at, given.zone)
    except Invalid as problem:
        faults.extend(problem.faults)
    return faults


def _row(
    submission: Submission, given: ResponseIn, instrument: Instrument, checked: Checked, known: Known, keys: Keys, now: datetime
) -> Mapping[str, Any]:
    skew = now - given.sent_at
    correction = skew if abs(skew) > SKEW_TOLERANCE else timedelta()
    event_time = max(EARLIEST, min(given.answered_at + correction, now))
    started = given.started_at + correction if given.started_at is not None else None
    suspect = abs(skew) > SUSPECT_SKEW or given.answered_at > given.sent_at
    prompt, enrollment = known.prompt, known.enrollment
    timing = Timing.UNPROMPTED if prompt is None else prompt_timing(event_time, prompt.due_at, prompt.expires_at, opened_at=started)
    revision = known.stored[-1].revision + 1 if known.stored else 1
    sealed_items = {item.id for item in instrument.series() if item.identifying or item.kind is ItemKind.TEXT}
    values = {name: value for name, value in checked.values.items() if name not in sealed_items}
    texts = {name: value for name, value in checked.values.items() if name in sealed_items}
    if checked.given_hidden:
        texts["_given_hidden"] = dict(checked.given_hidden)
    receipt = {
        "id": str(submission.client_id),
        "revision": revision,
        "received_at": now,
        "timing": timing,
        "clock_suspect": suspect,
        "content": submission.content_hash.hex(),
        "answers": len(checked.values) - len(checked.measured),
        "prompt_id": str(given.prompt_id) if given.prompt_id else None,
    }
    return {
        "study_id": enrollment.study_id,
        "enrollment_id": enrollment.id,
        "client_id": submission.client_id,
        "revision": revision,
        "base_revision": given.base_revision,
        "edit_reason": given.edit_reason,
        "superseded": False,
        "device_id": submission.viewer.device_id,
        "prompt_id": prompt.id if prompt is not None else None,
        "protocol_version_id": known.version_id,
        "instrument": given.instrument,
        "complete": given.complete,
        "started_at": given.started_at,
        "answered_at": given.answered_at,
        "sent_at": given.sent_at,
        "received_at": now,
        "event_time": event_time,
        "skew_seconds": skew.total_seconds(),
        "clock_suspect": suspect,
        "timing": timing,
        "zone": given.zone,
        "offset_minutes": local(event_time, given.zone).offset_minutes,
        "answers": values,
        "missing": {name: str(kind) for name, kind in checked.missing.items()},
        "answer_times": {name: at.isoformat() for name, at in checked.at.items()} or None,
        "texts_sealed": _sealed_texts(texts, submission, revision, enrollment, keys),
        "content_hash": submission.content_hash,
        "receipt": canonical(receipt),
        "quality": {"app_version": known.app_version} | ({"given_hidden": sorted(checked.given_hidden)} if checked.given_hidden else {}),
        "decision_status": "decided",
        "synthetic": enrollment.synthetic,
    }


def _sealed_texts(texts: Mapping[str, Any], submission: Submission, revision: int, enrollment: Row[Any], keys: Keys) -> bytes | None:
    if not texts:
        return None
    key = person_key(keys, enrollment.data_key, enrollment.person_key_id, str(enrollment.participant_uid))
    return seal(key, canonical(dict(texts)), place("response", "texts", f"{submission.client_id}/{revision}"))


def sealed_body(judged: Judged, table: str, row: str, keys: Keys) -> bytes:
    """A refused or amending body under the person's key."""
    enrollment = judged.known.enrollment
    key = person_key(keys, enrollment.data_key, enrollment.person_key_id, str(enrollment.participant_uid))
    return seal(key, judged.submission.body, place(table, "body", row))
