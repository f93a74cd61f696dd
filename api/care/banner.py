"""What stands above every list that a coordinator works from."""

from api.actions.watch_duties import late_duties
from api.deps import House
from api.shapes import Moment, Shape

INVESTIGATIONAL = (
    "Estimates are investigational: an association in this person's own answers, never a cause, a certainty or a diagnosis. "
    "Silence is not calm: after 24 hours without an answer nothing is known."
)


class LateDuty(Shape):
    duty: str
    last_beat_at: Moment | None
    """Null: it never ran."""


class Banner(Shape):
    investigational: str
    scoring_paused_since: Moment | None
    """Not null: what follows may be older than it looks; alerts of people's own words still open at once."""
    late_duties: list[LateDuty]


def banner(house: House) -> Banner:
    """System time: the pulse of the house, not of the study."""
    with house.sessions.reading() as session:
        late = late_duties(session, now=house.clock.system())
    scoring = next((one for one in late if one.scores), None)
    return Banner(
        investigational=INVESTIGATIONAL,
        scoring_paused_since=None if scoring is None else scoring.beat_at or house.started_at,
        late_duties=[LateDuty(duty=one.duty, last_beat_at=one.beat_at) for one in late],
    )
