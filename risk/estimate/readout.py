"""The estimate and its flat features, read from what one observation left behind."""

from collections.abc import Mapping, Sequence
from math import exp2, sqrt
from operator import add, mul, sub
from typing import Final

from risk.estimate import change, cues, explain, lagged, levels
from risk.estimate.coupling import HEAD, NAMED, Nowcast
from risk.estimate.domains import Scores
from risk.estimate.evidence import days_abstinent, is_learning, judged, missed_at
from risk.estimate.lagged import WIDTH_90
from risk.estimate.layout import VARIANCE_FLOOR, Layout, Place
from risk.estimate.nodes import NODES
from risk.estimate.prior import REGRESSORS, Prior
from risk.estimate.state import Baseline, RiskState
from risk.terms import Band, Observation, RiskEstimate

VERSION: Final = "estimator-3"
LIKING: Final = "relief_expected"
"""The variable of what using is expected to do; as that of craving, its name is part of the prior."""
OTHER_REWARDS: Final = ("enjoyment", "anticipation")
_REWARDS: Final = frozenset({LIKING, *OTHER_REWARDS})
EVENT_HALF_LIFE_HOURS: Final = 72.0
_SENSITIZABLE: Final = tuple((name, REGRESSORS.index(name)) for name in ("R", "S", "W", "E"))
_NOTHING: Final = Band(None)
_NODE_NAMES: Final = tuple(f"node:{name}" for name in NODES)
_COVERAGE_NAMES: Final = tuple(f"coverage:{name}" for name in NODES)
_SHARES: Final = (*NAMED, "hour")
_SHARE_NAMES: Final = tuple(f"share:{name}" for name in _SHARES)


def read_out(
    state: RiskState,
    before: Mapping[str, Baseline],
    observation: Observation,
    second: int,
    scores: Scores,
    x: list[float],
    nowcast: Nowcast,
    prior: Prior,
    layout: Layout,
) -> RiskEstimate:
    """What the model says right after `observation`, with `state` as it is after it and the baselines as they were `before` it."""
    scale = own_scale(state, layout)
    parts = _contributions(nowcast.theta, x, scale)
    drive = sum(parts)
    population = sum(_contributions(prior.coupling.means[0], x, scale))
    age = None if state.craving_at is None else (second - state.craving_at) / 3600.0
    watched = state.change
    limit = change.limits(state.answers_per_day, prior.document.limits)
    found = levels.deviations(state.levels, layout)
    nodes = levels.anchored(found, layout)
    level, rise = levels.activity(found, prior), levels.rise(state.levels)
    discordance = None if scores.own[0] is None else population - scores.own[0]
    expected = _nowcast(nowcast, scores, before, layout)
    ahead = _forecast(state, observation.local_hour, prior, layout)
    features: dict[str, float | None] = {
        "level": level,
        "rise": rise,
        "craving": state.craving,
        "age_hours": age,
        "drive": drive,
        "population_drive": population,
        "discordance": discordance,
        "innovation": nowcast.surprise,
        "cusum_innovation": watched.innovation,
        "cusum_baseline": watched.baseline,
        "nowcast": expected.value,
        "forecast": ahead.value,
    }
    features.update(zip(_NODE_NAMES, nodes.values(), strict=True))
    features.update(zip(_SHARE_NAMES, parts, strict=True))
    _add_features(features, state, observation, second, scores)
    variance = state.coupling.scale / state.coupling.shape
    return RiskEstimate(
        as_of=observation.event_time,
        source_id=observation.source_id,
        evidence=judged(age, learning=is_learning(state.answered, state.days)).state,
        age_hours=age,
        level=level,
        rise=rise,
        craving=state.craving,
        nodes=nodes,
        own=dict(zip(NODES, scores.own, strict=True)),
        contributions=dict(zip(_SHARES, parts, strict=True)),
        drive=drive,
        population_drive=population,
        discordance=discordance,
        nowcast=expected,
        forecast=ahead,
        couplings=_couplings(nowcast),
        edges=lagged.edges(state.lagged, prior),
        innovation=nowcast.surprise,
        cusum_innovation=watched.innovation,
        cusum_baseline=watched.baseline,
        rising=watched.innovation > limit[0] or watched.baseline > limit[1],
        coverage=dict(zip(NODES, scores.coverage, strict=True)),
        answered=state.answered,
        sensitized=_sensitized(nowcast, prior, state.days),
        prior_id=prior.id,
        prior_synthetic=prior.document.synthetic,
        population_model=None,
        version=VERSION,
        features=features,
        cues=cues.strengths(state.cues, variance),
        new_cue=cues.beyond(state.novel[1], state.novel[0], variance),
        signals=signals(scores) if layout.signals else {},
    )


