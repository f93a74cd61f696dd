"""What a simulated person does besides answering: settles in, travels, pauses, leaves, asks for help, keeps events."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from api.rehearsal.content import Content
from api.rehearsal.line import PATIENT, Act
from api.rehearsal.people.chance import chosen, fraction
from api.rehearsal.people.terms import Leave, Pause, Says
from api.rehearsal.pocket import Pocket
from models.definition.prompting import WakeBounds
from models.kinds import Leaving

CONFLICT: Final = 409
SOON: Final = timedelta(minutes=2)
REFRESH_DAYS: Final = 5
TRACKS_DOSES: Final = 0.3
"""Share of people who note their doses in the app (assumption)."""
NOTES_USE: Final = 0.5
"""Share of lapses that are also noted as an event (assumption)."""
OPEN_END: Final = timedelta(days=36_500)
SKEW_TAKEN: Final = timedelta(minutes=5)
"""By how much a phone's clock may be ahead before the server refuses an instant as not yet come."""

REMINDERS: Final = (("the corner shop", "place"), ("J. K.", "person"), ("a spoon", "object"), ("that song", "media"))
"""Synthetic. Initials where it is a person."""
OTHER_LISTS: Final = (("contacts", "M."), ("contacts", "A. B."), ("reasons", "the kids"), ("reasons", "sleep"))
SCENES: Final = (
    ("tomorrow", "family", "Synthetic scene: tomorrow I make breakfast and the kitchen smells of toast."),
    ("month", "work", "Synthetic scene: in a month I open the letter about the job and read it twice."),
    ("year", "home", "Synthetic scene: in a year I water the plants on my own balcony."),
)
HELP: Final = (("unsafe", 2.0), ("contact", 2.0), ("overdose", 1.0))
"""What is asked for, by weight (assumption)."""


