"""What the phone gets back for a response: the first receipt byte for byte, and beside it what was decided."""

from typing import Any

from sqlalchemy import Row

from api.actions.submitted import Refused, Shown, Submitted
from api.deps import House
from models.codec import canonical
from models.definition.base import Text
from models.definition.language import spoken
from models.definition.piping import fill
from models.definition.protocol import Protocol
from models.kinds import DecisionStatus
from models.queries.decision import scene_text
from models.sealed import person_key, place, unseal
from risk.staffing import ladder_for, staffed
from scheduler.plan.calendar import local

READ_FROM_TIER = 2
"""From this tier on the reply says whether anyone reads it."""


def response_reply(house: House, submitted: Submitted, protocol: Protocol) -> bytes:
    """`{"decision": …, "receipt": …}`; the receipt's bytes are the stored ones."""
    decision = decision_document(house, protocol, submitted.decision, submitted.enrollment, submitted.status, language=submitted.language)
    decision |= safety_document(house, protocol, _tier(submitted), submitted)
    return b'{"decision":' + canonical(decision) + b',"receipt":' + submitted.receipt + b"}"


def _tier(submitted: Submitted) -> int:
    """A high craving answer is told who reads it as a tier 2 one is, also where no rule opens an alert."""
    return max([one.tier for one in submitted.disclosed] + [READ_FROM_TIER] * submitted.high, default=0)


def refusal_document(house: House, refused: Refused, protocol: Protocol) -> dict[str, Any]:
    """What stands beside a refusal: the page to show first, and whether anyone reads it."""
    tier = max(one.tier for one in refused.disclosed)
    return safety_document(house, protocol, tier, refused)


def _screen(submitted: Submitted | Refused) -> str:
    screens = [one.screen for one in submitted.disclosed]
    return "crisis" if "crisis" in screens else "help" if "help" in screens else "none"


def decision_document(
    house: House, protocol: Protocol, row: Shown | None, enrollment: Row[Any], status: DecisionStatus, *, language: str | None
) -> dict[str, Any]:
    """The decision as the person sees it: what is offered and the reason in words. No number of the model is in it."""
    if row is None:
        return {"status": str(status), "id": None, "reason": None, "sentence": None, "content": None}
    return {
        "status": str(status),
        "id": str(row.uid),
        "reason": row.reason,
        "sentence": row.sentence,
        "content": _content(house, protocol, row, enrollment, language),
    }


def _content(house: House, protocol: Protocol, row: Shown, enrollment: Row[Any], language: str | None) -> dict[str, Any] | None:
    item = protocol.content_item(row.content_code) if row.content_code else None
    if item is None:
        return None
    return {
        "code": item.code,
        "version": item.version,
        "kind": str(item.kind),
        "title": spoken(item.title, language, protocol.language),
        "steps": [{"text": spoken(step.text, language, protocol.language), "seconds": step.seconds} for step in item.steps],
        "scene": _scene(house, row, enrollment) if row.scene_id is not None else None,
    }


def _scene(house: House, row: Shown, enrollment: Row[Any]) -> dict[str, Any] | None:
    assert row.scene_id is not None
    assert row.scene_version is not None
    with house.sessions.reading() as session:
        words = scene_text(session, row.scene_id, row.scene_version)
    if words is None or enrollment.data_key is None:
        return None
    key = person_key(house.keys, enrollment.data_key, enrollment.person_key_id, str(enrollment.participant_uid))
    text = unseal(key, words.text_sealed, place("scene_version", "text", f"{words.uid}/{row.scene_version}"))
    return {"id": str(words.uid), "horizon": words.horizon, "language": words.language, "text": text.decode()}


def safety_document(house: House, protocol: Protocol, tier: int, told: Submitted | Refused) -> dict[str, Any]:
    """What the screen shows first, and plainly whether anyone is reading (safety.md rule 5)."""
    if tier < READ_FROM_TIER:
        return {"screen": "none", "reading": None}
    ladder = ladder_for(protocol, tier)
    minutes = ladder.group_wait_minutes + ladder.rungs[0].acknowledge_minutes
    who = staffed(protocol.staffing, tier, house.clock.study(), answer_minutes=minutes)
    words: Text = protocol.help.nobody_reading if who.nobody or who.by is None else protocol.help.somebody_reading
    text = spoken(words, told.language, protocol.language)
    if who.by is not None:
        text = fill(text, {"by": local(who.by, told.enrollment.zone).wall[:5]})
    by = who.by.isoformat().replace("+00:00", "Z") if who.by is not None else None
    return {"screen": _screen(told), "reading": {"somebody": not who.nobody, "by": by, "text": text}}
