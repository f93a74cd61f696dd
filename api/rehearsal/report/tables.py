"""The figures of a summary as rows of words: for the page's tables, its tiles, and protocols side by side. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.rehearsal.report.compliance import whole_weeks
from api.rehearsal.report.words import number, percent, plain, plural, unit_minutes

Summary = Mapping[str, Any]
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """`head` names the columns; the first cell of each row names the row."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    tables: Sequence[Table]
    said: str = ""


def tiles(summary: Summary) -> list[tuple[str, str, str]]:
    """What, figure, and what it rests on: the first look."""
    s, kept = summary, summary["compliance"]
    asked, alerts, chance = s["burden"]["minutes_asked"], s["alerts"], s["decisions"]
    return [
        ("Compliance, on time", percent(kept["on_time"]), f"{number(kept['completed_on_time'])} of {number(kept['denominator'])} prompts"),
        ("Minutes a day", number(asked["mean"]), f"95 of 100 days below {number(asked['p95'])}"),
        ("Prompts a day", number(s["burden"]["prompts"]["mean"]), f"and {number(s['burden']['reports']['mean'], 2)} reports"),
        ("Days of silence", percent(s["burden"]["silent_days"]["share"]), f"longest run {s['burden']['silent_days']['longest_run']} days"),
        ("Alerts", number(alerts["opened"]), f"{number(alerts['per_coordinator_day']['mean'], 2)} a coordinator-day"),
        ("Tier 3 and 4, nobody at work", number(alerts["urgent_outside_cover"]), "opened outside cover"),
        ("Content shown", number(chance["content"]["shown"]), f"{number(chance['content']['per_person_week'])} a person-week"),
        ("Decided by chance", number(chance["randomized"]), f"of {number(chance['points'])} decision points"),
    ]


def groups(summary: Summary) -> list[Group]:
    """Every table of the page."""
    return [make(summary) for make in (_prompts, _compliance, _burden, _answers, _decisions, _alerts, _never, _replies)]


def _prompts(s: Summary) -> Group:
    found = s["prompts"]
    return Group(
        "Prompts",
        [
            Table("By status", ("Status", "Prompts", "Share"), _shares(found["by_status"])),
            Table("By state", ("State, in the house's words", "Prompts", "Share"), _shares(found["by_state"])),
            Table("Slots that were blocked", ("Design", "Slots", "Blocked, by reason"), [
                (plain(one["design"]), number(one["slots"]), ", ".join(f"{plain(why)} {n}" for why, n in one["blocked"].items()) or "none")
                for one in s["blocked"]
            ]),
            Table("Least distance between prompts, in minutes", ("Design", "Promised", "Seen", "To excluded: promised", "seen"), [
                (plain(one["design"]), *(number(one[name], 2) for name in ("promised", "seen", "promised_to_excluded", "seen_to_excluded")))
                for one in s["gaps"]["nearest_minutes"]
            ]),
        ],
        f"{plural(found['to_come'], 'prompt')} lay still ahead; {plural(found['entries'], 'report')} came without being asked; "
        f"{plural(found['several_responses'], 'prompt')} got more than one response.",
    )  # fmt: skip


def _compliance(s: Summary) -> Group:
    kept = s["compliance"]
    head = ("Prompts planned", "not sent", "withdrawn", "denominator", "on time", "at any time", "share on time", "share at any time")

    def row(name: str, one: Mapping[str, Any]) -> Row:
        counts = [number(one[key]) for key in ("planned", "not_sent", "withdrawn", "denominator", "completed_on_time", "completed_ever")]
        return (name, *counts, percent(one["on_time"]), percent(one["ever"]))

    agrees = kept["agreement"]
    return Group(
        "Compliance",
        [
            Table("By study week", ("Week", *head), [row(str(one["week"]), one) for one in kept["by_week"]] + [row("All", kept)]),
            Table("By design", ("Design", *head), [row(plain(one["design"]), one) for one in kept["by_design"]]),
        ],
        f"Compliance is {kept['definition']}. Mean over persons: {percent(kept['mean_over_persons']['on_time'])} on time, "
        f"{percent(kept['mean_over_persons']['ever'])} at any time. Counted again from the rows, "
        f"{'every one' if agrees['agrees'] else 'not every one'} of {plural(agrees['compared'], 'count')} agrees with the export's own.",
    )


def _burden(s: Summary) -> Group:
    found = s["burden"]
    names = (
        ("minutes_asked", "Minutes asked for (stated time)"),
        ("minutes_answered_stated", "Minutes answered (stated time)"),
        ("minutes_answered_simulated", "Minutes answered (as simulated)"),
        ("prompts", "Prompts that came"),
        ("reports", "Reports started"),
    )
    rows = [(label, *_spread(found[key]), number(found[key].get("worst_person_mean"))) for key, label in names]
    reading = [(one["part"], *(number(one[key]) for key in ("read", "unread", "urgent_unread", "nothing"))) for one in s["reading"]]
    return Group(
        "Burden, and who reads",
        [
            Table("Per person-day", ("", "mean", "median", "p90", "p95", "worst day", "worst person's mean"), rows),
            Table(
                "Prompts by part of the week", ("Part", "Somebody at work", "Nobody", "Nobody, tier 3 or 4", "Nothing to disclose"), reading
            ),
        ],
        "A prompt counts as read where someone is at work for every tier that an answer to it can disclose. Night is midnight to six.",
    )


