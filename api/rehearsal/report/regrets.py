"""What the authors of a protocol would regret, said before anyone is enrolled. Pure.

Every limit here is a convention of this house with its reason beside it, not a finding about people; a study may have good
grounds to pass one. A protocol within all of them gets no warning.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from api.rehearsal.report.compliance import whole_weeks
from api.rehearsal.report.words import plural
from models.definition.base import pointer
from models.definition.expression import items_read
from models.definition.prompting import Event, FollowUp
from models.definition.protocol import Protocol

DAY_MINUTES: Final = 15.0
"""Minutes that one person-day in twenty may exceed: eight one-minute check-ins, two diaries of two minutes and room for reports."""

NIGHT_SHARE: Final = 0.02
"""Of the prompts, between midnight and six: a few come from people who chose such hours; more is the design's doing."""

UNREAD: Final = 0
"""Alerts of tier 3 and 4 that may open when nobody is at work: none, since each asks for a human within the hour or at once."""

ALERTS_A_DAY: Final = 8.0
"""Alerts of one coordinator on one day in twenty: at about half an hour each, with calls and notes, half a working day."""

IN_TIME: Final = 0.9
"""Of a family's alerts, acknowledged in the time that its ladder gives to the first rung."""

FEWEST_ALERTS: Final = 5
"""With fewer of a family nothing is said about its share."""

WORTH_TRYING: Final = 500
"""Person-days from which on something that never happened is worth a word; before that chance explains it."""

EFFECT: Final = 0.3
"""Standard deviations: the largest smallest-detectable effect of a randomized question. Effects of single messages are smaller."""

COMPLIANCE_FALL: Final = 0.15
"""From the first whole week to the last: a fall of one to two points a week is usual in such studies, over 8 to 12 weeks up to this."""

FEWEST_PROMPTS: Final = 50
"""A week with fewer prompts in its denominator is not compared."""

PACED: Final = 0.5
"""Of the points at which a rule held, kept from content only or also by the daily cap or the gap after content."""

FEWEST_HELD: Final = 20

BLOCKED: Final = 0.01
"""Of a design's slots, blocked because they do not fit the wake window. A design is checked to fit; what people choose may be narrower."""

SILENT: Final = 0.35
"""Of person-days without a single answer: after 24 hours nothing is known of a person, and nothing can be offered."""


@dataclass(frozen=True, slots=True)
class Regret:
    """One warning. `figure` was found and `limit` passed, both in `unit`; `place` is a JSON pointer into the protocol."""

    code: str
    sentence: str
    figure: float
    limit: float
    unit: str
    place: str
    change: str

    def document(self) -> dict[str, Any]:
        return asdict(self)


def warnings(summary: Mapping[str, Any], protocol: Protocol) -> list[Regret]:
    """The warnings in the order of their weight: safety first, then people's time, then what the study could learn."""
    return [one for look in _LOOKS for one in look(summary, protocol)]


def _unread(summary: Mapping[str, Any], _: Protocol) -> Iterator[Regret]:
    found = summary["alerts"]["urgent_outside_cover"]
    if found > UNREAD:
        yield Regret(
            "alerts_unread",
            f"{plural(found, 'alert')} of tier 3 or 4 opened at hours when nobody is at work.",
            found, UNREAD, "alerts", "/staffing/hours",
            "Staff tiers 3 and 4 at all hours, or ask the questions behind them only when someone reads.",
        )  # fmt: skip
    prompts = sum(one["urgent_unread"] for one in summary["reading"])
    if prompts:
        yield Regret(
            "questions_unread",
            f"{plural(prompts, 'prompt')} that can bring a disclosure of tier 3 or 4 came when nobody is at work for it.",
            prompts, UNREAD, "prompts", "/staffing/hours",
            "Move these prompts into staffed hours, or staff the hours in which they come.",
        )  # fmt: skip


