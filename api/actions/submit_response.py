"""The hot path: a batch of submissions in one transaction, set-based, each judged on its own.

Order: tokens again, locks (enrollment, prompt, state, alert), judgements, rows, alerts, decisions. Disclosures open their alerts
whether the submission was stored, was there already under other content, or was refused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from api.actions.judge_submission import Judged, Known, Stored, judge, sealed_body
from api.actions.submission import Submission
from api.actions.submitted import Refused, Result, Shown, Submitted
from api.auth.participant import live_digests
from api.deps import House
from models.errors import Gone, Problem, Unauthenticated
from models.ids import new_uid
from models.kinds import DecisionStatus, PromptState
from models.queries import response as response_queries
from models.queries import risk as risk_queries
from models.queries.decision import decisions_of_responses
from models.queries.prompt import apply_moves
from models.session import WriteSession
from risk.alerting import open_alert
from risk.decision_point import Arrival, Decided, decide_arrivals, high_craving
from risk.facts import told_facts
from risk.openings import opening_of_disclosure
from risk.outcome import Answered, outcome_values
from risk.outcomes_store import close_outcomes_for
from risk.silence import owe_what_changed
from scheduler.answered import answer_move
from scheduler.horizon import plan_follow_up
from scheduler.moment import whereabouts
from scheduler.plan.followup import Source

log = structlog.get_logger("submit_response")


def apply_submissions(session: WriteSession, operations: Sequence[Submission], house: House) -> Sequence[Result]:
    """The writer's `apply`. A refusal is a result, not an exception: its sealed body and its alerts are committed."""
    now, system_now = house.clock.study(), house.clock.system()
    live = live_digests(session, {one.token_digest for one in operations}, now=system_now)
    admitted = [one for one in operations if one.token_digest in live]
    apps = {one.device_id: one.app_version for one in live.values()}
    batch = _Batch(session, house, admitted, apps, now, system_now)
    results = iter(batch.perform())
    revoked = Unauthenticated("token_ended", "The access token has ended; refresh it and send again.")
    return [next(results) if one.token_digest in live else revoked for one in operations]


def known_versions(house: House) -> dict[tuple[int, int], int]:
    """(study, revision) -> internal key of the protocol version, as far as this process has met them."""
    versions: dict[tuple[int, int], int] = house.notes.setdefault("versions", {})
    return versions


