"""The plots of a report, each from its summary alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from api.rehearsal.report.compliance import whole_weeks
from api.rehearsal.report.draw import COLORS as C
from api.rehearsal.report.draw import Plot, drawn
from api.rehearsal.report.words import percent, plural, unit_minutes

Summary = Mapping[str, Any]

_STATUS: Final[tuple[tuple[str, tuple[str, ...], str, str], ...]] = (
    ("completed", ("completed",), "blue", ""),
    ("partly answered", ("partial",), "sky", ""),
    ("answered after expiry", ("expired",), "green", "//"),
    ("not now", ("declined",), "purple", ""),
    ("missed", ("missed", "opened", "device_off"), "orange", "\\\\"),
    ("not sent, left or open", ("not_sent", "withdrawn", "open"), "gray", ".."),
)

_TIERS: Final[tuple[tuple[str, str, str], ...]] = (("4", "red", ""), ("3", "orange", "//"), ("2", "blue", "\\\\"))


def plots(summary: Summary, prefix: str = "") -> list[Plot]:
    """Every plot for which the rehearsal has data, in the order of the page. `prefix` keeps the ids of two summaries apart."""
    return [one for one in (make(summary, prefix) for make in _PLOTS) if one is not None]


def prompts_by_day(summary: Summary, prefix: str = "") -> Plot | None:
    days = [one for one in summary["prompts"]["by_day"] if one["day"] <= summary["run"]["days"]]
    if not days:
        return None

    def paint(figure: Any) -> None:
        axes, base = figure.add_subplot(), [0] * len(days)
        edges = [days[0]["day"] - 0.5, *(one["day"] + 0.5 for one in days)]
        for label, words, color, hatch in _STATUS:
            tops = [sum(one["status"].get(word, 0) for word in words) for one in days]
            if any(tops):
                upper = [low + top for low, top in zip(base, tops, strict=True)]
                axes.stairs(upper, edges, baseline=base, fill=True, color=C[color], label=label, hatch=hatch, linewidth=0)
                base = upper
        axes.set(xlabel="Study day", ylabel="Prompts")
        axes.margins(x=0.01)
        _legend(axes, columns=2)

    done = summary["prompts"]["by_status"].get("completed", 0)
    said = f"{summary['prompts']['prompts']:,} prompts came due; {done:,} were completed before they expired."
    return drawn(f"{prefix}prompts-by-day", "What became of the prompts, by study day", said, paint, height=3.5)


def compliance_by_week(summary: Summary, prefix: str = "") -> Plot | None:
    weeks = whole_weeks(summary)
    if not weeks:
        return None

    def paint(figure: Any) -> None:
        axes, x = figure.add_subplot(), [one["week"] for one in weeks]
        axes.plot(x, [100 * one["ever"] for one in weeks], "s--", color=C["green"], label="completed at any time")
        axes.plot(x, [100 * one["on_time"] for one in weeks], "o-", color=C["blue"], label="completed on time")
        axes.set(xlabel="Study week", ylabel="Compliance, percent", ylim=(0, 104), xticks=x[:: -(-len(x) // 13)])
        axes.margins(x=0.06)
        _legend(axes)

    whole = summary["compliance"]
    said = (
        f"On time {percent(whole['on_time'])}: {whole['completed_on_time']:,} of {whole['denominator']:,} prompts "
        f"(planned − not sent − withdrawn). At any time {percent(whole['ever'])}: {whole['completed_ever']:,}."
    )
    return drawn(f"{prefix}compliance-by-week", "Compliance by study week", said, paint)


def by_hour(summary: Summary, prefix: str = "") -> Plot | None:
    clock = summary["clock"]
    if not any(clock["prompts_by_hour"]) and not any(clock["answers_by_hour"]):
        return None

    def paint(figure: Any) -> None:
        axes, x = figure.add_subplot(), range(24)
        first, last = clock["night_hours"]
        axes.axvspan(first - 0.5, last - 0.5, color=C["shade"], linewidth=0)
        axes.text((first + last) / 2 - 0.5, 1.0, "night", ha="center", va="top", color=C["muted"], transform=axes.get_xaxis_transform())
        axes.bar(x, clock["prompts_by_hour"], width=0.86, color=C["sky"], label="prompts")
        axes.plot(x, clock["answers_by_hour"], "o-", color=C["red"], markersize=3.5, label="answers and reports")
        axes.set(xlabel="Local hour", ylabel="How many", xticks=range(0, 24, 3), xlim=(-0.5, 23.5))
        _legend(axes)

    share = clock["share_at_night"]
    said = f"{plural(clock['prompts_at_night'], 'prompt')} ({percent(share)}) came between midnight and six on the person's own clock."
    return drawn(f"{prefix}by-hour", "Prompts and answers by local hour", said, paint)


def burden(summary: Summary, prefix: str = "") -> Plot | None:
    bins, asked = summary["burden"]["histogram"], summary["burden"]["minutes_asked"]
    if not bins:
        return None

    def paint(figure: Any) -> None:
        axes = figure.add_subplot()
        width = bins[0]["to"] - bins[0]["from"]
        axes.bar([one["from"] for one in bins], [one["days"] for one in bins], width=width * 0.94, align="edge", color=C["blue"])
        axes.axvline(asked["p95"], color=C["red"], linestyle="--")
        axes.text(
            asked["p95"], 1.0, " 95 of 100 days\n lie below", va="top", color=C["ink"], transform=axes.get_xaxis_transform(), fontsize=9.5
        )
        axes.set(xlabel="Minutes asked for in a person-day", ylabel="Person-days")

    took = summary["burden"]["minutes_answered_simulated"]["mean"]
    said = (
        f"A day asks for {asked['mean']:.1f} minutes on average by the instruments' stated time, "
        f"{asked['p95']:.1f} on one day in twenty, {asked['worst']:.1f} at worst. What was answered took {took:.1f} minutes on average."
    )
    return drawn(f"{prefix}burden", "How much of a day the study takes", said, paint)


def decisions(summary: Summary, prefix: str = "") -> Plot | None:
    found = summary["decisions"]
    if not found["points"]:
        return None
    said = (
        f"{found['points']:,} decision points; chance decided at {found['randomized']:,} ({percent(found['share_randomized'])}), "
        f"and the probability of every draw is logged."
    )
    return _bars(f"{prefix}decisions", "Decisions by reason", said, found["by_reason"], "Decision points", "blue")


def content(summary: Summary, prefix: str = "") -> Plot | None:
    found = summary["decisions"]["content"]
    if not found["shown"]:
        return None
    said = f"Content was shown {found['shown']} times, {found['per_person_week']:.1f} times in a person-week."
    return _bars(f"{prefix}content", "Content by kind", said, found["by_kind"], "Times shown", "green")


def alerts_by_day(summary: Summary, prefix: str = "") -> Plot | None:
    found = summary["alerts"]
    if not found["opened"]:
        return None

    def paint(figure: Any) -> None:
        axes, x = figure.add_subplot(), range(1, len(found["days"]) + 1)
        for place, one in zip(x, found["days"], strict=True):
            if one["weekday"] >= 6:
                axes.axvspan(place - 0.5, place + 0.5, color=C["shade"], linewidth=0)
        _tiers(axes, x, [one["tiers"] for one in found["days"]])
        axes.set(xlabel="Calendar day of the study (shaded: weekend)", ylabel="Alerts opened", xlim=(0.4, len(found["days"]) + 0.6))
        _whole(axes)

    load = found["per_coordinator_day"]
    said = (
        f"{plural(found['opened'], 'alert')}, with {plural(found['staff'], 'coordinator')}: {load['mean']:.2f} for each of them "
        f"and day on average, {load['worst']:.1f} on the worst day."
    )
    return drawn(f"{prefix}alerts-by-day", "Alerts per day, by tier", said, paint)


def alerts_by_hour(summary: Summary, prefix: str = "") -> Plot | None:
    found = summary["alerts"]
    if not found["opened"]:
        return None

    def paint(figure: Any) -> None:
        top, strip = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1.3]})
        _tiers(top, range(24), found["hours"])
        top.set(ylabel="Alerts opened")
        _whole(top)
        for row, (tier, color, hatch) in enumerate(reversed(_TIERS)):
            for hour, days in enumerate(found["staffed"][tier]):
                if days:
                    strip.barh(row, 1, left=hour - 0.5, height=0.62, color=C[color], alpha=0.25 + 0.75 * days / 7, hatch=hatch, linewidth=0)
        strip.set(yticks=range(3), yticklabels=[f"tier {tier}" for tier, _, _ in reversed(_TIERS)], ylim=(-0.6, 2.6))
        strip.set(xlabel="Hour at the office (below: hours with someone at work)", xticks=range(0, 24, 3), xlim=(-0.5, 23.5))
        strip.grid(visible=False)

    said = (
        f"{found['outside_cover']} of {plural(found['opened'], 'alert')} opened outside the hours staffed for their tier, "
        f"{found['urgent_outside_cover']} of them of tier 3 or 4. Paler strips are staffed on some days of the week only."
    )
    return drawn(f"{prefix}alerts-by-hour", "Alerts and staffed hours", said, paint, height=3.7)


def acknowledged(summary: Summary, prefix: str = "") -> Plot | None:
    found = [one for one in summary["alerts"]["acknowledged_minutes"] if one["minutes"]]
    if not found:
        return None

    def paint(figure: Any) -> None:
        axes = figure.add_subplot()
        styles = {4: ("red", "-"), 3: ("orange", "--"), 2: ("blue", "-.")}
        for one in reversed(found):
            minutes = [max(minute, 0.5) for minute in one["minutes"]]
            shares = [100 * (place + 1) / len(minutes) for place in range(len(minutes))]
            color, line = styles[one["tier"]]
            axes.step(
                [minutes[0], *minutes],
                [0, *shares],
                where="post",
                color=C[color],
                linestyle=line,
                label=f"tier {one['tier']} ({len(minutes)})",
            )
        axes.set(xscale="log", xlabel="Time from opening to acknowledgement", ylabel="Percent acknowledged", ylim=(0, 104))
        ticks = {1: "1 min", 10: "10 min", 60: "1 h", 600: "10 h", 4320: "3 d"}
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.set_xticks([], minor=True)
        _legend(axes)

    parts = [f"tier {one['tier']} median {unit_minutes(_median(one['minutes']))}" for one in reversed(found)]
    return drawn(f"{prefix}acknowledged", "How soon alerts were taken", f"Nights and weekends count: {', '.join(parts)}.", paint)


def lives(summary: Summary, prefix: str = "") -> Plot | None:
    people = summary["lives"]
    if not people:
        return None

    def paint(figure: Any) -> None:
        grid = figure.subplots(len(people), 1, sharex=True, sharey=True, squeeze=False)
        for (axes,), person in zip(grid, people, strict=True):
            for start, end in unknown(person["points"], person["until"]):
                axes.axvspan(start, end, facecolor="none", hatch="////", hatchcolor=C["muted"], linewidth=0)
            _shaded(axes, ages(person["points"], person["until"]))
            for run in known(person["points"]):
                marker = "o" if len(run) == 1 else None
                axes.plot([one[0] for one in run], [one[1] for one in run], color=C["blue"], linewidth=1.3, marker=marker, markersize=2)
            axes.set(ylim=(0, 100), yticks=(0, 50, 100))
            axes.set_title(person["person"], loc="left", fontsize=9.5, pad=2)
        grid[-1][0].set(xlabel="Days since the person started")
        figure.supylabel("Activity level, 0 to 100", fontsize=10.5)

    said = (
        "From the lowest to the highest mean level. Plain shading: how old the evidence is, from 0 hours at the bottom to 24 at the top. "
        "Hatched: craving was last answered more than 24 hours before, so nothing is known. Unknown is not low, and no line is drawn there."
    )
    return drawn(f"{prefix}lives", "Activity level of a few simulated people", said, paint, height=0.9 + 0.98 * len(people))


def replies(summary: Summary, prefix: str = "") -> Plot | None:
    found = summary["replies"][:10]
    if not found:
        return None

    def paint(figure: Any) -> None:
        axes, y = figure.add_subplot(), range(len(found))
        p50, p99 = [max(one["p50_ms"], 0.1) for one in found], [max(one["p99_ms"], 0.1) for one in found]
        axes.hlines(y, p50, p99, color=C["muted"], linewidth=1.4)
        axes.plot(p50, y, "o", color=C["blue"], label="half of them faster")
        axes.plot(p99, y, "D", color=C["red"], label="99 of 100 faster")
        axes.set(xscale="log", xlabel="Milliseconds", yticks=y, yticklabels=[_route(one) for one in found], ylim=(len(found) - 0.4, -0.6))
        axes.tick_params(axis="y", labelsize=9)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_xticks([tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if min(p50) / 2 <= tick <= 2 * max(p99)])
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        figure.legend(loc="outside upper right", ncols=2, handlelength=1.2, columnspacing=1.2)

    busiest = found[0]
    said = (
        f"{_route(busiest)}: half of {busiest['count']:,} replies within {busiest['p50_ms']:.1f} ms, "
        f"99 of 100 within {busiest['p99_ms']:.1f} ms. Wall clock, on the machine of this rehearsal."
    )
    return drawn(f"{prefix}replies", "How fast the server replied", said, paint, height=1.2 + 0.27 * len(found))


Point = Sequence[Any]
"""Day, level, hours since craving was answered, evidence."""

_FADES: Final = 1.0
"""Days after which an answer is no evidence any more (safety.md rule 5)."""


def known(points: Sequence[Point]) -> list[list[Point]]:
    """Runs of estimates that may be joined by a line: each known, and each made before the evidence of the one before had faded."""
    runs: list[list[Point]] = []
    for one in points:
        if one[1] is None or one[3] == "unknown":
            continue
        if runs and one[0] <= fades(runs[-1][-1]):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def unknown(points: Sequence[Point], until: float) -> list[tuple[float, float]]:
    """Stretches of days in which nothing was known, from the start to `until`."""
    stretches, since = [], 0.0
    for one in points:
        if one[1] is None or one[3] == "unknown":
            continue
        if one[0] > since:
            stretches.append((since, one[0]))
        since = max(since, fades(one))
    return [*stretches, (since, until)] if since < until else stretches


def ages(points: Sequence[Point], until: float) -> list[tuple[float, float, float]]:
    """Stretches (from day, to day, hours of age at the first) in which evidence grew old, until the next estimate or until it faded."""
    seen = [one for one in points if one[1] is not None and one[3] != "unknown" and one[2] is not None]
    ends = [*(one[0] for one in seen[1:]), until][: len(seen)]
    return [(one[0], min(end, fades(one)), one[2]) for one, end in zip(seen, ends, strict=True) if fades(one) > one[0]]


def fades(point: Point) -> float:
    """The day on which an estimate's evidence turns into the unknown."""
    return float(point[0]) + _FADES - (point[2] or 0) / 24


