"""One observation at a time: `start`, `update`, `fold` (risk-model.md 2.3 as amended by 2.4).

Constant time and memory. Pure: a state goes in and another comes out, the first unchanged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from math import exp2, log

from risk.estimate import baseline, change, coupling, cues, lagged, levels
from risk.estimate.coupling import Nowcast
from risk.estimate.digits import short
from risk.estimate.domains import Scores, read
from risk.estimate.evidence import EPOCH, as_of, days_abstinent, missed_at
from risk.estimate.layout import Layout, lay_out
from risk.estimate.nodes import ItemNode
from risk.estimate.prior import Prior
from risk.estimate.readout import read_out
from risk.estimate.regressors import incubation, lag_share, nowcast_row
from risk.estimate.state import SCHEMA, Change, Levels, OtherPrior, OutOfOrder, RiskState
from risk.terms import KIND_ORDER, Observation, RiskEstimate

__all__ = ["as_of", "fold", "start", "update"]

RECENT = 4
"""Source ids remembered, so that a retry teaches nothing twice."""
CONTEXTS = 8
CONTEXT_KAPPA = 5.0
CONTEXT_MEMORY = 60.0
RATE_DAYS = 7.0


def start(prior: Prior, item_map_hash: str) -> RiskState:
    """The state of a person who never answered: the population's."""
    return RiskState(
        schema=SCHEMA,
        prior_id=prior.id,
        item_map=item_map_hash,
        key=None,
        recent=[],
        items={},
        contexts={},
        events={},
        cues={},
        coupling=coupling.begin(prior.coupling, prior.document.residual),
        lagged=lagged.begin(prior),
        levels=levels.begin(),
        change=Change(),
    )


def update(state: RiskState, observation: Observation, prior: Prior, nodes: Mapping[str, ItemNode]) -> tuple[RiskState, RiskEstimate]:
    """The state after one observation and what it says.

    A source id that the state remembers teaches nothing: the same state comes back, read out as of its newest observation. Only answered
    prompts (`kind` response, `trains`) train baselines, couplings and detectors; reports move levels; a prompt that went by (`kind` expiry)
    counts as missed and moves nothing else.

    Raises OutOfOrder where the observation precedes the newest one, OtherPrior where the state was made under another
    prior, Invalid for an indicator outside [0, 1].
    """
    if state.prior_id != prior.id:
        raise OtherPrior(state.prior_id, prior.id)
    if observation.source_id in state.recent:
        return state, _again(state, observation, prior, nodes)
    second, key = _key(observation)
    if state.key is not None and key < state.key:
        raise OutOfOrder(observation.source_id)
    layout = lay_out(nodes, prior)
    scores = read(state.items, observation.answers, observation.floor, layout, second)
    teach = observation.trains and observation.kind == "response"
    x, nowcast = _nowcast(state, observation, second, scores, prior, layout, teach=teach)
    after = _after(state, observation, second, key, scores, nowcast, prior, layout, teach=teach)
    return after, read_out(after, state.items, observation, second, scores, x, nowcast, prior, layout)


def fold(
    state: RiskState, observations: Iterable[Observation], prior: Prior, nodes: Mapping[str, ItemNode]
) -> tuple[RiskState, list[RiskEstimate]]:
    """The state after observations in the fold's order, and an estimate for each. The same bits as one `update` at a time."""
    estimates: list[RiskEstimate] = []
    for observation in observations:
        state, estimate = update(state, observation, prior, nodes)
        estimates.append(estimate)
    return state, estimates


def _key(observation: Observation) -> tuple[int, tuple[int, int, str]]:
    """Seconds since 1970, and the place in the fold's order to the microsecond."""
    since = observation.event_time - EPOCH
    second = since.days * 86400 + since.seconds
    return second, (second * 1_000_000 + since.microseconds, KIND_ORDER[observation.kind], observation.source_id)


def _again(state: RiskState, observation: Observation, prior: Prior, nodes: Mapping[str, ItemNode]) -> RiskEstimate:
    """A known observation read out from the state as it is now, as of the newest one: nothing is learned."""
    newest = EPOCH + timedelta(microseconds=state.key[0] if state.key else 0)
    now = replace(observation, event_time=max(newest, observation.event_time))
    layout = lay_out(nodes, prior)
    second, _ = _key(now)
    scores = read(state.items, now.answers, now.floor, layout, second)
    x, nowcast = _nowcast(state, now, second, scores, prior, layout, teach=False)
    return read_out(state, state.items, now, second, scores, x, nowcast, prior, layout)


def _nowcast(
    state: RiskState, observation: Observation, second: int, scores: Scores, prior: Prior, layout: Layout, *, teach: bool
) -> tuple[list[float], Nowcast]:
    """The regressors of this moment and the nowcast row after it. Silence costs no arithmetic: nothing was met."""
    hours, lag = 0.0, 0.0
    if state.taught_at is not None:
        hours = (second - state.taught_at) / 3600.0
        lag = lag_share(hours, lagged.DAY_HOURS) * state.taught
    content = 0.0
    if state.content_at is not None and (state.taught_at is None or state.content_at >= state.taught_at):
        content = 1.0
    mean, count = state.contexts.get(observation.context or "", (0.0, 0.0))
    x = nowcast_row(
        scores.exposure,
        lag,
        incubation(days_abstinent(state, observation, second)),
        mean * count / (count + CONTEXT_KAPPA),
        content,
        observation.local_hour,
    )
    kept = state.coupling
    if not observation.answers:
        expected = sum(one * other for one, other in zip(kept.theta, x, strict=True))
        return x, Nowcast(kept.theta, kept.spread, expected, 0.0, None, None)
    weight = 0.0 if not teach else 0.5 if scores.floored else 1.0
    excess = scores.noise - layout.noise if scores.noise else 0.0
    craving, residual = scores.exposure[0], prior.document.residual
    return x, coupling.step(kept, prior.coupling, residual, x, hours, craving, excess, weight, scores.floored)


