"""Laws of answers: what was acknowledged is stored, was decided once, drawn once, and is in the state."""

from collections import Counter

from sqlalchemy import select

from models.codec import canonical, parse
from models.kinds import DecisionStatus, OutcomeStatus
from models.sealed import randomization_key
from models.tables import (
    DecisionRow,
    Engagement,
    FutureScene,
    ProximalOutcome,
    RejectedSubmission,
    Response,
    RiskEstimateRow,
    RiskStateRow,
    TimedEvent,
)
from risk.estimate.state import encode
from risk.mind import Mind
from risk.policy.decide import redecide
from risk.refold import Folded, fold, past_of
from tests.faults.law import GRACE_SECONDS, Facts, Looked, law


@law("acknowledged answer is stored, with the receipt that was given")
def acknowledged(facts: Facts) -> Looked:
    stored = {(row.enrollment_id, str(row.client_id)): row for row in facts.rows(Response) if row.revision == 1}
    for answer in facts.ledger.stored():
        row = stored.get((facts.keys_of[answer.enrollment], answer.id))
        said = None if row is None else {name: row.answers.get(name) for name in answer.values}
        if row is None:
            yield f"{answer.id}: not stored"
        elif bytes(row.receipt) != answer.receipt:
            yield f"{answer.id}: another receipt"
        elif said != answer.values or row.instrument != answer.instrument:
            yield f"{answer.id}: other answers"
        else:
            yield None


@law("an acknowledged answer gets the same receipt again")
def same_receipt(facts: Facts) -> Looked:
    yield from (None for one in facts.ledger.stored() if one.acknowledged > 1)
    yield from (f"{uid}: another receipt" for uid in facts.ledger.other_receipts)


@law("an answer is stored once")
def stored_once(facts: Facts) -> Looked:
    counts = Counter((row.enrollment_id, row.client_id) for row in facts.rows(Response))
    for place, number in counts.items():
        yield None if number == 1 else f"{place}: {number} rows"


@law("what is stored was sent")
def was_sent(facts: Facts) -> Looked:
    for row in facts.rows(Response):
        yield None if str(row.client_id) in facts.ledger.answers else f"{row.client_id}: nobody sent it"


@law("an acknowledged refusal that disclosed is kept")
def refusal_kept(facts: Facts) -> Looked:
    kept = {(row.enrollment_id, row.client_id) for row in facts.rows(RejectedSubmission)}
    for one in facts.ledger.answers.values():
        if one.refusable and one.refused is not None:
            yield None if (facts.keys_of[one.enrollment], one.id) in kept else f"{one.id}: not kept"


@law("nothing was refused that a correct client sent")
def no_surprise(facts: Facts) -> Looked:
    yield from (None for _ in range(sum(facts.ledger.statuses.values())))
    yield from facts.ledger.surprises


@law("event, engagement and scene that were acknowledged are stored once")
def others_stored(facts: Facts) -> Looked:
    tables = {"event": TimedEvent, "engagement": Engagement, "scene": FutureScene}
    stored = {what: Counter((row.enrollment_id, str(row.client_id)) for row in facts.rows(table)) for what, table in tables.items()}
    for one in facts.ledger.acts:
        if one.what in tables and one.enrollment is not None:
            number = stored[one.what][facts.keys_of[one.enrollment], one.about]
            yield None if number == 1 else f"{one.what} {one.about}: {number} rows"


@law("one decision for each decision point")
def one_decision(facts: Facts) -> Looked:
    decisions = Counter((row.enrollment_id, row.source_id) for row in facts.rows(DecisionRow.enrollment_id, DecisionRow.source_id))
    for row in facts.rows(Response):
        number = decisions.pop((row.enrollment_id, str(row.client_id)), 0)
        wanted = 1 if row.decision_status is DecisionStatus.DECIDED else 0
        yield None if number == wanted else f"{row.client_id}: {row.decision_status}, {number} decisions"
    yield from (f"{place}: a decision without its answer" for place in decisions)