def _in_time(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    for one in summary["alerts"]["by_family"]:
        if one["due"] < FEWEST_ALERTS or one["share_in_time"] >= IN_TIME:
            continue
        yield Regret(
            "alerts_late",
            f"Of {one['due']} alerts “{one['family']}” (tier {one['tier']}), {one['in_time']} were taken in the time of the first rung.",
            one["share_in_time"], IN_TIME, "share in time", _alert_place(protocol, one["family"]),
            "Give the ladder someone who is there, more time on its first rung, or ask for fewer of these alerts.",
        )  # fmt: skip


def _load(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    load = summary["alerts"]["per_coordinator_day"]
    if load["p95"] is not None and load["p95"] > ALERTS_A_DAY:
        yield Regret(
            "alerts_many",
            f"On one day in twenty a coordinator gets {load['p95']:.1f} alerts or more, on the worst day {load['worst']:.1f}.",
            load["p95"], ALERTS_A_DAY, "alerts per coordinator-day, 95th percentile", _busiest(summary, protocol),
            "Raise the bound of the rule that fires most, lengthen its refractory time, or plan for more people.",
        )  # fmt: skip


def _safety_items(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    scheduled = {one.instrument for one in protocol.designs if not isinstance(one, Event | FollowUp)}
    asked = {item.id for instrument, item in protocol.items() if instrument.id in scheduled}
    urgent = [(place, one) for place, one in enumerate(protocol.disclosures) if one.tier >= 3]
    reached = [one for _, one in urgent if asked & items_read(one.when) and (not one.instruments or scheduled & set(one.instruments))]
    if urgent and not reached:
        yield Regret(
            "nothing_scheduled_reaches_a_human",
            "No item of a scheduled prompt can open an alert of tier 3 or 4: only people who start a report by themselves can.",
            0, 1, "disclosures", "/disclosures",
            "Ask one staffed safety item on a schedule, or say in the protocol why not.",
        )  # fmt: skip
    unstaffed = sorted({one.tier for _, one in urgent} - protocol.staffing.tiers())
    for tier in unstaffed:
        yield Regret(
            "tier_unstaffed",
            f"Answers can open an alert of tier {tier}, and no staffed hours name that tier.",
            0, 1, "staffed hours", "/staffing/hours",
            f"Name tier {tier} in the hours of those who take it.",
        )  # fmt: skip
    shown = _shown(summary)
    for place, one in urgent:
        read = items_read(one.when)
        if summary["people"]["days"] >= WORTH_TRYING and read and not any(shown.get(item) for item in read):
            yield Regret(
                "safety_item_never_shown",
                f"No item behind the disclosure “{one.id}” was shown even once.",
                0, 1, "times shown", pointer("disclosures", place, "when"),
                "Ask one of its items where people reach it, or take the disclosure out.",
            )  # fmt: skip


def _minutes(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    asked = summary["burden"]["minutes_asked"]
    if asked["p95"] is not None and asked["p95"] > DAY_MINUTES:
        yield Regret(
            "day_too_long",
            f"One person-day in twenty asks for {asked['p95']:.0f} minutes or more; the mean is {asked['mean']:.1f}.",
            asked["p95"], DAY_MINUTES, "minutes per person-day, 95th percentile", _longest(protocol),
            "Ask fewer prompts, rotate items, or shorten the longest questionnaire.",
        )  # fmt: skip


def _night(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    clock = summary["clock"]
    if clock["share_at_night"] is not None and clock["share_at_night"] > NIGHT_SHARE:
        worst = max(clock["night_by_design"], key=lambda name: (clock["night_by_design"][name], name))
        yield Regret(
            "prompts_at_night",
            f"{plural(clock['prompts_at_night'], 'prompt')}, {clock['share_at_night']:.1%} of them all, came between midnight and six; "
            f"most of them by “{worst}”.",
            clock["share_at_night"], NIGHT_SHARE, "share of prompts", _design_place(protocol, worst),
            "Move the design's times or trim the wake window's ends.",
        )  # fmt: skip


def _blocked(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    after = {one.id for one in protocol.designs if isinstance(one, FollowUp)}
    for one in summary["blocked"]:
        # A follow-up that would come in someone's quiet hours is meant to be held back.
        quiet = 0 if one["design"] in after else one["blocked"].get("quiet_hours", 0)
        narrow = one["blocked"].get("window", 0) + quiet
        if one["slots"] and narrow / one["slots"] > BLOCKED:
            yield Regret(
                "no_room",
                f"{narrow} of {one['slots']} slots of “{one['design']}” found no room in the person's wake window.",
                narrow / one["slots"], BLOCKED, "share of slots", _design_place(protocol, one["design"]),
                "Ask for fewer prompts, a smaller gap or a smaller exclusion, or raise /wake/shortest_hours.",
            )  # fmt: skip


def _silence(summary: Mapping[str, Any], _: Protocol) -> Iterator[Regret]:
    silent = summary["burden"]["silent_days"]
    if silent["share"] is not None and silent["share"] > SILENT:
        yield Regret(
            "silent_days",
            f"{silent['share']:.0%} of person-days pass without one answer; the longest run is {silent['longest_run']} days.",
            silent["share"], SILENT, "share of person-days", "/designs",
            "Give prompts more time before they expire, or ask at moments that people choose.",
        )  # fmt: skip


def _fall(summary: Mapping[str, Any], _: Protocol) -> Iterator[Regret]:
    weeks = [one for one in whole_weeks(summary) if one["denominator"] >= FEWEST_PROMPTS]
    if len(weeks) < 2 or weeks[0]["on_time"] - weeks[-1]["on_time"] <= COMPLIANCE_FALL:
        return
    first, last = weeks[0], weeks[-1]
    yield Regret(
        "compliance_falls",
        f"Compliance falls from {first['on_time']:.0%} in week {first['week']} to {last['on_time']:.0%} in week {last['week']}.",
        first["on_time"] - last["on_time"], COMPLIANCE_FALL, "fall of the share", "/length_days",
        "Shorten the study, put bursts in place of every day, or lighten the later weeks.",
    )  # fmt: skip


def _pacing(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    asked_for = {one.id for one in protocol.rules if one.requested}
    rules = [one for one in summary["decisions"]["by_rule"] if one["rule"] not in asked_for]
    points, paced = sum(one["points"] for one in rules), sum(one["held_back_by_pacing"] for one in rules)
    if points >= FEWEST_HELD and paced / points > PACED:
        yield Regret(
            "pacing_holds_back",
            f"At {paced} of {points} points at which a rule held, the daily cap or the gap after content held it back.",
            paced / points, PACED, "share of points", "/availability/gap_minutes",
            "Shorten the gap, raise /availability/per_day, or let the rules ask for more.",
        )  # fmt: skip


def _chance(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    for place, rule in enumerate(protocol.rules):
        arms = {bool(arm.groups) for arm in rule.arms if arm.probability > 0}
        if rule.requested or rule.mode != "live" or len(arms) < 2:
            continue
        found = next((one for one in summary["decisions"]["by_rule"] if one["rule"] == rule.id), None)
        draws = 0 if found is None else found["randomized"]
        effect = None if found is None else found["smallest_effect"]
        if effect is not None and effect <= EFFECT:
            continue
        said = "nothing can be estimated" if effect is None else f"the smallest effect they could show is {effect:.2f} standard deviations"
        yield Regret(
            "too_few_draws",
            f"Rule “{rule.id}” was randomized {plural(draws, 'time')}: {said}.",
            draws if effect is None else effect, EFFECT, "draws" if effect is None else "standard deviations",
            pointer("rules", place, "when"),
            "Enroll more people, run longer, widen the condition, or join rules into one question.",
        )  # fmt: skip


def _never(summary: Mapping[str, Any], protocol: Protocol) -> Iterator[Regret]:
    if summary["people"]["days"] < WORTH_TRYING:
        return
    shown = _shown(summary)
    items = [f"{one['instrument']}.{one['item']}" for one in summary["items"] if not one["shown"] and not shown.get(one["item"])]
    never = summary["decisions"]["never"]
    rules = {one.id for one in protocol.rules}
    for code, names, place, what in (
        ("rules_never_held", [name for name in never["rules"] if name in rules], "/rules", "decision rules never held"),
        ("content_never_shown", never["content"], "/content", "pieces of content were never shown"),
        ("alerts_never_opened", summary["alerts"]["never"], "/disclosures", "disclosures and alert rules never opened an alert"),
        ("items_never_shown", items, "/instruments", "items were never shown"),
    ):
        if names:
            yield Regret(
                code,
                f"{len(names)} {what}: {_listed(names)}.",
                len(names), 0, "never reached", place,
                "Take them out, widen what leads to them, or accept that this rehearsal says nothing about them.",
            )  # fmt: skip


def _shown(summary: Mapping[str, Any]) -> dict[str, int]:
    """How often each item was shown, in whichever instrument."""
    shown: dict[str, int] = {}
    for one in summary["items"]:
        shown[one["item"]] = shown.get(one["item"], 0) + one["shown"]
    return shown


def _listed(names: list[str], most: int = 8) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _alert_place(protocol: Protocol, family: str) -> str:
    for name, ids in (("disclosures", [one.id for one in protocol.disclosures]), ("alert_rules", [one.id for one in protocol.alert_rules])):
        if family in ids:
            return pointer(name, ids.index(family))
    return "/ladders"


def _busiest(summary: Mapping[str, Any], protocol: Protocol) -> str:
    """Where the family that opened most alerts stands."""
    most = max(summary["alerts"]["by_family"], key=lambda one: (one["opened"], one["family"]))
    return _alert_place(protocol, most["family"])


def _design_place(protocol: Protocol, design: str) -> str:
    ids = [one.id for one in protocol.designs]
    return pointer("designs", ids.index(design)) if design in ids else "/designs"


def _longest(protocol: Protocol) -> str:
    longest = max(range(len(protocol.instruments)), key=lambda place: _seconds_a_day(protocol, place))
    return pointer("instruments", longest, "seconds")


def _seconds_a_day(protocol: Protocol, place: int) -> float:
    """What the daily designs of an instrument ask for; a report counts nothing, since people start it."""
    instrument = protocol.instruments[place]
    total = 0.0
    for design in protocol.designs:
        if design.instrument != instrument.id or isinstance(design, Event | FollowUp):
            continue
        times = getattr(design, "prompts", None) or len(getattr(design, "times", ())) or 1
        total += times * instrument.seconds * (len(design.when.weekdays) or 7) / 7
    return total


_Look = Callable[[Mapping[str, Any], Protocol], Iterator[Regret]]

_LOOKS: Final[tuple[_Look, ...]] = (
    _safety_items,
    _unread,
    _in_time,
    _load,
    _minutes,
    _night,
    _blocked,
    _silence,
    _fall,
    _pacing,
    _chance,
    _never,
)