class _Batch:
    """One batch on its way through the transaction."""

    def __init__(
        self,
        session: WriteSession,
        house: House,
        operations: Sequence[Submission],
        apps: Mapping[int, str],
        now: datetime,
        system_now: datetime,
    ) -> None:
        self.session, self.house, self.operations, self.apps = session, house, operations, apps
        self.now, self.system_now = now, system_now

    def perform(self) -> list[Result]:
        if not self.operations:
            return []
        judged = self._judge()
        ids = self._store(judged)
        self._keep_refused(judged)
        self._open_alerts(judged)
        self._move_prompts(judged)
        self._keep_facts(judged)
        self._follow_up(judged, ids)
        decided = self._decide(judged, ids)
        self._follow_estimates(judged, ids, decided)
        return self._results(judged, ids, decided)

    def _judge(self) -> list[Judged]:
        people = response_queries.lock_enrollments(self.session, {_person(one) for one in self.operations})
        stored = self._stored()
        wanted = {
            (_person(one), one.given.prompt_id) for one in self.operations if one.given is not None and one.given.prompt_id is not None
        }
        prompts = response_queries.lock_prompts(self.session, wanted)
        versions = self._versions(people)
        choosing = {_person(one) for one in self.operations if self._chooses_from_lists(one, people[_person(one)], versions)}
        lists = response_queries.list_entries(self.session, choosing)
        judged: list[Judged] = []
        first: dict[tuple[int, UUID], Judged] = {}
        for one in self.operations:
            verdict = self._verdict(one, people[_person(one)], stored, prompts, versions, lists, first.get((_person(one), one.client_id)))
            if verdict.row is not None:
                first[_person(one), one.client_id] = verdict
            judged.append(verdict)
        return judged

    def _chooses_from_lists(self, one: Submission, person: Row[Any], versions: Mapping[tuple[int, int], int]) -> bool:
        """Whether any answer is to an item that takes its options from the person's own list."""
        version_id = _version(one, person, versions)
        protocol = self.house.protocols.get(self.session, version_id) if version_id is not None else None
        instrument = protocol.instrument(one.instrument) if protocol is not None and one.instrument is not None else None
        return instrument is not None and any(item.options_from is not None and item.id in one.raw_answers for item in instrument.items)

    def _versions(self, people: Mapping[int, Row[Any]]) -> Mapping[tuple[int, int], int]:
        """Protocol versions by (study, revision); they are immutable, so what was read once holds."""
        known = known_versions(self.house)
        named = {(people[_person(one)].study_id, one.given.protocol_revision) for one in self.operations if one.given is not None}
        if named - known.keys():
            known.update(response_queries.version_ids(self.session, named - known.keys()))
        return known

    def _stored(self) -> Mapping[tuple[int, UUID], tuple[Stored, ...]]:
        found: dict[tuple[int, UUID], tuple[Stored, ...]] = {}
        for row in response_queries.stored(self.session, {(_person(one), one.client_id) for one in self.operations}):
            place = (row.enrollment_id, row.client_id)
            found[place] = (*found.get(place, ()), row)
        return found

    def _verdict(
        self,
        one: Submission,
        person: Row[Any],
        stored: Mapping[tuple[int, UUID], tuple[Stored, ...]],
        prompts: Mapping[tuple[int, UUID], Row[Any]],
        versions: Mapping[tuple[int, int], int],
        lists: Mapping[int, Mapping[str, Collection[str]]],
        earlier: Judged | None,
    ) -> Judged:
        version_id = _version(one, person, versions)
        known = Known(
            enrollment=person,
            protocol=self.house.protocols.get(self.session, version_id) if version_id is not None else None,
            own_protocol=self.house.protocols.get(self.session, person.protocol_version_id),
            version_id=version_id,
            prompt=prompts.get((person.id, one.given.prompt_id)) if one.given is not None and one.given.prompt_id is not None else None,
            stored=stored.get((person.id, one.client_id), ()),
            lists=lists.get(person.id, {}),
            app_version=self.apps.get(one.viewer.device_id or 0),
        )
        if earlier is not None and earlier.row is not None:
            # The same id twice in one batch: as if the first had been stored by an earlier one.
            known = replace(known, stored=(*known.stored, _AsStored(earlier)))
        return judge(one, known, self.house.keys, now=self.now)

    def _store(self, judged: Sequence[Judged]) -> Mapping[tuple[int, UUID, int], int]:
        rows = [one.row for one in judged if one.row is not None]
        ids = response_queries.insert_responses(self.session, rows)
        old = {key for one in judged for key in one.supersedes}
        edits = [one.row for one in judged if one.row is not None and one.row["revision"] > 1]
        for row in edits:  # what they edit may have come in the same batch
            earlier = ((row["enrollment_id"], row["client_id"], number) for number in range(1, row["revision"]))
            old |= {ids[place] for place in earlier if place in ids}
        if old:
            response_queries.mark_superseded(self.session, old)
        return ids

    def _keep_refused(self, judged: Sequence[Judged]) -> None:
        rejected, amendments = [], []
        for one in judged:
            if one.problem is None or not one.known.enrollment.consent_collect:
                continue
            try:
                if one.amends is not None and not isinstance(one.amends, _AsStored):
                    amendments.append(self._amendment(one))
                else:
                    rejected.append(self._rejected(one))
            except Gone:
                log.info("refused.not_kept", reason="erased")
        response_queries.insert_rejected(self.session, rejected)
        response_queries.insert_amendments(self.session, amendments)

    def _rejected(self, one: Judged) -> Mapping[str, Any]:
        assert one.problem is not None
        uid, person = new_uid(), one.known.enrollment
        return {
            "uid": uid,
            "study_id": person.study_id,
            "enrollment_id": person.id,
            "device_id": one.submission.viewer.device_id,
            "client_id": str(one.submission.client_id),
            "content_hash": one.submission.content_hash,
            "body_sealed": sealed_body(one, "rejected_submission", str(uid), self.house.keys),
            "code": one.problem.code,
            "faults": [{"pointer": fault.pointer, "rule": fault.rule} for fault in one.problem.faults],
            "received_at": self.now,
        }

    def _amendment(self, one: Judged) -> Mapping[str, Any]:
        assert one.amends is not None
        person = one.known.enrollment
        return {
            "study_id": person.study_id,
            "enrollment_id": person.id,
            "response_id": one.amends.id,
            "content_hash": one.submission.content_hash,
            "body_sealed": sealed_body(one, "response_amendment", one.submission.content_hash.hex(), self.house.keys),
            "received_at": self.now,
        }

    def _open_alerts(self, judged: Sequence[Judged]) -> None:
        for one in sorted(judged, key=lambda verdict: verdict.known.enrollment.id):
            if one.duplicate_of is not None:
                continue
            protocol, person = one.known.protocol or one.known.own_protocol, one.known.enrollment
            version_id = one.known.version_id or person.protocol_version_id
            for found in one.disclosed:
                opening = opening_of_disclosure(protocol, found, person, version_id, str(one.submission.client_id))
                open_alert(self.session, opening, protocol, now=self.now, system_now=self.system_now)

    def _move_prompts(self, judged: Sequence[Judged]) -> None:
        moves, answered = [], set()
        for one in judged:
            prompt = one.known.prompt
            if one.row is None or prompt is None or one.row["revision"] > 1:
                continue
            moves.append(answer_move(prompt, one.row, again=prompt.id in answered))
            answered.add(prompt.id)
        apply_moves(self.session, moves)
        owe_what_changed(self.session, [move for move in moves if move.to_state is PromptState.EXPIRED])  # one in time refolds by itself

    def _keep_facts(self, judged: Sequence[Judged]) -> None:
        """The person's own word for craving, and a loss that was told, also where an edit says it anew."""
        for one in judged:
            if one.row is None or one.checked is None:
                continue
            reading = self.house.mind.reading(self.session, one.row["protocol_version_id"])
            if facts := told_facts(reading, one.known.enrollment, one.row["instrument"], one.checked.values, one.row["event_time"]):
                response_queries.keep_facts(self.session, one.known.enrollment.id, facts)

    def _follow_up(self, judged: Sequence[Judged], ids: Mapping[tuple[int, UUID, int], int]) -> None:
        """Plans what the answers ask for, and closes the proximal outcomes that they observe; treated and untreated alike."""
        observed = []
        for one in judged:
            response_id = _id(one, ids)
            if one.row is None or one.checked is None or response_id is None or one.row["revision"] > 1:
                continue
            person, row, values = one.known.enrollment, one.row, one.checked.values
            self._plan_follow_up(one, row, values, None)
            instrument = self.house.protocols.get(self.session, row["protocol_version_id"]).instrument(row["instrument"])
            if instrument is not None:
                said = outcome_values(instrument, values)
                observed.append(Answered(person.id, response_id, str(one.submission.client_id), row["event_time"], said))
        close_outcomes_for(self.session, observed, now=self.now)

    def _decide(self, judged: Sequence[Judged], ids: Mapping[tuple[int, UUID, int], int]) -> Mapping[int, Decided]:
        arrivals = []
        for one in judged:
            response_id = _id(one, ids)
            if one.row is None or one.checked is None or response_id is None:
                continue
            person, row = one.known.enrollment, one.row
            arrivals.append(
                Arrival(
                    response_id=response_id,
                    client_id=one.submission.client_id,
                    enrollment=person,
                    version_id=row["protocol_version_id"],
                    instrument=row["instrument"],
                    values=one.checked.values,
                    missing=one.checked.missing,
                    event_time=row["event_time"],
                    zone=row["zone"],
                    offset_minutes=row["offset_minutes"],
                    timing=row["timing"],
                    safety_tier=one.safety_tier,
                    whereabouts=whereabouts(
                        row["event_time"], zone=row["zone"], wake_windows=person.wake_windows, start_date=person.start_date
                    ),
                    edit=row["revision"] > 1,
                )
            )
        return self._contained(arrivals)

    def _contained(self, arrivals: Sequence[Arrival]) -> Mapping[int, Decided]:
        """The answer is stored whatever becomes of its decision, also where the database refuses a statement of it.

        Such a batch fails and is redone one by one; alone, an answer is decided behind a savepoint, and what fails is left to the duty.
        """
        if len(self.operations) > 1:
            return self._decided(arrivals)
        try:
            with self.session.savepoint():
                return self._decided(arrivals)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is not the answer's fault
            log.error("submit_response.left_to_the_duty", kind=type(error).__name__)
            response_queries.set_decision_status(self.session, [(one.response_id, DecisionStatus.PENDING) for one in arrivals])
            risk_queries.mark_stale(self.session, {one.enrollment.id for one in arrivals})
            return {}

    def _decided(self, arrivals: Sequence[Arrival]) -> Mapping[int, Decided]:
        return decide_arrivals(self.session, self.house.mind, arrivals, now=self.now, system_now=self.system_now)

    def _follow_estimates(self, judged: Sequence[Judged], ids: Mapping[tuple[int, UUID, int], int], decided: Mapping[int, Decided]) -> None:
        """Plans what the estimates ask for. A decision that is left to the duty plans nothing: it would ask about another moment."""
        for one in judged:
            response_id = _id(one, ids)
            found = decided.get(response_id) if response_id is not None else None
            if found is None or one.row is None or one.checked is None or one.row["revision"] > 1:
                continue
            self._plan_follow_up(one, one.row, one.checked.values, found.decision.snapshot["variables"])

    def _plan_follow_up(self, one: Judged, row: Mapping[str, Any], values: Mapping[str, Any], variables: Mapping[str, Any] | None) -> None:
        plan_follow_up(
            self.session,
            self.house.keys,
            self.house.protocols,
            one.known.enrollment.id,
            version_id=row["protocol_version_id"],
            source=Source(one.submission.client_id, row["instrument"], row["event_time"], values, variables),
            now=self.now,
            actor="participant",
        )

    def _results(self, judged: Sequence[Judged], ids: Mapping[tuple[int, UUID, int], int], decided: Mapping[int, Decided]) -> list[Result]:
        known = {key for one in judged if (key := _decided_id(one, ids)) is not None} - decided.keys()
        decisions: Mapping[int, Shown] = {**decisions_of_responses(self.session, known), **decided}
        results: list[Result] = []
        for one in judged:
            key = _id(one, ids)
            if one.problem is not None or key is None:
                problem = one.problem or Problem("not_stored", "Nothing was stored; send the same request again.")
                person = one.known.enrollment
                version_id = one.known.version_id or person.protocol_version_id
                results.append(Refused(problem, one.disclosed, person, version_id, one.submission.language) if one.disclosed else problem)
                continue
            receipt = one.row["receipt"] if one.row is not None else one.duplicate_of.receipt if one.duplicate_of is not None else b"{}"
            decision = decisions.get(_decided_id(one, ids) or key)
            results.append(
                Submitted(
                    receipt=receipt,
                    created=one.row is not None,
                    response_id=key,
                    enrollment=one.known.enrollment,
                    version_id=decision.protocol_version_id if decision is not None else one.known.enrollment.protocol_version_id,
                    decision=decision,
                    status=DecisionStatus.DECIDED if decision is not None else DecisionStatus.PENDING,
                    disclosed=one.disclosed,
                    language=one.submission.language,
                    high=self._high(one),
                )
            )
        return results

    def _high(self, one: Judged) -> bool:
        if one.checked is None or one.submission.instrument is None:
            return False
        version_id = one.known.version_id or one.known.enrollment.protocol_version_id
        return high_craving(self.house.mind.reading(self.session, version_id), one.submission.instrument, one.checked.values)


