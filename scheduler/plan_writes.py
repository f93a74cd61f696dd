"""One person's changes of plan on their way into rows, each with its event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from models.definition.protocol import Protocol
from models.kinds import PromptState
from models.queries import planning
from models.queries import prompt as prompts
from models.session import WriteSession
from models.tables import PromptEvent
from scheduler.plan.occasion import Occasion
from scheduler.plan_inputs import Person
from scheduler.prompt_rows import drawn_items, new_row, planned_columns, replaced_plan


@dataclass(slots=True)
class PlanWrites:
    """Collects; `finish` writes. `rows` are the stored prompts that may change, locked; `protocols` the texts by version."""

    session: WriteSession
    person: Person
    protocols: Mapping[int, Protocol]
    rows: Mapping[UUID, Row[Any]]
    now: datetime
    actor: str
    _events: list[dict[str, Any]] = field(default_factory=list)
    _replanned: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    _superseded: list[prompts.Move] = field(default_factory=list)

    def version(self, one: Occasion) -> int:
        """The protocol version that an occasion belongs to."""
        version = self.person.versions.on(one.slot.local_date)
        if version is None:
            raise ValueError("an occasion lies before every known version")
        return version

    def insert(self, occasions: Sequence[Occasion], *, version_id: int | None = None) -> int:
        """Stores new prompts at once and gives how many were new; one that is there already stays as it is."""
        rows = []
        for one in occasions:
            version = self.version(one) if version_id is None else version_id
            drawn = drawn_items(self.protocols[version], one, self.person.plan_key)
            rows.append(new_row(one, enrollment=self.person.enrollment, version_id=version, drawn=drawn, now=self.now))
        keys = planning.insert_prompts(self.session, rows)
        for row in rows:
            if row["uid"] in keys:
                name = "planned" if row["state"] is PromptState.PLANNED else "blocked"
                self._event(keys[row["uid"]], name, None, row["state"], row["reason"], None)
        return len(keys)

    def replan(self, uid: UUID, one: Occasion, revision: int, reason: str) -> None:
        """Brings a stored prompt to an occasion's times, planned or blocked."""
        row = self.rows[uid]
        version = self.version(one)
        drawn = drawn_items(self.protocols[version], one, self.person.plan_key)
        columns = planned_columns(one, version_id=version, drawn=drawn, revision=revision)
        self._replanned.append((row.id, columns))
        name = "replanned" if one.blocked is None else "blocked"
        detail = {"due_before": row.due_at.isoformat(), "revision": revision, "was": replaced_plan(row)}
        self._event(row.id, name, row.state, columns["state"], one.blocked or reason, detail)

    def supersede(self, uid: UUID, reason: str) -> None:
        """The slot has vanished from the plan."""
        row = self.rows[uid]
        changes = {"reason": reason}
        self._superseded.append(prompts.Move(row, "superseded", PromptState.SUPERSEDED, self.now, self.actor, reason, changes=changes))

    def finish(self) -> None:
        """Writes what was collected, set by set."""
        planning.replan_prompts(self.session, self._replanned)
        prompts.apply_moves(self.session, self._superseded)
        self.session.add_all(PromptEvent, self._events)

    def _event(
        self, prompt_id: int, name: str, from_state: str | None, to_state: str, reason: str | None, detail: Mapping[str, Any] | None
    ) -> None:
        self._events.append(
            {
                "study_id": self.person.enrollment.study_id,
                "enrollment_id": self.person.enrollment.id,
                "prompt_id": prompt_id,
                "at": self.now,
                "name": name,
                "from_state": from_state,
                "to_state": to_state,
                "actor": self.actor,
                "reason": reason,
                "detail": detail,
            }
        )
