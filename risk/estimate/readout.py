"""The estimate and its flat features, read from what one observation left behind."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import erfc, exp, exp2, pi, sqrt
from typing import Final, TypeVar

from risk.estimate import change, cues, explain, lagged, levels
from risk.estimate.coupling import HEAD, NAMED, Nowcast
from risk.estimate.domains import Scores
from risk.estimate.evidence import days_abstinent, is_learning, missed_at, state_at
from risk.estimate.lagged import WIDTH_90
from risk.estimate.layout import VARIANCE_FLOOR, Layout, Place
from risk.estimate.prior import REGRESSORS, Prior
from risk.estimate.state import Baseline, Change, RiskState
from risk.terms import Band, Bands, Observation, RiskEstimate

VERSION: Final = "estimator-7"
LIKING: Final = "relief_expected"
"""The variable of what using is expected to do; as that of craving, its name is part of the prior."""
OTHER_REWARDS: Final = ("enjoyment", "anticipation")
_REWARDS: Final = frozenset({LIKING, *OTHER_REWARDS})
EVENT_HALF_LIFE_HOURS: Final = 72.0
_SENSITIZABLE: Final = tuple((name, REGRESSORS.index(name)) for name in ("R", "S", "W", "E"))
_NOTHING: Final = Band(None)
FAR: Final = 6.0
"""A scale's end that is further away than this many deviations cuts nothing off."""
ROOT_2: Final = sqrt(2.0)
ROOT_2_PI: Final = sqrt(2.0 * pi)
T = TypeVar("T")


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
    population = sum(_contributions(prior.coupling.means[0], x, scale))
    age = None if state.craving_at is None else (second - state.craving_at) / 3600.0
    watched = state.change
    limit = change.limits(state.answers_per_day, prior.document.limits)
    variance = state.coupling.scale / state.coupling.shape
    lag, cue, stress, withdrawal, control, synergy, incubated, context, content, hour = parts
    features: dict[str, float | None] = {}
    said = RiskEstimate(
        as_of=observation.event_time,
        source_id=observation.source_id,
        evidence=state_at(age, learning=is_learning(state.answered, state.days)),
        age_hours=age,
        level=levels.activity(state.levels, prior),
        rise=levels.rise(state.levels),
        craving=state.craving,
        nodes=levels.anchored(state.levels, layout),
        own=_by_node(scores.own),
        contributions={
            "lag": lag,
            "R": cue,
            "S": stress,
            "W": withdrawal,
            "E": control,
            "RS": synergy,
            "Ri": incubated,
            "context": context,
            "content": content,
            "hour": hour,
        },
        drive=sum(parts),
        population_drive=population,
        discordance=None if scores.own[0] is None else population - scores.own[0],
        nowcast=_nowcast(nowcast, scores, before, layout),
        forecast=_forecast(state, second, observation.local_hour, prior, layout),
        couplings=Bands(NAMED, partial(_couplings, nowcast)),
        edges=lagged.edges(state.lagged, prior),
        innovation=nowcast.surprise,
        cusum_innovation=watched.innovation,
        cusum_baseline=watched.baseline,
        rising=_rising(watched, 0.0 if state.taught_at is None else (second - state.taught_at) / 3600.0, limit),
        coverage=_by_node(scores.coverage),
        answered=state.answered,
        sensitized=_sensitized(nowcast, prior, state.days),
        prior_id=prior.id,
        prior_synthetic=prior.document.synthetic,
        population_model=None,
        version=VERSION,
        features=features,
        cues=cues.strengths(state.cues, variance),
        new_cue=cues.beyond(state.novel[1], state.novel[0], variance),
        signals=signals(scores) if layout.measured else {},
    )
    _describe(features, said, parts, state, observation, second, scores)
    return said


def _rising(watched: Change, silent_hours: float, limit: tuple[float, float]) -> bool:
    """Whether a detector is above its limit now: what it gathered halves in silence too."""
    kept = exp2(-silent_hours / change.HALF_LIFE_HOURS)
    return kept * watched.innovation > limit[0] or kept * watched.baseline > limit[1]