class _AsStored:
    """A row of this batch in the guise of a stored one."""

    def __init__(self, judged: Judged) -> None:
        assert judged.row is not None
        self.id = 0
        self.revision: int = judged.row["revision"]
        self.content_hash: bytes = judged.row["content_hash"]
        self.receipt: bytes = judged.row["receipt"]
        self.place = (judged.row["enrollment_id"], judged.row["client_id"], judged.row["revision"])


def _version(one: Submission, person: Row[Any], versions: Mapping[tuple[int, int], int]) -> int | None:
    """The version that the answers name, if there is such a one; of a body whose shape was refused the person's own."""
    return versions.get((person.study_id, one.given.protocol_revision)) if one.given is not None else int(person.protocol_version_id)


def _person(one: Submission) -> int:
    assert one.viewer.enrollment_id is not None
    return one.viewer.enrollment_id


def _id(one: Judged, ids: Mapping[tuple[int, UUID, int], int]) -> int | None:
    if one.row is not None:
        return ids.get((one.row["enrollment_id"], one.row["client_id"], one.row["revision"]))
    if isinstance(one.duplicate_of, _AsStored):
        return ids.get(one.duplicate_of.place)
    return one.duplicate_of.id if one.duplicate_of is not None else None


def _decided_id(one: Judged, ids: Mapping[tuple[int, UUID, int], int]) -> int | None:
    """The revision that the decision belongs to: the first, since an edit opens no decision point."""
    if not one.known.stored:
        return _id(one, ids)
    first = one.known.stored[0]
    return ids.get(first.place) if isinstance(first, _AsStored) else first.id