def reward(scores: Scores) -> tuple[float | None, float | None]:
    """Wanting minus liking, and the pull of the drug minus that of everything else, in own standard deviations.

    Wanting is latent craving, liking what the person expects using to feel like; the two drift apart (incentive sensitization). The pull of
    everything else is joy and looking forward, which arrive turned. None where a side was not answered.
    """
    own = {place.variable: score for place, _, score in scores.answered if place.variable in _REWARDS}
    liking = own.pop(LIKING, None)
    wanting = scores.own[0]
    others = list(own.values())
    gap = None if wanting is None or liking is None else wanting - liking
    return gap, None if liking is None or not others else liking + sum(others) / len(others)


def signals(scores: Scores) -> dict[str, float]:
    """How far each signal that was measured stands from the person's usual, as measured: above is more of it, whatever it speaks for.

    Where two series are made of one kind, the one that stands out more.
    """
    found: dict[str, float] = {}
    for place, _, score in scores.answered:
        if place.signal is not None:
            measured = score * place.direction
            found[place.signal] = max(found.get(place.signal, measured), measured, key=abs)
    return found


def own_scale(state: RiskState, layout: Layout) -> float:
    """Own standard deviations of craving in one population unit: turns couplings times exposures into own-SD units."""
    main = layout.main
    if main is None:
        return 1.0
    known = state.items.get(main.variable)
    return main.unit / sqrt((main.variance if known is None else known.variance) + VARIANCE_FLOOR)


def _contributions(theta: Sequence[float], x: list[float], scale: float) -> list[float]:
    """The exact shares of the drive in order of _SHARES: coupling times exposure. The intercept is the person's level, not a share."""
    products = list(map(mul, theta, x))
    return [scale * one for one in (*products[HEAD:], products[1] + products[2])]


def _couplings(nowcast: Nowcast) -> dict[str, Band]:
    means = nowcast.theta[HEAD:]
    widths = [WIDTH_90 * sqrt(one) for one in nowcast.spread]
    return dict(zip(NAMED, map(Band, means, map(sub, means, widths), map(add, means, widths)), strict=True))


def _sensitized(nowcast: Nowcast, prior: Prior, days: int) -> tuple[str, ...]:
    if days < explain.SENSITIZED_DAYS:
        return ()
    theta, usual, known = nowcast.theta, prior.coupling.means[0], prior.coupling.variances
    return tuple(
        name
        for name, place in _SENSITIZABLE
        if explain.stronger(theta[place], sqrt(nowcast.spread[place - HEAD]), usual[place], sqrt(known[place]))
    )


def _nowcast(nowcast: Nowcast, scores: Scores, before: Mapping[str, Baseline], layout: Layout) -> Band:
    """Craving expected from what is present, on [0, 1]; nothing where no other node was answered.

    The band is set on the scale by the mean of before: that of after has learned this very answer, which would then lie within too often.
    """
    if layout.main is None or not scores.answered or all(one is None for one in scores.own[1:]):
        return _NOTHING
    return _on_scale(nowcast.expected, nowcast.sd, before, layout.main)


def _forecast(state: RiskState, local_hour: float, prior: Prior, layout: Layout) -> Band:
    ahead = None if layout.main is None else lagged.forecast(state.lagged, local_hour, prior)
    if layout.main is None or ahead is None:
        return _NOTHING
    return _on_scale(ahead.expected, ahead.sd, state.items, layout.main)


def _on_scale(expected: float, sd: float, items: Mapping[str, Baseline], main: Place) -> Band:
    """Latent units to the scale of the main indicator, [0, 1]."""
    known = items.get(main.variable)
    middle = main.mean if known is None else known.mean
    unit = main.unit * main.information / main.pull
    value, width = middle + unit * expected, unit * WIDTH_90 * sd
    return Band(_unit(value), _unit(value - width), _unit(value + width))


def _unit(value: float) -> float:
    return 0.0 if value < 0.0 else min(value, 1.0)


def _add_features(flat: dict[str, float | None], state: RiskState, observation: Observation, second: int, scores: Scores) -> None:
    """What later models may read besides the estimate. Never a coupling itself: to a tree, a slow constant is a fingerprint."""
    flat["surprise_variance"] = state.change.surprise_square
    flat["surprise_lag_product"] = state.change.surprise_product
    flat["answers_per_day"] = state.answers_per_day
    flat["days_abstinent"] = days_abstinent(state, observation, second)
    flat["hours_since_content"] = None if state.content_at is None else (second - state.content_at) / 3600.0
    flat["missed_recently"], flat["missed_in_a_row"] = missed_at(state.missed, second), float(state.missed[2])
    flat["new_cue_kinds_28d"] = float(cues.new_kinds(state.cues, second // 86400))
    flat["wanting_liking_gap"], flat["reward_balance"] = reward(scores)
    flat.update(zip(_COVERAGE_NAMES, scores.coverage, strict=True))
    for place, answer, score in scores.answered:
        flat[place.own_name] = score
        if place.signal is None:
            flat[place.anchored_name] = (answer - place.mean) / place.unit
    for kind, at in state.events.items():
        flat[f"event:{kind}"] = exp2(-(second - at) / 3600.0 / EVENT_HALF_LIFE_HOURS)