def _describe(
    flat: dict[str, float | None],
    said: RiskEstimate,
    parts: Sequence[float],
    state: RiskState,
    observation: Observation,
    second: int,
    scores: Scores,
) -> None:
    """Puts into `flat` the estimate, and what later models may read besides it.

    Never a coupling itself: to a tree, a slow constant is a fingerprint.
    """
    nodes, coverage, watched = said.nodes, scores.coverage, state.change
    gap, balance = reward(scores)
    flat["level"] = said.level
    flat["rise"] = said.rise
    flat["craving"] = said.craving
    flat["age_hours"] = said.age_hours
    flat["drive"] = said.drive
    flat["population_drive"] = said.population_drive
    flat["discordance"] = said.discordance
    flat["innovation"] = said.innovation
    flat["cusum_innovation"] = said.cusum_innovation
    flat["cusum_baseline"] = said.cusum_baseline
    flat["nowcast"] = said.nowcast.value
    flat["forecast"] = said.forecast.value
    flat["node:C"] = nodes["C"]
    flat["node:R"] = nodes["R"]
    flat["node:S"] = nodes["S"]
    flat["node:W"] = nodes["W"]
    flat["node:E"] = nodes["E"]
    flat["share:lag"] = parts[0]
    flat["share:R"] = parts[1]
    flat["share:S"] = parts[2]
    flat["share:W"] = parts[3]
    flat["share:E"] = parts[4]
    flat["share:RS"] = parts[5]
    flat["share:Ri"] = parts[6]
    flat["share:context"] = parts[7]
    flat["share:content"] = parts[8]
    flat["share:hour"] = parts[9]
    flat["surprise_variance"] = watched.surprise_square
    flat["surprise_lag_product"] = watched.surprise_product
    flat["answers_per_day"] = state.answers_per_day
    flat["days_abstinent"] = days_abstinent(state, observation, second)
    flat["hours_since_content"] = None if state.content_at is None else (second - state.content_at) / 3600.0
    flat["missed_recently"] = missed_at(state.missed, second)
    flat["missed_in_a_row"] = float(state.missed[2])
    flat["new_cue_kinds_28d"] = float(cues.new_kinds(state.cues, second // 86400))
    flat["wanting_liking_gap"] = gap
    flat["reward_balance"] = balance
    flat["coverage:C"] = coverage[0]
    flat["coverage:R"] = coverage[1]
    flat["coverage:S"] = coverage[2]
    flat["coverage:W"] = coverage[3]
    flat["coverage:E"] = coverage[4]
    for place, answer, score in scores.answered:
        flat[place.own_name] = score
        if place.signal is None:
            flat[place.anchored_name] = (answer - place.mean) / place.unit
    for kind, at in state.events.items():
        flat[f"event:{kind}"] = exp2(-(second - at) / 3600.0 / EVENT_HALF_LIFE_HOURS)


def reward(scores: Scores) -> tuple[float | None, float | None]:
    """Wanting minus liking, and the pull of the drug minus that of everything else, in own standard deviations.

    Wanting is latent craving, liking what the person expects using to feel like; the two drift apart (incentive sensitization). The pull of
    everything else is joy and looking forward, which arrive turned. None where a side was not answered.
    """
    liking, wanting, others = None, scores.own[0], []
    for place, _, score in scores.answered:
        if place.variable in _REWARDS:
            if place.variable == LIKING:
                liking = score
            else:
                others.append(score)
    if liking is None:
        return None, None
    return None if wanting is None else wanting - liking, liking + sum(others) / len(others) if others else None


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


def _contributions(theta: Sequence[float], x: Sequence[float], scale: float) -> list[float]:
    """The exact shares of the drive, in order of their names in read_out: coupling times exposure.

    The intercept is the person's level, not a share.
    """
    _, cosine, sine, lag, cue, stress, withdrawal, control, synergy, incubated, context, content = [
        one * met
        for one, met in zip(theta, x)  # noqa: B905
    ]
    return [
        scale * lag,
        scale * cue,
        scale * stress,
        scale * withdrawal,
        scale * control,
        scale * synergy,
        scale * incubated,
        scale * context,
        scale * content,
        scale * (cosine + sine),
    ]


def _by_node(values: Sequence[T]) -> dict[str, T]:
    c, r, s, w, e = values
    return {"C": c, "R": r, "S": s, "W": w, "E": e}


def _couplings(nowcast: Nowcast) -> tuple[Sequence[float], list[float]]:
    return nowcast.theta[HEAD:], [WIDTH_90 * sqrt(one) for one in nowcast.spread]


def _sensitized(nowcast: Nowcast, prior: Prior, days: int) -> tuple[str, ...]:
    if days < explain.SENSITIZED_DAYS:
        return ()
    found: list[str] = []
    for name, place in _SENSITIZABLE:
        mean, usual = nowcast.theta[place], prior.coupling.means[0][place]
        if mean > usual and explain.stronger(mean, sqrt(nowcast.spread[place - HEAD]), usual, sqrt(prior.coupling.variances[place])):
            found.append(name)
    return tuple(found)


def _nowcast(nowcast: Nowcast, scores: Scores, before: Mapping[str, Baseline], layout: Layout) -> Band:
    """Craving expected from what is present, on [0, 1]; nothing where no other node was answered.

    The band is set on the scale by the mean of before: that of after has learned this very answer, which would then lie within too often.
    """
    if layout.main is None or not scores.answered or scores.own[1:].count(None) == 4:
        return _NOTHING
    value, low, high = _on_scale(nowcast.expected, nowcast.sd, before, layout.main)
    return Band(expected_report(value, (high - low) / (2.0 * WIDTH_90)), _unit(low), _unit(high))


def expected_report(mean: float, sd: float) -> float:
    """What is said on average of something that is normal and can be said on [0, 1] only: lower is said as 0, higher as 1.

    >>> round(expected_report(0.5, 0.1), 6), round(expected_report(0.0, 0.1), 6), round(expected_report(-0.5, 0.1), 6)
    (0.5, 0.039894, 0.0)
    """
    low, high = mean / sd, (1.0 - mean) / sd
    if low > FAR and high > FAR:
        return mean
    under, over = 0.5 * erfc(low / ROOT_2), 0.5 * erfc(high / ROOT_2)
    bent = (exp(-0.5 * low * low) - exp(-0.5 * high * high)) * sd / ROOT_2_PI
    return _unit(mean * (1.0 - under - over) + over + bent)


def _forecast(state: RiskState, second: int, local_hour: float, prior: Prior, layout: Layout) -> Band:
    ahead = None if layout.main is None else lagged.forecast(state.lagged, second, local_hour, prior)
    if layout.main is None or ahead is None:
        return _NOTHING
    value, low, high = _on_scale(ahead.expected, ahead.sd, state.items, layout.main)
    return Band(_unit(value), _unit(low), _unit(high))


def _on_scale(expected: float, sd: float, items: Mapping[str, Baseline], main: Place) -> tuple[float, float, float]:
    """Latent units to the scale of the main indicator, where they may lie outside [0, 1]."""
    known = items.get(main.variable)
    middle = main.mean if known is None else known.mean
    unit = main.unit * main.information / main.pull
    value, width = middle + unit * expected, unit * WIDTH_90 * sd
    return value, value - width, value + width


def _unit(value: float) -> float:
    return 0.0 if value < 0.0 else min(value, 1.0)