@law("no answer waits for a decision once all is quiet")
def none_pending(facts: Facts) -> Looked:
    for row in facts.rows(Response.client_id, Response.decision_status):
        yield None if row.decision_status is DecisionStatus.DECIDED else f"{row.client_id}: {row.decision_status}"


@law("the decision that was shown is the one that stands")
def shown_decision(facts: Facts) -> Looked:
    stored = {row.source_id: str(row.uid) for row in facts.rows(DecisionRow.source_id, DecisionRow.uid)}
    for answer in facts.ledger.stored():
        for uid in answer.decisions:
            yield None if stored.get(answer.id) == uid else f"{answer.id}: showed {uid}"


_DRAWN = ("rule", "rule_hash", "arm", "arm_fraction", "content_fraction", "content_hash", "reason", "available")


@law("one draw: each decision comes out the same from its snapshot, with the same probabilities")
def one_draw(facts: Facts) -> Looked:
    for row in facts.rows(DecisionRow):
        person = facts.people[row.enrollment_id]
        key = randomization_key(facts.keys, person.randomization_key, row.key_id, str(person.uid))
        again = redecide(parse(row.snapshot), facts.protocol(row.protocol_version_id), key=key, source=row.source_id)
        same = all(getattr(again, name) == getattr(row, name) for name in _DRAWN) and again.content == row.content_code
        chances = [dict(again.arm_probabilities), dict(again.content_probabilities)]
        same = same and canonical(chances) == canonical([row.arm_probabilities, row.content_probabilities])
        yield None if same else f"{row.uid}: draws anew"


@law("a decision that declares an outcome has one, and no outcome waits past its window")
def outcomes(facts: Facts) -> Looked:
    found = {row.decision_id: row for row in facts.rows(ProximalOutcome)}
    for row in facts.rows(DecisionRow.id, DecisionRow.outcome_status):
        one = found.pop(row.id, None)
        if (one is None) != (row.outcome_status is OutcomeStatus.NOT_APPLICABLE):
            yield f"decision {row.id}: {row.outcome_status}, its outcome {one.status if one else 'is not there'}"
        elif one is not None and one.status is OutcomeStatus.PENDING and (facts.study_now - one.closes_at).total_seconds() > GRACE_SECONDS:
            yield f"decision {row.id}: pending past its window"
        elif one is not None and one.status is OutcomeStatus.OBSERVED and (one.value is None or one.response_id is None):
            yield f"decision {row.id}: observed, and by no answer"
        else:
            yield None
    yield from (f"an outcome without its decision {key}" for key in found)


@law("the stored state is the fold of the stored history")
def state_is_fold(facts: Facts) -> Looked:
    mind = Mind(keys=facts.keys, protocols=facts.known, rehearsal=True)
    states = {row.enrollment_id: row for row in facts.rows(RiskStateRow)}
    for key in facts.people:
        past = past_of(facts.session, mind, key)
        row = states.get(key)
        if not past:
            yield None if row is None else f"enrollment {key}: a state without a past"
            continue
        folded = fold(past, mind, Folded(None, 0, None))
        if row is None or row.stale:
            yield f"enrollment {key}: {'no state' if row is None else 'stale'}"
        elif (row.observations, row.last_key) != (folded.observations, folded.last_key):
            yield f"enrollment {key}: {row.observations} observations, the fold has {folded.observations}"
        else:
            yield None if folded.state is not None and bytes(row.state) == encode(folded.state) else f"enrollment {key}: another state"


@law("every answer has an estimate, its revisions counted without a gap")
def estimates(facts: Facts) -> Looked:
    columns = (RiskEstimateRow.enrollment_id, RiskEstimateRow.source_id, RiskEstimateRow.revision)
    seen: dict[tuple[int, str], list[int]] = {}
    for row in facts.session.rows(select(*columns).order_by(RiskEstimateRow.id)):
        seen.setdefault((row.enrollment_id, row.source_id), []).append(row.revision)
    for row in facts.rows(Response.enrollment_id, Response.client_id):
        revisions = sorted(seen.get((row.enrollment_id, str(row.client_id)), []))
        whole = bool(revisions) and revisions == list(range(1, len(revisions) + 1))
        yield None if whole else f"{row.client_id}: revisions {revisions}"