def _answers(s: Summary) -> Group:
    found = s["responses"]
    facts = [
        ("Responses stored", number(found["stored"])),
        ("Acknowledged to phones", number(found["acknowledged"])),
        ("Acknowledged and not in the dataset", number(found["lost"])),
        ("In the dataset without a receipt", number(found["stored_without_receipt"])),
        ("Listed by the server at the end", number(found["listed"]["stored"])),
        ("Acknowledged and not listed, by id", number(found["listed"]["lost"])),
        ("Uploaded more than an hour late", number(found["late_uploads"])),
        ("With a clock that could not be trusted", number(found["clock_suspect"])),
        ("People who traveled", number(found["travelers"])),
        ("Duplicates sent, same receipt back", f"{s['driver']['duplicates_equal']} of {s['driver']['duplicates_sent']}"),
        ("Other content under a taken id, refused", number(s["driver"]["conflicts"])),
    ]
    return Group(
        "Answers",
        [
            Table("Arrivals", ("", "How many"), facts),
            Table("When answers came", ("Timing", "Responses", "Share"), _shares(found["by_timing"])),
            Table("The four kinds of nothing", ("Kind", "Items", "Share"), _shares(found["nothing"])),
            Table("How people stand", ("State", "People", "Share"), _shares(found["people_by_state"])),
        ],
        f"Acknowledged and stored were compared by {found['compared']}; {found['people_left_out']} people are left out of the dataset.",
    )


def _decisions(s: Summary) -> Group:
    found = s["decisions"]
    names_of = ("points", "held_back", "drawn", "randomized", "treated", "treated_expected")
    rules = [(plain(one["rule"]), *(number(one[name]) for name in names_of), number(one["smallest_effect"], 2)) for one in found["by_rule"]]
    return Group(
        "Decisions and content",
        [
            Table(
                "By rule", ("Rule", "points", "held back", "drawn", "by chance", "content given", "expected", "smallest effect, SD"), rules
            ),
            Table("Reasons against content", ("Reason", "Points", "Share"), _shares(found["unavailable"])),
            Table("Content by item", ("Item", "Shown", "Share"), _shares(found["content"]["by_item"])),
        ],
        f"Logged probabilities of what chance drew lie between {number(found['least_probability'], 2)} and "
        f"{number(found['greatest_probability'], 2)}. Smallest effect: what the draws could show with 80% power if they were independent.",
    )


def _alerts(s: Summary) -> Group:
    found, load = s["alerts"], s["alerts"]["per_coordinator_day"]

    def times(one: Mapping[str, Any]) -> Row:
        return tuple(unit_minutes(one[key][word]) for key in ("to_acknowledge", "to_resolve") for word in ("median", "p90", "worst"))

    head = ("to acknowledge: median", "p90", "worst", "to resolve: median", "p90", "worst")
    families = [
        (
            plain(one["family"]),
            str(one["tier"]),
            number(one["opened"]),
            number(one["unresolved"]),
            percent(one["share_in_time"], 0),
            *times(one),
        )
        for one in found["by_family"]
    ]
    return Group(
        "Alerts",
        [
            Table("By family", ("Family", "tier", "opened", "unresolved", "in time", *head), families),
            Table("Inside and outside staffed hours", ("", "opened", *head), [
                (one["group"], number(one["opened"]), *times(one)) for one in found["times"] if one["opened"]
            ]),
            Table("How they ended", ("Disposition", "Alerts", "Share"), _shares(found["by_disposition"])),
        ],
        f"{percent(found['share_outside_cover'])} opened outside the hours staffed for their tier. A coordinator has "
        f"{number(load['mean'], 2)} a day on average, {number(load['worst'])} on the worst; "
        f"{number(found['per_person_week'], 2)} a person-week. In time counts staffed minutes only.",
    )  # fmt: skip


def _never(s: Summary) -> Group:
    items = [f"{one['instrument']}.{one['item']}" for one in s["items"] if not one["shown"]]
    rows = [
        ("Rules that never held", s["decisions"]["never"]["rules"]),
        ("Content never shown", s["decisions"]["never"]["content"]),
        ("Disclosures and alert rules that never opened an alert", s["alerts"]["never"]),
        ("Items never shown", items),
    ]
    asked = [(f"{one['instrument']}.{one['item']}", number(one["shown"]), number(one["answered"])) for one in s["items"]]
    return Group(
        "What was reached, and what never",
        [
            Table("Never reached", ("", "How many"), [(name, str(len(found))) for name, found in rows]),
            Table("Items", ("Item", "shown", "answered"), asked),
        ],
        " ".join(f"{name}: {', '.join(map(plain, found))}." for name, found in rows[:3] if found),
    )