class Choices:
    """One person's. `sync` reads the plan again; `ring` is called where a human must hear of it."""

    def __init__(self, pocket: Pocket, sync: Act, ring: Callable[[], None]) -> None:
        self._pocket, self._sync, self._ring = pocket, sync, ring
        self.content = Content(pocket)
        self.lists: dict[str, Sequence[str]] = {}
        self.left: Leave | None = None
        self._helped = 0

    # Once, after enrolling

    def settle_in(self, at: datetime, now: datetime, bounds: WakeBounds) -> None:
        """Wake hours, the help screen, lists and scenes; and whatever the person will choose to do later."""
        pocket, person = self._pocket, self._pocket.person
        pocket.phone.call("GET", "/help", expect=(200,))
        self._wake(bounds)
        for number, (label, kind) in enumerate(REMINDERS):
            self._entry("reminders", number, {"label": label, "kind": kind})
        for number, (name, label) in enumerate(OTHER_LISTS):
            self._entry(name, number, {"label": label})
        for number, (horizon, area, text) in enumerate(SCENES):
            body = {"text": text, "language": person.language, "horizon": horizon, "goal_area": area}
            pocket.phone.call("PUT", "/scenes/{id}", ids={"id": self._pocket.own_id("scene", number)}, body=body)
            pocket.act("scene")
            for scale in ("vividness", "pleasantness"):
                self.content.rate(number, scale, 5 + int(5 * fraction(person.key, "rate", scale, number)), now)
        for trip in person.habits.trips:
            for moment in (trip.out_at, trip.back_at):
                if moment >= at:
                    pocket.line.put(moment, self._travel)
        for pause in person.pauses:
            pocket.line.put(pause.at, partial(self._pause, pause))
        if person.leave is not None:
            pocket.line.put(person.leave.at, partial(self._leave, person.leave))

    def _wake(self, bounds: WakeBounds) -> None:
        windows = {name: getattr(self._pocket.person.wake, name) for name in ("weekday", "weekend")}
        if all(bounds.shortest_hours <= _hours(*one) <= bounds.longest_hours for one in windows.values()):
            body = {name: {"start": start, "end": end} for name, (start, end) in windows.items()}
            self._pocket.phone.call("PUT", "/wake-windows", body=body)
            self._pocket.act("wake_windows")

    def _entry(self, name: str, number: int, body: Mapping[str, str]) -> None:
        one = self._pocket.own_id(name, number)
        self._pocket.phone.call("PUT", "/lists/{name}/{id}", ids={"name": name, "id": one}, body=body)
        self._pocket.act("list")
        self.lists[name] = (*self.lists.get(name, ()), one)

    # Each day

    def daily(self, at: datetime, until: datetime) -> None:
        """Plans what is done besides prompts until tomorrow."""
        pocket, person = self._pocket, self._pocket.person
        day = (at - person.joins_at).days
        if day % REFRESH_DAYS == REFRESH_DAYS - 1:
            pocket.line.put(at + SOON, self._refresh, patience=PATIENT)
        if day % 14 == 13:
            pocket.line.put(at + 2 * SOON, self._look_at_own, patience=PATIENT)
        if fraction(person.key, "tracks doses") < TRACKS_DOSES:
            kind = "missed_dose" if pocket.life.feelings(at).missed_dose else "dose"
            moment = at + timedelta(minutes=int(180 * fraction(person.key, "dose", day)))
            pocket.line.put(moment, partial(self._event, kind, f"dose/{day}", moment), patience=PATIENT)
        for lapse in pocket.life.lapses(until):
            if at <= lapse.told_at < until and fraction(person.key, "notes use", lapse.at.isoformat()) < NOTES_USE:
                pocket.line.put(lapse.told_at, partial(self._event, "use", f"use/{lapse.at.isoformat()}", lapse.at))

    def _refresh(self, _at: datetime, _now: datetime) -> None:
        if not self._pocket.ended and not self._pocket.offline(_at):
            self._pocket.phone.refresh(lost_reply=fraction(self._pocket.person.key, "lost reply", _at.isoformat()) < 0.2)

    def _look_at_own(self, at: datetime, _now: datetime) -> None:
        """What is held about me, and who looked."""
        if not self._pocket.ended and not self._pocket.offline(at):
            self._pocket.phone.call("GET", "/me")
            self._pocket.phone.call("GET", "/me/access")
            self._pocket.act("look_at_own")

    def _event(self, kind: str, label: str, happened: datetime, at: datetime, now: datetime) -> None:
        """Noted in the app; a clock that runs ahead is refused first, and the app then counts by the server's time."""
        pocket = self._pocket
        if pocket.ended:
            return
        if (end := pocket.person.offline_until(at)) is not None:
            pocket.line.put(end, partial(self._event, kind, label, happened))
            return
        self._by_server_time("/events/{id}", {"id": self._pocket.own_id("event", label)}, {"kind": kind}, "happened_at", happened, now)
        pocket.act("event")

    def _by_server_time(self, route: str, ids: Mapping[str, str], body: dict[str, Any], name: str, at: datetime, now: datetime) -> None:
        """By the phone's clock; where that is so far ahead that it cannot be, refused and then sent by the server's time."""
        pocket = self._pocket
        ahead = at + pocket.person.ahead_at(at) > now + SKEW_TAKEN
        wanted = (422,) if ahead else (200, 201)
        reply = pocket.phone.call("PUT", route, ids=ids, body={**body, name: pocket.shown(at)}, expect=wanted)
        if ahead:
            pocket.act("clock_error")
            pocket.record.refused(reply.status, reply.code or "", expected=not reply.ok)
            pocket.phone.call("PUT", route, ids=ids, body={**body, name: at.isoformat()}, expect=(200, 201))

    # Now and then

    def _travel(self, at: datetime, now: datetime) -> None:
        """The phone shows another zone."""
        pocket = self._pocket
        if pocket.ended:
            return
        if (end := pocket.person.offline_until(at)) is not None:
            pocket.line.put(end, self._travel)
            return
        zone = pocket.person.zone_at(at)
        self._by_server_time("/zone", {}, {"zone": zone}, "changed_at", at, now)
        pocket.act("zone_change")
        if zone != pocket.person.zone:
            pocket.act("trip")
        self._sync(at, now)

    def _pause(self, pause: Pause, at: datetime, now: datetime) -> None:
        pocket = self._pocket
        if pocket.ended or pocket.paused(at):
            return
        if (end := pocket.person.offline_until(at)) is not None:
            pocket.line.put(end, partial(self._pause, pause))
            return
        body: dict[str, Any] = {"reason": "rest"} if pause.hours is None else {"hours": pause.hours, "reason": "rest"}
        pocket.phone.call("POST", "/pause", body=body, expect=(200,))
        pocket.act("pause")
        pocket.paused_until = pause.resumes_at if pause.hours is None else now + timedelta(hours=pause.hours)
        pocket.line.put(pocket.paused_until, partial(self._resume, open_ended=pause.hours is None))

    def _resume(self, at: datetime, now: datetime, *, open_ended: bool) -> None:
        pocket = self._pocket
        if pocket.ended or (self.left is not None and self.left.how is Leaving.PAUSE_PROMPTS):
            return
        if (end := pocket.person.offline_until(at)) is not None:
            pocket.paused_until = end
            pocket.line.put(end, partial(self._resume, open_ended=open_ended))
            return
        if open_ended:
            pocket.phone.call("POST", "/resume", expect=(200,))
            pocket.act("resume")
        pocket.paused_until = None
        self._sync(at, now)

    def close(self, now: datetime) -> None:
        """The rehearsal is over for this person: no more prompts, so that what is still open can end."""
        pocket = self._pocket
        if pocket.ended or (self.left is not None and self.left.how is Leaving.PAUSE_PROMPTS):
            return
        pocket.phone.call("POST", "/pause", body={"hours": 720}, expect=(200,))
        pocket.act("close")
        pocket.paused_until = now + OPEN_END

    def _leave(self, leave: Leave, at: datetime, now: datetime) -> None:
        """One of the four ways. After the ones that end collection a last answer is tried, and refused."""
        pocket = self._pocket
        if (end := pocket.person.offline_until(at)) is not None:
            pocket.line.put(end, partial(self._leave, leave))
            return
        pocket.phone.call("POST", "/leave", body={"how": str(leave.how)}, expect=(200,))
        pocket.act("leave")
        self.left = Leave(now, leave.how)
        if leave.how is Leaving.PAUSE_PROMPTS:
            pocket.paused_until = now + OPEN_END
        elif leave.how is Leaving.STOP_COLLECTION:
            pocket.ended = True
            pocket.phone.call("GET", "/help", expect=(200,))
            pocket.phone.call("GET", "/me", expect=(200,))
            pocket.phone.call("GET", "/prompts", expect=(410,))
        elif leave.how is Leaving.ERASE_IDENTIFIERS:
            pocket.ended = pocket.phone.signed_out = True
            pocket.phone.call("GET", "/me", expect=(401,))

    def ask_for_help(self, says: Says | None, at: datetime, _now: datetime) -> None:
        """Help now. Without a network the phone dials its lines by itself, and tells us later."""
        pocket = self._pocket
        if (end := pocket.person.offline_until(at)) is not None:
            pocket.line.put(end, lambda moment, later: self.ask_for_help(says, moment, later))
            return
        self._helped += 1
        kind = (
            "contact"
            if says is Says.CALL
            else chosen(fraction(pocket.person.key, "help", self._helped), (("unsafe", 2.0), ("contact", 2.0), ("overdose", 1.0)))
        )
        body = {"client_id": self._pocket.own_id("help", self._helped), "kind": kind, "at": pocket.shown(at)}
        for _ in range(2):  # the thumb is faster than the network: the same request again changes nothing
            pocket.phone.call("POST", "/help-requests", body=body, expect=(201,))
        pocket.act("ask_for_help")
        self._ring()
        if kind != "contact":
            pocket.act("disclosure")


def _hours(start: str, end: str) -> float:
    """Wall-clock length; an end at or before the start lies on the next day.

    >>> _hours("20:00", "08:30")
    12.5
    """
    first, last = (int(wall[:2]) + int(wall[3:]) / 60 for wall in (start, end))
    return last - first if last > first else last - first + 24
