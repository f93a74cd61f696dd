"""Recent adherence of people, by the one definition of the dataset: what rules read and what staff see."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.dataset.alike import SILENT, fate, tally
from models.dataset.compliance import Counts
from models.queries.adherence import last_heard, recent_groups
from models.session import ReadSession


@dataclass(frozen=True, slots=True)
class Recent:
    """`counts` of the prompts due in 7 days; `missed_in_a_row` of those that ended without an answer since the last that got one.

    `silent_hours` counts from the newest answer, prompted or not, or from the start; None where the person has not started.
    """

    counts: Counts
    missed_in_a_row: int
    silent_hours: float | None

    @property
    def adherence(self) -> float | None:
        """None where no prompt counts."""
        return self.counts.share(self.counts.completed_on_time)


def recent(
    session: ReadSession, enrollment_ids: Collection[int], *, at: datetime, now: datetime, but: int | None = None
) -> Mapping[int, Recent]:
    """Everyone's adherence over the 7 days up to `at`, as it is known at `now`. The caller may see these people, or is the house.

    `but`: a response that is left out with its prompt, so that an answer does not say of itself how silent it was before.
    """
    if not enrollment_ids:
        return {}
    groups = recent_groups(session, enrollment_ids, at=at, now=now, but=but)
    heard = last_heard(session, enrollment_ids, at=at, but=but)
    counts = tally(groups, lambda group: int(group.enrollment_id), now=now)
    missed = dict.fromkeys(enrollment_ids, 0)
    for group in groups:
        if group.unheard and fate(group, now=now) in SILENT:
            missed[group.enrollment_id] += group.number
    return {one: Recent(counts.get(one, Counts()), missed[one], _hours(heard.get(one), at)) for one in enrollment_ids}


def _hours(since: datetime | None, at: datetime) -> float | None:
    return None if since is None else max(0.0, (at - since).total_seconds() / 3600)
