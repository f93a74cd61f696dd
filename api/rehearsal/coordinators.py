"""How simulated coordinators work their alerts: by the clock of the study, in hours, and sometimes late.

All delays are assumptions, drawn by the seed and the number of the alert. Weekdays from 8 to 18 they look at their inbox every
hour; at other times only what is urgent is looked at, and slowly. What is urgent rings besides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, Final

from api.rehearsal.desk import Desk
from api.rehearsal.happened import AlertWorked
from api.rehearsal.line import PATIENT, Line
from api.rehearsal.office import Office
from api.rehearsal.people.chance import chosen, fraction, person_key
from api.rehearsal.recorder import Recorder
from scheduler.plan.calendar import zone_info

OPENS: Final = 8
CLOSES: Final = 18
FRIDAY: Final = 5
LOOK: Final = timedelta(hours=1)
LOOK_OUT_OF_HOURS: Final = timedelta(hours=4)
AT_THE_END: Final = timedelta(hours=24)
"""How long a look may wait once everyone's time in the study is over."""
URGENT: Final = 3
MOVED: Final = (409, 412)

FIRST: Final = {4: (2.0, 10.0), 3: (10.0, 45.0), 2: (15.0, 300.0)}
"""Minutes from seeing an alert to taking it, by tier."""
LATE: Final = {4: (20.0, 75.0), 3: (90.0, 240.0), 2: (1_500.0, 2_600.0)}
"""The same where something came in between: the ladder climbs."""
LATE_SHARE: Final = 0.15
WORK: Final = {4: (15.0, 28.0), 3: (20.0, 150.0), 2: (10.0, 240.0)}
"""Minutes from taking it to its end."""
ENDS: Final = {
    4: (("reached_safe", 6.0), ("reached_needs_care", 3.0), ("emergency_sent", 1.0), ("no_answer", 1.0)),
    3: (("reached_safe", 6.0), ("reached_needs_care", 2.0), ("no_answer", 2.0), ("wrong_alert", 0.5)),
    2: (("reached_safe", 5.0), ("no_answer", 3.0), ("already_known", 2.0), ("wrong_alert", 1.0)),
}
SNOOZED_SHARE: Final = 0.1
NOTES: Final = ("Synthetic: called and talked for a while.", "Synthetic: asked to be called back.", "Synthetic: spoke about tonight.")


@dataclass(slots=True)
class Case:
    """One alert as the staff know it."""

    number: int
    desk: Desk
    alert_id: str
    tier: int
    opened_at: datetime
    seen_at: datetime
    rung: int
    taken_at: datetime | None = None
    resolved_at: datetime | None = None
    disposition: str | None = None
    minutes: int | None = None


