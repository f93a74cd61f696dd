"""Laws of the policy: true probabilities, draws that do not depend on anything else, burden that is never exceeded."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.codec import canonical, parse
from models.definition.protocol import Protocol
from models.kinds import DecisionPointKind, EvidenceState, ItemKind, Mode, TimedEventKind, Timing
from risk.policy.availability import asked
from risk.policy.decide import decide, redecide
from risk.policy.draw import ARM, CONTENT, fraction, pick
from risk.terms import PointContext
from tests.build import shipped
from tests.risk.policy_builders import KEY, NOW, arm, estimate, item, point, protocol, rule

SHIPPED = ("oud", "oud_low_burden")
DRAWS = 100_000
ago = st.timedeltas(timedelta(0), timedelta(days=3)).map(lambda past: NOW - past)
unit = st.floats(0, 1)


@lru_cache
def study(name: str) -> Protocol:
    return shipped(name)


def answers(document: Protocol) -> st.SearchStrategy[dict[str, object]]:
    kinds = {one.id: one for _, one in document.items()}

    def value(one):
        if one.kind is ItemKind.MULTI:
            return st.lists(st.sampled_from([option.code for option in one.options] or ["none"]), max_size=3).map(tuple)
        if one.options:
            return st.sampled_from([option.code for option in one.options])
        return st.booleans() if one.kind is ItemKind.YES_NO else st.integers(0, 10)

    return st.dictionaries(st.sampled_from(sorted(kinds)), st.none(), max_size=12).flatmap(
        lambda chosen: st.fixed_dictionaries({name: value(kinds[name]) for name in chosen})
    )


def points(document: Protocol) -> st.SearchStrategy[PointContext]:
    codes = [one.code for one in document.content]
    return st.builds(
        PointContext,
        point=st.sampled_from(DecisionPointKind),
        now=st.just(NOW),
        event_time=ago,
        instrument=st.none() | st.sampled_from([one.id for one in document.instruments]),
        timing=st.none() | st.sampled_from(Timing),
        items=answers(document),
        local_hour=st.floats(0, 23.9),
        study_day=st.integers(1, 90),
        in_wake_window=st.booleans(),
        started_by_person=st.booleans(),
        has_scene=st.booleans(),
        active=st.sampled_from([True, True, True, False]),
        consented=st.sampled_from([True, True, True, False]),
        paused=st.sampled_from([False, False, False, True]),
        safety_tier=st.sampled_from([0, 0, 0, 2, 3, 4]),
        last_content_at=st.none() | ago,
        content_today=st.integers(0, 4),
        content_history=st.dictionaries(st.sampled_from(codes), ago, max_size=4),
        rested=st.frozensets(st.sampled_from(codes), max_size=4),
        high_craving_24h=st.integers(0, 5),
        event=st.none() | st.sampled_from([str(kind) for kind in TimedEventKind]),
    )


estimates = st.none() | st.builds(
    estimate,
    evidence=st.sampled_from(EvidenceState),
    age_hours=st.none() | st.floats(0, 60),
    level=st.none() | st.floats(0, 100),
    craving=st.none() | unit,
    rising=st.booleans(),
    nodes=st.fixed_dictionaries({node: st.none() | unit for node in "CRSWE"}),
)
protocols = st.sampled_from(SHIPPED).map(study)
situations = protocols.flatmap(lambda document: st.tuples(st.just(document), points(document), estimates))
free = situations.map(lambda one: (one[0], clear(one[1]), one[2]))
"""The same with nothing against content, so that rules and draws are reached."""


def clear(context: PointContext) -> PointContext:
    return replace(
        context,
        event_time=NOW,
        timing=None,
        in_wake_window=True,
        active=True,
        consented=True,
        paused=False,
        safety_tier=0,
        last_content_at=None,
        content_today=0,
    )


@given(free, st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_the_same_key_and_source_decide_the_same_again(situation, source):
    document, context, known = situation
    first = decide(context, known, document, key=KEY, source=source)
    assert decide(context, known, document, key=KEY, source=source) == first
    assert redecide(parse(canonical(first.snapshot)), document, key=KEY, source=source) == first


@given(situations, st.binary(min_size=32, max_size=32), st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_what_is_known_before_the_draw_never_depends_on_it(situation, key, source):
    document, context, known = situation
    one, other = decide(context, known, document, key=KEY, source="a"), decide(context, known, document, key=key, source=source)
    for name in ("available", "unavailable", "rule", "rule_trace", "mode", "outcome", "alerts", "snapshot"):
        assert getattr(one, name) == getattr(other, name)


@given(free)
@settings(max_examples=60, deadline=None)
def test_probabilities_are_those_of_the_draw_and_add_up_to_one(situation):
    document, context, known = situation
    decision = decide(context, known, document, key=KEY, source="a")
    if decision.arm is not None:
        assert sum(decision.arm_probabilities.values()) == pytest.approx(1)
        assert decision.arm == pick(decision.arm_probabilities, decision.arm_fraction)
        assert decision.arm_probabilities[decision.arm] > 0
    if decision.content is not None:
        assert sum(decision.content_probabilities.values()) == pytest.approx(1)
        assert decision.content_probabilities[decision.content] > 0
        assert all(decision.content_probabilities.get(code, 0) == 0 for code in context.rested)
        assert context.has_scene or not document.content_item(decision.content).needs_scene
    else:
        assert not any(decision.content_probabilities.values())


@given(situations, st.integers(3, 4))
@settings(max_examples=50, deadline=None)
def test_after_a_tier_three_or_four_disclosure_nothing_is_ever_drawn(situation, tier):
    document, context, known = situation
    decision = decide(replace(context, safety_tier=tier), known, document, key=KEY, source="a")
    assert (decision.available, decision.arm, decision.content, decision.arm_fraction) == (False, None, None, None)


@given(situations)
@settings(max_examples=50, deadline=None)
def test_alert_rules_hold_whatever_stands_against_content(situation):
    document, context, known = situation
    decision = decide(context, known, document, key=KEY, source="a")
    assert decision.alerts == decide(clear(context), known, document, key=KEY, source="b").alerts


@given(situations)
@settings(max_examples=50, deadline=None)
def test_who_comes_by_themselves_is_never_capped(situation):
    document, context, known = situation
    decision = decide(replace(context, started_by_person=True), known, document, key=KEY, source="a")
    assert not {"daily_cap", "recent_content", "quiet_hours"} & {str(reason) for reason in decision.unavailable}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_rule_can_decide_without_an_estimate(name):
    document = study(name)
    for one in document.rules:
        for kind in one.points:
            for ready in (one, one.model_copy(update={"when": None, "mode": Mode.LIVE})):
                alone = document.model_copy(update={"rules": (ready,)})
                decision = decide(point(point=kind), None, alone, key=KEY, source="a")
                assert decision.reason
                assert decision.sentence
            assert decision.rule == one.id
            assert decision.content is not None or decision.reason == "control_arm"


def draws(stream: str, count: int = DRAWS) -> list[float]:
    return [fraction(KEY, f"response:{number}", stream) for number in range(count)]


def test_draws_are_flat_and_the_two_streams_tell_nothing_of_each_other():
    arms, contents = draws(ARM), draws(CONTENT)
    for drawn in (arms, contents):
        counts = Counter(int(u * 100) for u in drawn)
        expected = DRAWS / 100
        chi_square = sum((counts[cell] - expected) ** 2 / expected for cell in range(100))
        assert 50 < chi_square < 165  # 99 degrees of freedom: the middle 99.99%
    product = sum((a - 0.5) * (b - 0.5) for a, b in zip(arms, contents, strict=True)) / DRAWS * 12
    serial = sum((a - 0.5) * (b - 0.5) for a, b in pairwise(arms)) / DRAWS * 12
    assert abs(product) < 4 / DRAWS**0.5
    assert abs(serial) < 4 / DRAWS**0.5


def test_the_logged_probabilities_are_the_realized_ones():
    document = protocol(
        rule(arms=(arm("show", 0.3, ("breath", "ground"), weights={"breath": 3.0}), arm("nothing", 0.7))),
    )
    made = Counter((one.arm, one.content) for one in (decide(point(), None, document, key=KEY, source=str(n)) for n in range(8000)))
    for outcome, probability in {("nothing", None): 0.7, ("show", "breath"): 0.225, ("show", "ground"): 0.075}.items():
        assert made[outcome] / 8000 == pytest.approx(probability, abs=4 * (probability * (1 - probability) / 8000) ** 0.5)


@pytest.mark.parametrize(("zone", "start"), [("America/New_York", date(2026, 2, 10)), ("Europe/Berlin", date(2026, 9, 1))])
def test_no_cap_and_no_gap_is_broken_in_ninety_days_with_a_clock_change(zone, start):
    """A person who answers every 25 minutes of every day, with content at each chance."""
    here = ZoneInfo(zone)
    document = protocol(
        rule(when=None, arms=(arm("show", 1, ("breath", "ground")),)), content=(item("breath", rest_hours=3), item("ground"))
    )
    limits = document.availability
    now = datetime(start.year, start.month, start.day, tzinfo=here).astimezone(UTC)
    shown: list[datetime] = []
    history: dict[str, datetime] = {}
    by_code: dict[str, list[datetime]] = {"breath": [], "ground": []}
    for number in range(90 * 24 * 60 // 25):
        now += timedelta(minutes=25)
        local = now.astimezone(here)
        context = point(
            now=now,
            event_time=now,
            in_wake_window=8 <= local.hour < 22,
            last_content_at=shown[-1] if shown else None,
            content_today=sum(at.astimezone(here).date() == local.date() for at in shown[-10:]),
            content_history=dict(history),
        )
        decision = decide(context, None, document, key=KEY, source=str(number))
        if decision.content is not None:
            shown.append(now)
            history[decision.content] = now
            by_code[decision.content].append(now)
    per_day = Counter(at.astimezone(here).date() for at in shown)
    assert len(per_day) >= 90
    assert max(per_day.values()) == limits.per_day
    assert min(later - earlier for earlier, later in pairwise(shown)) >= timedelta(minutes=limits.gap_minutes)
    assert all(8 <= at.astimezone(here).hour < 22 for at in shown)
    assert min(later - earlier for earlier, later in pairwise(by_code["breath"])) >= timedelta(hours=3)


def test_asking_is_a_report_or_a_request_for_help():
    assert asked(point(started_by_person=True))
    assert asked(point(point=DecisionPointKind.HELP_REQUEST))
    assert not asked(point())
