"""The estimate and its flat features, read from what one observation left behind."""

from math import exp2, sqrt
from typing import Final

from risk.estimate import change, explain, lagged, levels
from risk.estimate.coupling import HEAD, NAMED, Nowcast
from risk.estimate.domains import Scores
from risk.estimate.evidence import days_abstinent, is_learning, judged
from risk.estimate.lagged import WIDTH_90
from risk.estimate.layout import VARIANCE_FLOOR, Layout, Place
from risk.estimate.nodes import NODES
from risk.estimate.prior import Prior
from risk.estimate.state import RiskState
from risk.terms import Band, Observation, RiskEstimate

VERSION: Final = "estimator-1"
EVENT_HALF_LIFE_HOURS: Final = 72.0
_SENSITIZABLE: Final = ("R", "S", "W", "E")
_NOTHING: Final = Band(None)
_NODE_NAMES: Final = tuple(f"node:{name}" for name in NODES)
_COVERAGE_NAMES: Final = tuple(f"coverage:{name}" for name in NODES)
_SHARE_NAMES: Final = {name: f"share:{name}" for name in (*NAMED, "hour")}


def read_out(
    state: RiskState, observation: Observation, second: int, scores: Scores, x: list[float], nowcast: Nowcast, prior: Prior, layout: Layout
) -> RiskEstimate:
    """What the model says right after `observation`, with `state` as it is after it."""
    scale = own_scale(state, layout)
    parts = _contributions(nowcast.theta, x, scale)
    drive = sum(parts.values())
    population = sum(_contributions(prior.coupling.means[0], x, scale).values())
    age = None if state.craving_at is None else (second - state.craving_at) / 3600.0
    evidence = judged(age, learning=is_learning(state.answered, state.days))
    watched = state.change
    limit = change.limits(state.answers_per_day, prior.document.limits)
    found = levels.deviations(state.levels, layout)
    nodes = levels.anchored(found, layout)
    made: dict[str, float | None] = {
        "level": levels.activity(found, prior),
        "rise": levels.rise(state.levels),
        "craving": state.craving,
        "age_hours": age,
        "drive": drive,
        "population_drive": population,
        "discordance": None if scores.own[0] is None else population - scores.own[0],
        "innovation": nowcast.surprise,
        "cusum_innovation": watched.innovation,
        "cusum_baseline": watched.baseline,
    }
    expected = _nowcast(nowcast, scores, state, layout)
    ahead = _forecast(state, observation.local_hour, prior, layout)
    features = {**made, "nowcast": expected.value, "forecast": ahead.value}
    features.update(zip(_NODE_NAMES, nodes.values(), strict=True))
    features.update((_SHARE_NAMES[name], share) for name, share in parts.items())
    features.update(_features(state, observation, second, scores))
    return RiskEstimate(
        as_of=observation.event_time,
        source_id=observation.source_id,
        evidence=evidence.state,
        age_hours=age,
        level=made["level"],
        rise=made["rise"],
        craving=state.craving,
        nodes=nodes,
        own=dict(zip(NODES, scores.own, strict=True)),
        contributions=parts,
        drive=drive,
        population_drive=population,
        discordance=made["discordance"],
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
    )


def own_scale(state: RiskState, layout: Layout) -> float:
    """Own standard deviations of craving in one population unit: turns couplings times exposures into own-SD units."""
    main = layout.main
    if main is None:
        return 1.0
    known = state.items.get(main.variable)
    return main.unit / sqrt((main.variance if known is None else known.variance) + VARIANCE_FLOOR)


def _contributions(theta: list[float], x: list[float], scale: float) -> dict[str, float]:
    """The exact shares of the drive: coupling times exposure. The intercept is the person's level, not a share."""
    shares = {name: scale * one * met for name, one, met in zip(NAMED, theta[HEAD:], x[HEAD:], strict=True)}
    shares["hour"] = scale * (theta[1] * x[1] + theta[2] * x[2])
    return shares


def _couplings(nowcast: Nowcast) -> dict[str, Band]:
    found = {}
    for name, mean, variance in zip(NAMED, nowcast.theta[HEAD:], nowcast.spread, strict=True):
        width = WIDTH_90 * sqrt(variance)
        found[name] = Band(mean, mean - width, mean + width)
    return found


def _sensitized(nowcast: Nowcast, prior: Prior, days: int) -> tuple[str, ...]:
    if days < explain.SENSITIZED_DAYS:
        return ()
    places = [(name, NAMED.index(name)) for name in _SENSITIZABLE]
    theta = {name: (nowcast.theta[HEAD + place], sqrt(nowcast.spread[place])) for name, place in places}
    usual = {name: (prior.coupling.means[0][HEAD + place], sqrt(prior.coupling.variances[HEAD + place])) for name, place in places}
    return explain.sensitized(theta, usual, days)


def _nowcast(nowcast: Nowcast, scores: Scores, state: RiskState, layout: Layout) -> Band:
    """Craving expected from what is present, on [0, 1]; nothing where no other node was answered."""
    if layout.main is None or not scores.answered or all(one is None for one in scores.own[1:]):
        return _NOTHING
    return _on_scale(nowcast.expected, nowcast.sd, state, layout.main)


def _forecast(state: RiskState, local_hour: float, prior: Prior, layout: Layout) -> Band:
    ahead = None if layout.main is None else lagged.forecast(state.lagged, local_hour, prior)
    if layout.main is None or ahead is None:
        return _NOTHING
    return _on_scale(ahead.expected, ahead.sd, state, layout.main)


def _on_scale(expected: float, sd: float, state: RiskState, main: Place) -> Band:
    """Latent units to the scale of the main indicator, [0, 1]."""
    known = state.items.get(main.variable)
    middle = main.mean if known is None else known.mean
    unit = main.unit * main.information / main.pull
    value, width = middle + unit * expected, unit * WIDTH_90 * sd
    return Band(_unit(value), _unit(value - width), _unit(value + width))


def _unit(value: float) -> float:
    return 0.0 if value < 0.0 else min(value, 1.0)


def _features(state: RiskState, observation: Observation, second: int, scores: Scores) -> dict[str, float | None]:
    """What later models may read besides the estimate. Never a coupling itself: to a tree, a slow constant is a fingerprint."""
    flat: dict[str, float | None] = {
        "surprise_variance": state.change.surprise_square,
        "surprise_lag_product": state.change.surprise_product,
        "answers_per_day": state.answers_per_day,
        "days_abstinent": days_abstinent(state, observation, second),
        "hours_since_content": None if state.content_at is None else (second - state.content_at) / 3600.0,
    }
    flat.update(zip(_COVERAGE_NAMES, scores.coverage, strict=True))
    for place, answer, score in scores.answered:
        flat[place.own_name] = score
        flat[place.anchored_name] = (answer - place.mean) / place.unit
    for kind, at in state.events.items():
        flat[f"event:{kind}"] = exp2(-(second - at) / 3600.0 / EVENT_HALF_LIFE_HOURS)
    return flat