class Coordinators:
    """Works in one thread, after the phones of each move of the clock. `ring` may be called from any thread.

    Each of several houses has its own staff, with delays of their own.
    """

    def __init__(self, office: Office, record: Recorder, seed: int, house: int = 0) -> None:
        self._office, self._record = office, record
        self._key, self._zone = person_key(seed, -1 - house), zone_info(office.zone)
        self.line, self._cases = Line(), dict[str, Case]()
        self._rang, self._lock, self._rings = False, Lock(), 0
        self.closing = False
        """Everyone's time in the study is over: nobody looks for what cannot come any more, and what was taken is ended."""

    def begin(self, now: datetime) -> None:
        for number, desk in enumerate(self._office.coordinators):
            self.line.put(now + timedelta(minutes=7 * number), partial(self._look, desk))
            self.line.put(now + timedelta(hours=1), partial(self._morning, desk, 0), patience=PATIENT)

    def ring(self) -> None:
        """The pager of whoever is on duty: something came that must reach a human."""
        with self._lock:
            self._rang = True

    def work(self, now: datetime) -> None:
        """Everything up to `now`."""
        with self._lock:
            rang, self._rang = self._rang, False
        if rang and self._office.coordinators:
            self._rings += 1
            minutes = 3 + 9 * fraction(self._key, "ring", self._rings)
            desk = self._office.coordinators[self._rings % len(self._office.coordinators)]
            self.line.put(now + timedelta(minutes=minutes), partial(self._read, desk))
        self.line.run(now)

    def staffed(self, at: datetime) -> bool:
        """Whether a coordinator sits at the desk."""
        local = at.astimezone(self._zone)
        return local.isoweekday() <= FRIDAY and OPENS <= local.hour < CLOSES

    # Looking

    def _look(self, desk: Desk, at: datetime, now: datetime) -> None:
        self._read(desk, at, now)
        wait = LOOK if self.staffed(now) else LOOK_OUT_OF_HOURS
        self.line.put(now + wait, partial(self._look, desk), patience=AT_THE_END if self.closing else PATIENT)

    def _read(self, desk: Desk, at: datetime, now: datetime) -> None:
        reply = desk.call("GET", "/v1/care/inbox?limit=100", expect=(200,))
        self._record.act("inbox_read")
        if not reply.ok:
            return
        for item in reply.json()["items"]:
            fresh = item["alert_id"] not in self._cases and item["state"] not in {"resolved", "suppressed"}
            if fresh and (item["urgent"] or self.staffed(at)):
                self._see(desk, item["alert_id"], at, now)

    def _see(self, desk: Desk, alert_id: str, at: datetime, now: datetime) -> None:
        shown = self._alert(desk, alert_id)
        if shown is None:
            return
        alert = shown["alert"]
        tier, number = alert["tier"], len(self._cases) + 1
        case = Case(number, desk, alert_id, tier, datetime.fromisoformat(alert["opened_at"]), now, shown["ladder"]["rung"])
        self._cases[alert_id] = case
        late = fraction(self._key, "late", number) < LATE_SHARE
        self.line.put(self._hours(at + self._between((LATE if late else FIRST)[tier], "first", number), tier), partial(self._take, case))

    def _morning(self, desk: Desk, day: int, at: datetime, _now: datetime) -> None:
        """The round: who is on my list, and one of them more closely."""
        self.line.put(at + timedelta(days=1), partial(self._morning, desk, day + 1), patience=PATIENT)
        if at.astimezone(self._zone).isoweekday() > FRIDAY:
            return
        people = list(desk.all_of("/v1/care/participants?mine=true"))
        self._record.act("round")
        if people:
            ids = {"id": people[day % len(people)]["enrollment_id"]}
            desk.call("GET", "/v1/care/participants/{id}", ids=ids, expect=(200, 404))
            desk.call("GET", "/v1/care/participants/{id}/responses?limit=20", ids=ids, expect=(200, 404))

    # Working

    def _take(self, case: Case, at: datetime, now: datetime) -> None:
        if self._snooze(case, now):
            return
        shown = self._act(case, "acknowledge", None)
        if shown is None:
            return
        case.taken_at, case.rung = now, shown["ladder"]["rung"]
        self._record.act("alert_taken")
        minutes = self._between(WORK[case.tier], "work", case.number)
        if case.tier >= URGENT:
            self.line.put(at + minutes / 2, partial(self._progress, case))
        self.line.put(self._hours(at + minutes, case.tier), partial(self._resolve, case))

    def _snooze(self, case: Case, now: datetime) -> bool:
        if case.tier >= URGENT or case.minutes is not None or fraction(self._key, "snooze", case.number) >= SNOOZED_SHARE:
            return False
        until = now + timedelta(hours=3)
        case.minutes = 0
        if self._act(case, "snooze", {"until": until.isoformat(), "reason": "call_later"}) is None:
            return False
        self._record.act("alert_snoozed")
        self.line.put(self._hours(until + timedelta(minutes=10), case.tier), partial(self._take, case))
        return True

    def _progress(self, case: Case, _at: datetime, _now: datetime) -> None:
        note = NOTES[case.number % len(NOTES)]
        self._act(case, "progress", {"note": note} if case.number % 2 else None)

    def _resolve(self, case: Case, _at: datetime, now: datetime) -> None:
        minutes = int(2 + 28 * fraction(self._key, "minutes", case.number))
        disposition = chosen(fraction(self._key, "end", case.number), ENDS[case.tier])
        body = {"disposition": disposition, "minutes_spent": minutes, "note": NOTES[case.number % len(NOTES)]}
        if self._act(case, "resolve", body) is not None:
            case.resolved_at, case.disposition, case.minutes = now, disposition, minutes
            self._record.act("alert_resolved")

    def _act(self, case: Case, what: str, body: Any) -> dict[str, Any] | None:
        """Reads the alert and acts on what was read; once more where somebody was faster. None where it was no longer possible."""
        for _ in range(2):
            shown = self._alert(case.desk, case.alert_id)
            if shown is None or shown["alert"]["state"] == "resolved":
                return None
            version = shown["alert"]["version"]
            route = "/v1/care/alerts/{id}/" + what
            # 410: the person erased what identifies them, and no note can be sealed any more.
            reply = case.desk.call("POST", route, ids={"id": case.alert_id}, body=body, version=version, expect=(200, 410, *MOVED))
            if reply.ok:
                moved: dict[str, Any] = reply.json()
                return moved
            if reply.status not in MOVED:
                body = {name: value for name, value in (body or {}).items() if name != "note"} or None
        return None

    def _alert(self, desk: Desk, alert_id: str) -> dict[str, Any] | None:
        reply = desk.call("GET", "/v1/care/alerts/{id}", ids={"id": alert_id}, expect=(200, 404))
        return reply.json() if reply.ok else None

    def _between(self, ends: tuple[float, float], what: str, number: int) -> timedelta:
        low, high = ends
        return timedelta(minutes=round(low + (high - low) * fraction(self._key, what, number), 1))

    def _hours(self, at: datetime, tier: int) -> datetime:
        """Tier 2 waits for the next staffed hour."""
        while tier < URGENT and not self.staffed(at):
            at += timedelta(minutes=20)
        return at

    # At the end

    def worked(self) -> tuple[AlertWorked, ...]:
        """Every alert of the study, as it stands on the server, with what this staff did about it."""
        listed = self._office.lead.all_of(f"/v1/care/alerts?study={self._office.study_id}")
        return tuple(sorted((self._line(one) for one in listed), key=lambda one: (one.opened_at, one.alert_id)))

    def _line(self, row: dict[str, Any]) -> AlertWorked:
        opened, case = datetime.fromisoformat(row["opened_at"]), self._cases.get(row["id"])
        return AlertWorked(
            alert_id=row["id"],
            tier=row["tier"],
            opened_at=opened,
            opened_staffed=self.staffed(opened),
            seen_minutes=_minutes(opened, case.seen_at if case else None),
            acknowledged_minutes=_minutes(opened, case.taken_at if case else None),
            resolved_minutes=_minutes(opened, case.resolved_at if case else None),
            disposition=row["disposition"],
            rung=case.rung if case else 1,
            minutes_spent=case.minutes if case and case.resolved_at else None,
        )


def _minutes(since: datetime, at: datetime | None) -> float | None:
    return None if at is None else round((at - since) / timedelta(minutes=1), 1)