def _shaded(axes: Any, stretches: Sequence[tuple[float, float, float]]) -> None:
    """The age of evidence as one area under the curve: 24 hours fill the height."""
    corners: list[tuple[float, float]] = []
    for day, last, age in stretches:
        corners += [(day, 0), (day, 100 * age / 24), (last, min(100 * (age / 24 + last - day), 100)), (last, 0)]
    if corners:
        xs, ys = zip(*corners, strict=True)
        axes.fill(xs, ys, color=C["shade"], linewidth=0)


def _bars(name: str, title: str, said: str, counts: Mapping[str, int], label: str, color: str) -> Plot:
    ordered = sorted(counts.items(), key=lambda one: (one[1], one[0]))

    def paint(figure: Any) -> None:
        axes = figure.add_subplot()
        bars = axes.barh([word.replace("_", " ") for word, _ in ordered], [count for _, count in ordered], color=C[color], height=0.7)
        axes.bar_label(bars, padding=3, color=C["ink"], fontsize=9.5)
        axes.set(xlabel=label)
        axes.margins(x=0.12)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")

    return drawn(name, title, said, paint, height=1.0 + 0.26 * len(ordered))


def _tiers(axes: Any, x: Sequence[int], rows: Sequence[Mapping[str, int]]) -> None:
    base = [0] * len(rows)
    for tier, color, hatch in _TIERS:
        tops = [one[tier] for one in rows]
        bars = [bar for bar in zip(x, tops, base, strict=True) if bar[1]] or [(x[0], 0, 0)]
        places, heights, feet = zip(*bars, strict=True)
        axes.bar(places, heights, bottom=feet, width=0.86, color=C[color], hatch=hatch, label=f"tier {tier}", linewidth=0)
        base = [low + top for low, top in zip(base, tops, strict=True)]
    _legend(axes, columns=3)


def _legend(axes: Any, columns: int = 2) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.2, handlelength=1.6, columnspacing=1.2)


def _whole(axes: Any) -> None:
    axes.yaxis.get_major_locator().set_params(integer=True)


def _route(one: Mapping[str, Any]) -> str:
    short = one["route"].removeprefix("/v1").removeprefix("/participant/").strip("/") or "/"
    return f"{one['method']} {short}"


def _median(ordered: Sequence[float]) -> float:
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


_PLOTS: Final[tuple[Callable[[Summary, str], Plot | None], ...]] = (
    prompts_by_day,
    compliance_by_week,
    by_hour,
    burden,
    decisions,
    content,
    alerts_by_day,
    alerts_by_hour,
    acknowledged,
    replies,
    lives,
)
