"""Changes of plans on their way into rows, each with its event."""

from collections.abc import Collection, Mapping
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
    """Collects for as many people as come; `finish` writes set by set. Nothing is written before."""

    session: WriteSession
    now: datetime
    actor: str
    _new: list[dict[str, Any]] = field(default_factory=list)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _replanned: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    _superseded: list[prompts.Move] = field(default_factory=list)

    def insert(self, person: Person, protocols: Mapping[int, Protocol], one: Occasion, version: int) -> None:
        """A new prompt; where it is there already, it stays as it is."""
        drawn = drawn_items(protocols[version], one, person.plan_key)
        self._new.append(new_row(one, enrollment=person.enrollment, version_id=version, drawn=drawn, now=self.now))

    def replan(self, person: Person, protocols: Mapping[int, Protocol], row: Row[Any], one: Occasion, reason: str) -> None:
        """Brings a stored prompt, locked, to an occasion's times, planned or blocked."""
        version, revision = person.version(one.slot.local_date), row.plan_revision + 1
        drawn = drawn_items(protocols[version], one, person.plan_key)
        columns = planned_columns(one, version_id=version, drawn=drawn, revision=revision)
        self._replanned.append((row.id, columns))
        name = "replanned" if one.blocked is None else "blocked"
        detail = {"due_before": row.due_at.isoformat(), "revision": revision, "was": replaced_plan(row)}
        self._event((row.study_id, row.enrollment_id, row.id), name, row.state, columns["state"], one.blocked or reason, detail)

    def supersede(self, row: Row[Any], reason: str) -> None:
        """The slot of a stored prompt, locked, has vanished from the plan."""
        changes = {"reason": reason}
        self._superseded.append(prompts.Move(row, "superseded", PromptState.SUPERSEDED, self.now, self.actor, reason, changes=changes))

    def finish(self) -> Collection[UUID]:
        """Writes what was collected and gives the ids of the prompts that are new."""
        planning.replan_prompts(self.session, self._replanned)
        prompts.apply_moves(self.session, self._superseded)
        keys = planning.insert_prompts(self.session, self._new)
        for row in self._new:
            if row["uid"] in keys:
                name = "planned" if row["state"] is PromptState.PLANNED else "blocked"
                self._event((row["study_id"], row["enrollment_id"], keys[row["uid"]]), name, None, row["state"], row["reason"], None)
        self.session.add_all(PromptEvent, self._events)
        return keys.keys()

    def _event(
        self,
        whose: tuple[int, int, int],
        name: str,
        from_state: str | None,
        to_state: str,
        reason: str | None,
        detail: Mapping[str, Any] | None,
    ) -> None:
        """`whose`: study, enrollment, prompt."""
        study_id, enrollment_id, prompt_id = whose
        self._events.append(
            {
                "study_id": study_id,
                "enrollment_id": enrollment_id,
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