def _after(
    state: RiskState,
    observation: Observation,
    second: int,
    key: tuple[int, int, str],
    scores: Scores,
    nowcast: Nowcast,
    prior: Prior,
    layout: Layout,
    *,
    teach: bool,
) -> RiskState:
    craving = scores.exposure[0]
    learned = teach and craving is not None
    surprise = nowcast.surprise * nowcast.sd if learned and nowcast.surprise is not None else None
    met = teach and bool(scores.answered)
    return RiskState(
        schema=state.schema,
        prior_id=state.prior_id,
        item_map=state.item_map,
        key=key,
        recent=[*state.recent[1 - RECENT :], observation.source_id],
        items=baseline.learn_all(state.items, scores.answered, second) if teach and scores.answered else state.items,
        contexts=_contexts(state.contexts, observation.context, craving) if learned and craving is not None else state.contexts,
        events={**state.events, observation.event: second} if observation.event else state.events,
        cues=cues.learn(state.cues, observation.cues, second // 86400, surprise) if observation.cues else state.cues,
        coupling=nowcast.after or state.coupling,
        lagged=lagged.learn(state.lagged, scores.exposure, second, observation.local_hour, scores.floored, prior) if met else state.lagged,
        levels=_levels(state, scores, second, prior, layout) if scores.answered else state.levels,
        change=_change(state, scores, second, nowcast, prior) if learned else state.change,
        craving=state.craving if scores.strength is None else scores.strength,
        craving_at=state.craving_at if scores.strength is None else second,
        taught=craving if learned and craving is not None else state.taught,
        taught_at=second if learned else state.taught_at,
        content_at=second if observation.kind == "content" else state.content_at,
        answers_per_day=_rate(state, second) if learned else state.answers_per_day,
        answered=state.answered + met,
        days=state.days + (met and _local_day(second, observation.local_hour) != state.last_day),
        last_day=_local_day(second, observation.local_hour) if met else state.last_day,
        novel=cues.novel(state.novel, state.cues, observation.cues, surprise) if observation.cues else state.novel,
        missed=_missed(state.missed, observation, second),
    )


def _missed(before: tuple[float, int, int], observation: Observation, second: int) -> tuple[float, int, int]:
    """A prompt that ended unanswered counts once more, an answered one ends the row; nothing else is learned from silence."""
    number, at, row = before
    if observation.kind == "expiry":
        return (short(missed_at(before, second) + 1.0), second, row + 1)
    return (number, at, 0) if observation.kind == "response" else before


def _contexts(before: dict[str, tuple[float, float]], context: str | None, craving: float) -> dict[str, tuple[float, float]]:
    """Mean latent craving by place and company; beyond eight the least seen makes room."""
    if context is None:
        return before
    mean, count = before.get(context, (0.0, 0.0))
    after = dict(before)
    if context not in before and len(before) >= CONTEXTS:
        del after[min(after, key=lambda name: (after[name][1], name))]
    count = min(count + 1.0, CONTEXT_MEMORY)
    after[context] = (short(mean + (craving - mean) / count), count)
    return after


def _levels(state: RiskState, scores: Scores, second: int, prior: Prior, layout: Layout) -> Levels:
    pulls, weights = [0.0] * len(layout.groups), [0.0] * len(layout.groups)
    for place, answer, _ in scores.answered:
        if place.signal is None:  # anchored levels are what people say
            pulls[place.group] += place.weight * (answer - place.mean)
            weights[place.group] += place.weight
    whole = scores.own[0] is not None or layout.main is None
    index = levels.combine(scores.own, prior.level_weights, prior) if whole else None
    return levels.move(state.levels, layout, pulls, weights, index, second)


def _change(state: RiskState, scores: Scores, second: int, nowcast: Nowcast, prior: Prior) -> Change:
    if nowcast.surprise is None:
        return state.change
    hours = 0.0 if state.taught_at is None else (second - state.taught_at) / 3600.0
    limit = change.limits(state.answers_per_day, prior.document.limits)
    return change.watch(state.change, hours, nowcast.surprise, scores.strength, second, limit)


def _rate(state: RiskState, second: int) -> float:
    """Craving answers a day, decayed with a half-life of seven days."""
    if state.taught_at is None:
        return 1.0
    days = (second - state.taught_at) / 86400.0
    keep = exp2(-days / RATE_DAYS)
    return keep * state.answers_per_day + log(2.0) / RATE_DAYS


def _local_day(second: int, local_hour: float) -> int:
    """A number that changes at local midnight, whatever the zone (offsets from -11 to +13 hours)."""
    return int((second / 3600.0 - local_hour + 13.5) // 24.0)