def _replies(s: Summary) -> Group:
    rows = [
        (f"{one['method']} {one['route']}", number(one["count"]), number(one["p50_ms"]), number(one["p99_ms"]), number(one["slowest_ms"]),
         ", ".join(f"{status}: {count}" for status, count in one["statuses"].items()))
        for one in s["replies"]
    ]  # fmt: skip
    return Group(
        "Replies of the server",
        [Table("Milliseconds of the wall clock", ("Route", "requests", "p50", "p99", "slowest", "by status"), rows)],
        "On the machine of this rehearsal, with everything else that it did at the time.",
    )


def _spread(one: Mapping[str, Any]) -> Row:
    return tuple(number(one[word]) for word in ("mean", "median", "p90", "p95", "worst"))


def _shares(counts: Mapping[str, int]) -> list[Row]:
    """The most frequent first."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [(plain(word), number(count), percent(count / total if total else None)) for word, count in ordered]


def _at(*path: str) -> Callable[[Summary], Any]:
    def get(summary: Summary) -> Any:
        found: Any = summary
        for name in path:
            found = found[name]
        return found

    return get


def _tier(tier: str) -> Callable[[Summary], Any]:
    return lambda summary: summary["alerts"]["by_tier"].get(tier, 0)


def _week(place: int) -> Callable[[Summary], Any]:
    def get(summary: Summary) -> Any:
        weeks = whole_weeks(summary)
        return weeks[place]["on_time"] if weeks else None

    return get


_two: Final = lambda value: number(value, 2)  # noqa: E731

_COMPARED: Final[tuple[tuple[str, tuple[tuple[str, Callable[[Summary], Any], Callable[[Any], str]], ...]], ...]] = (
    ("The rehearsal", (
        ("People", _at("run", "people"), number),
        ("Days", _at("run", "days"), number),
        ("Coordinators", _at("run", "staff"), number),
        ("Houses side by side", _at("run", "houses"), number),
        ("Seed", _at("run", "seed"), str),
        ("Faults of the system", _at("faults", "total"), number),
        ("Wall seconds", _at("run", "wall_seconds"), number),
    )),
    ("What it asks of people", (
        ("Minutes a day asked for, mean", _at("burden", "minutes_asked", "mean"), number),
        ("Minutes a day asked for, 95 of 100 days below", _at("burden", "minutes_asked", "p95"), number),
        ("Minutes a day answered, as simulated, mean", _at("burden", "minutes_answered_simulated", "mean"), number),
        ("Prompts a day, mean", _at("burden", "prompts", "mean"), _two),
        ("Reports a day, mean", _at("burden", "reports", "mean"), _two),
        ("Prompts at night", _at("clock", "share_at_night"), percent),
    )),
    ("What comes back", (
        ("Compliance, on time", _at("compliance", "on_time"), percent),
        ("Its denominator, prompts", _at("compliance", "denominator"), number),
        ("Compliance, at any time", _at("compliance", "ever"), percent),
        ("On time, first week", _week(0), percent),
        ("On time, last week", _week(-1), percent),
        ("Days without any answer", _at("burden", "silent_days", "share"), percent),
        ("Responses stored", _at("responses", "stored"), number),
    )),
    ("What it gives", (
        ("Content a person-week", _at("decisions", "content", "per_person_week"), _two),
        ("Decision points", _at("decisions", "points"), number),
        ("Decided by chance", _at("decisions", "randomized"), number),
        ("Smallest effect of all draws together, SD", _at("decisions", "smallest_effect"), _two),
    )),
    ("What it asks of coordinators", (
        ("Alerts", _at("alerts", "opened"), number),
        ("Tier 4", _tier("4"), number),
        ("Tier 3", _tier("3"), number),
        ("Tier 2", _tier("2"), number),
        ("Alerts a coordinator-day, mean", _at("alerts", "per_coordinator_day", "mean"), _two),
        ("Alerts a coordinator-day, worst", _at("alerts", "per_coordinator_day", "worst"), number),
        ("Alerts a person-week", _at("alerts", "per_person_week"), _two),
        ("Opened outside cover", _at("alerts", "share_outside_cover"), percent),
        ("Tier 3 and 4 opened when nobody is at work", _at("alerts", "urgent_outside_cover"), number),
    )),
)  # fmt: skip


def compared(summaries: Sequence[Summary]) -> list[Table]:
    """The same figures of several rehearsals, one column each."""
    return [
        Table(caption, (), [(label, *(said(get(one)) for one in summaries)) for label, get, said in rows]) for caption, rows in _COMPARED
    ]


def names(summaries: Iterable[Summary]) -> list[str]:
    """A name for each rehearsal: the protocol's, and its seed where two would be alike."""
    found = [one["protocol"]["title"] for one in summaries]
    alike = len(set(found)) < len(found)
    return [f"{title} (seed {one['run']['seed']})" if alike else title for title, one in zip(found, summaries, strict=True)]
