"""Reads people one after another and writes their rows: at most a chunk of one person's rows is in memory."""

from typing import Any

from models.codec import parse
from models.dataset.framing import Framing, Person, person_of
from models.dataset.people import participant_row
from models.dataset.points import (
    alert_event_row,
    alert_life,
    alert_row,
    decision_row,
    engagement_row,
    estimate_row,
    planned_event_row,
    population_score_row,
    signal_row,
    timed_event_row,
)
from models.dataset.prompt_side import PromptWalk
from models.dataset.write import Outputs
from models.queries import dataset as query
from models.queries.cut import Cut
from models.session import ReadSession


class Walk:
    """The growing result over all persons. `side` writes prompts, slots and answers; its `on_time` and `ever` are means over persons."""

    def __init__(self, session: ReadSession, framing: Framing, cut: Cut, outputs: Outputs, side: PromptWalk) -> None:
        self.session, self.framing, self.cut, self.outputs, self.side = session, framing, cut, outputs, side

    def person(self, row: Any) -> None:
        """Writes everything of one person, in the order of the dataset's tables."""
        person = person_of(self.framing.rekey, row)
        span = self.side.person(person, row.id)
        if self.outputs.wants("participants"):
            zones = query.zones(self.session, row.id, self.cut)
            consents = query.consents(self.session, row.id, self.cut)
            self.outputs.write("participants", participant_row(self.framing, person, row, zones=zones, consents=consents, span=span))
        self.side.answers(person, row.id)
        self._points(person, row.id)
        self._alerts(person, row.id)

    def _points(self, person: Person, enrollment_id: int) -> None:
        write, framing, cut = self.outputs.write, self.framing, self.cut
        if self.outputs.wants("timed_events"):
            for row in query.timed_events(self.session, enrollment_id, cut):
                write("timed_events", timed_event_row(framing, person, row, retracted=row.id in cut.retracted))
        if self.outputs.wants("planned_events"):
            planned = query.planned_events(self.session, enrollment_id, cut)
            newest = {row.client_id: row.revision for row in sorted(planned, key=lambda row: row.revision)}
            for row in planned:
                write("planned_events", planned_event_row(framing, person, row, stands=row.revision == newest[row.client_id]))
        if self.outputs.wants("signals"):
            for row in query.signals(self.session, enrollment_id, cut):
                write("signals", signal_row(framing, person, row))
        if self.outputs.wants("estimates"):
            for row in query.estimates(self.session, enrollment_id, cut):
                write("estimates", estimate_row(framing, person, row))
        if self.outputs.wants("population_scores"):
            for row in query.population_scores(self.session, enrollment_id, cut):
                write("population_scores", population_score_row(framing, person, row))
        if self.outputs.wants("decisions"):
            for number, row in enumerate(query.decisions(self.session, enrollment_id, cut), 1):
                snapshot = parse(row.snapshot)
                write("decisions", decision_row(framing, person, row, number, snapshot=snapshot, closed=self._closed(row)))
        if self.outputs.wants("engagement"):
            for row in query.engagements(self.session, enrollment_id, cut):
                write("engagement", engagement_row(framing, person, row))

    def _closed(self, row: Any) -> bool:
        """Whether the proximal outcome had been closed at the cut."""
        closed_at = row.outcome_closed_at
        return closed_at is not None and closed_at <= self.cut.as_of and row.outcome_id not in self.cut.open_outcomes

    def _alerts(self, person: Person, enrollment_id: int) -> None:
        if not self.outputs.wants("alerts", "alert_events"):
            return
        for row in query.alerts(self.session, enrollment_id, self.cut):
            events = query.alert_events(self.session, row.id, self.cut)
            self.outputs.write("alerts", alert_row(self.framing, person, row, alert_life(events)))
            for event in events:
                self.outputs.write("alert_events", alert_event_row(self.framing, person, row.uid, event))
