"""What the network is (risk-model.md 2.4): nodes, two recursions, discordance. The equations of 2.3 fail where ours hold."""

from dataclasses import replace
from statistics import NormalDist, fmean

import numpy as np
import pytest

from risk.estimate import coupling, estimator, lagged
from risk.estimate.explain import top_contribution
from risk.estimate.nodes import Nodes
from risk.estimate.readout import expected_report
from risk.terms import Observation
from tests.risk.estimate_streams import ITEMS, PRIOR, Person, answer, run, stream
from tests.risk.uncorrected import Uncorrected

HOURS = (9.5, 13.5, 17.5, 21.5)


def unit(middle: float, spread: float, score: float) -> float:
    return float(np.clip(middle + spread * score, 0.0, 1.0))


def test_latent_craving_is_learned_from_an_indicator_where_its_strength_was_skipped():
    cues = {}
    for kept in (True, False):
        found = []
        for seed in range(8):
            draw = np.random.default_rng([201, seed])
            made = []
            for observation in stream(Person(cue=0.9, noise=0.5), 200 + seed, 21):
                answers = dict(observation.answers)
                latent = (answers["craving"] - 0.3) / 0.2
                answers["intrusion"] = unit(0.3, 0.2, 0.65 * latent + 0.5 * draw.normal())
                if draw.random() < 0.8:
                    del answers["craving"]
                if not kept:
                    del answers["intrusion"]
                made.append(replace(observation, answers=answers, floor=frozenset()))
            found.append(run(made)[1][-1].couplings["R"].value)
        cues[kept] = np.mean(found)
    assert cues[True] > cues[False] + 0.04
    assert cues[True] < 1.0


def test_an_intrusive_thought_is_craving_and_not_executive_control():
    _, (seen,) = run([answer("a", 10.0, {"intrusion": 0.9, "stress": 0.5})])
    assert seen.own["C"] > 1.0
    assert seen.own["E"] is None
    assert seen.contributions["E"] == 0.0
    assert seen.craving is None
    assert seen.age_hours is None


def test_dope_sickness_is_a_node_of_its_own_and_is_not_taken_for_stress():
    observations = stream(Person(stress=0.0, withdrawal=0.6, synergy=0.0), 210, 30)
    sick = answer("sick", 30 * 24 + 10.0, {"craving": 0.7, "cue_met": 0.0, "stress": 0.48, "control": 0.35, "withdrawal": 0.9})
    uncorrected = Uncorrected().feed([*observations, sick])
    assert uncorrected.theta["S"] > 0.25
    _, estimates = run([*observations, sick])
    last = estimates[-1]
    assert top_contribution(last.contributions) == "W"
    assert last.couplings["W"].value > last.couplings["S"].value + 0.2


def lagged_world(
    seed: int, days: int, edge: float, *, night: float | None = None, own: float = 0.0, at_once: float = 0.0
) -> list[Observation]:
    """Stress moves control at the next prompt (`edge`; `night` over a night), and at once (`at_once`)."""
    draw = np.random.default_rng([220, seed])
    made, stress = [], 0.0
    for day in range(days):
        for hour in HOURS:
            before, stress = stress, float(draw.normal()) + own * stress
            weight = night if night is not None and hour == HOURS[0] else edge
            control = weight * before + at_once * stress + 0.7 * draw.normal()
            answers = {
                "craving": unit(0.4, 0.2, 0.7 * stress + 0.6 * draw.normal()),
                "cue_met": float(draw.random() < 0.25),
                "stress": unit(0.48, 0.22, stress),
                "control": unit(0.4, 0.18, control),
                "withdrawal": unit(0.35, 0.18, draw.normal()),
            }
            made.append(answer(f"{day}-{hour}", day * 24.0 + hour, answers))
    return made


def test_the_lagged_network_tells_before_from_at_once():
    led = run(lagged_world(1, 40, 0.6))[1][-1].edges["S>E"]
    same = run(lagged_world(2, 40, 0.0, at_once=0.6))[1][-1].edges["S>E"]
    assert led.low > 0.15
    assert same.low < 0.05
    back = run(lagged_world(1, 40, 0.6))[1][-1].edges["E>S"]
    assert back.low < 0.0 < back.high


def test_in_silence_a_forecast_goes_back_to_what_is_usual_and_grows_wide():
    """After one answer far above the usual; at hours that are a day apart the clock is the same."""
    usual = stream(Person(lag=0.6, noise=0.4), 205, 28)
    high = answer("high", 28 * 24.0 + 9.5, {"craving": 0.9, "cue_met": 1.0, "stress": 0.9, "control": 0.6, "withdrawal": 0.6})
    gone = [answer(f"gone{hours}", 28 * 24.0 + 9.5 + hours, {}, kind="expiry", trains=False) for hours in (2.5, 24.0, 48.0, 72.0)]
    state, estimates = run([*usual, high, *gone])
    told, soon, *later = [one.forecast.value for one in estimates[-5:]]
    mean = state.items["craving"].mean
    assert told > soon > later[0] >= later[1] >= later[2]
    assert abs(later[2] - mean) < 0.3 * abs(told - mean)
    assert [one.level for one in estimates[-4:]] == [estimates[-5].level] * 4, "silence never says calm"

    since = int(high.event_time.timestamp())
    by_day = [lagged.forecast(state.lagged, since + int(3600 * hours), 9.5, PRIOR).sd for hours in (0.0, 1.0, 3.0, 5.0)]
    by_night = [lagged.forecast(state.lagged, since + int(3600 * hours), 9.5, PRIOR).sd for hours in (24.0, 48.0, 72.0, 7 * 24.0)]
    for sds in (by_day, by_night):
        assert sds == sorted(sds)
        assert sds[0] < sds[-1]
    assert by_night[-1] == pytest.approx(by_night[-2], rel=1e-6), "once all that was told has faded it is as wide as craving is"


@pytest.mark.parametrize("sd", [0.02, 0.1, 0.4, 3.0])
@pytest.mark.parametrize("mean", [-0.9, -0.05, 0.0, 0.08, 0.5, 0.97, 1.6])
def test_what_is_expected_to_be_said_is_the_mean_of_what_can_be_said(mean: float, sd: float):
    """Against the mean of a cut-off normal over 20,001 quantiles: steps of half of a ten-thousandth of its width."""
    quantiles = NormalDist(mean, sd)
    said = [min(1.0, max(0.0, quantiles.inv_cdf((step + 0.5) / 20_001))) for step in range(20_001)]
    assert expected_report(mean, sd) == pytest.approx(fmean(said), abs=2e-4)


def test_an_expected_report_lies_within_the_scale_and_above_what_is_felt_near_the_floor():
    assert 0.0 <= expected_report(-40.0, 0.1) < 1e-12
    assert expected_report(41.0, 0.1) == 1.0
    assert expected_report(0.02, 0.1) > 0.04 > 0.02
    assert expected_report(0.5, 0.01) == 0.5


def test_nowcast_and_forecast_are_two_numbers():
    observations = lagged_world(3, 40, 0.0)
    _, estimates = run(observations)
    truth = [one.answers["craving"] for one in observations]
    now = [(one.nowcast.value - value) ** 2 for one, value in zip(estimates, truth, strict=True)]
    ahead = [(one.forecast.value - value) ** 2 for one, value in zip(estimates[:-1], truth[1:], strict=True)]
    assert np.mean(now[60:]) < 0.75 * np.mean(ahead[60:])
    assert all(one.forecast.low < one.forecast.value < one.forecast.high for one in estimates)
    covered = [one.forecast.low <= value <= one.forecast.high for one, value in zip(estimates[60:-1], truth[61:], strict=True)]
    assert 0.82 < np.mean(covered) < 0.98


def test_an_interval_over_a_night_has_its_own_coefficient():
    state, estimates = run(lagged_world(4, 60, 0.7, night=0.0))
    by_day, by_night = state.lagged.day.rows[4][3 + 2], state.lagged.night.rows[4][1 + 2]
    assert by_day > 0.4
    assert by_night < 0.25
    assert estimates[-1].edges["S>E"].value == by_day


def test_a_missing_target_keeps_its_couplings_and_widens_their_intervals():
    learned, unasked = lagged_world(5, 30, 0.6), lagged_world(6, 25, 0.6)
    later = [
        replace(one, source_id=f"later{index}", event_time=one.event_time + (learned[-4].event_time - learned[0].event_time) * 30 / 29)
        for index, one in enumerate(unasked)
    ]
    without = [replace(one, answers={name: value for name, value in one.answers.items() if name != "control"}) for one in later]
    state, estimates = run(learned)
    before = estimates[-1].edges["S>E"]
    missing, (*_, after) = run(without, state)
    assert after.edges["S>E"].value == pytest.approx(before.value, abs=0.08)
    answered, (*_, full) = run(later, state)
    widths = [one.edges["S>E"].high - one.edges["S>E"].low for one in (after, full)]
    assert widths[0] > 1.15 * widths[1]
    assert missing.lagged.total == answered.lagged.total > 1.4 * missing.lagged.observed[4]
    imputed = [replace(one, answers={**one.answers, "control": 0.4}) for one in later]
    _, (*_, as_zero) = run(imputed, state)
    assert as_zero.edges["S>E"].value < before.value - 0.1


def test_a_lagged_node_that_is_missing_is_not_exposed_and_not_forgotten():
    state, _ = run(lagged_world(7, 30, 0.6))
    only_cue = [
        answer(f"c{index}", 30 * 24.0 + 9.5 + 24 * (index // 4) + 4 * (index % 4), {"cue_met": 1.0 * (index % 2)}) for index in range(80)
    ]
    after, _ = run(only_cue, state)
    assert after.lagged.day.rows[4][3 + 2] == pytest.approx(state.lagged.day.rows[4][3 + 2], abs=0.02)
    assert after.lagged.day.spread[2] < 1.1 * state.lagged.day.spread[2]


def test_a_person_who_always_says_zero_stays_audible_under_the_population_couplings():
    observations = stream(Person(deny=True), 230, 30)
    uncorrected = Uncorrected()
    theirs = []
    for observation in observations:
        uncorrected.step(observation)
        theirs.append(uncorrected.drive)
    _, estimates = run(observations)
    late = estimates[-40:]
    assert uncorrected.theta["R"] < 0.15
    assert np.std(theirs[-40:]) < 0.25
    assert np.std([one.population_drive for one in late]) > 0.5
    assert max(one.discordance for one in late) > 1.0
    assert all(one.discordance == pytest.approx(one.population_drive - one.own["C"]) for one in late)


def test_a_report_at_the_floor_teaches_with_half_weight():
    observations = stream(Person(deny=True), 231, 10)
    uncensored = [replace(one, floor=frozenset()) for one in observations]
    half, full = run(observations)[0], run(uncensored)[0]
    shares = [state.coupling.shape - PRIOR.document.residual.shape for state in (half, full)]
    assert shares[0] == pytest.approx(0.5 * shares[1], rel=0.1)
    assert half.coupling.theta[4] > full.coupling.theta[4]


@pytest.mark.parametrize("above", [-8.0, -2.5, -0.3, 0.0, 1.0, 4.0])
def test_what_a_floor_says_is_what_is_left_of_a_normal_below_it(above):
    places = np.linspace(above - 12.0, above, 400_001)
    share = np.exp(-0.5 * (places**2 - above**2))
    mean, square = (float((share * one).sum() / share.sum()) for one in (places, places**2))
    expected, told, found, pull = coupling.censored(above)
    assert (expected, found) == pytest.approx((mean, square), rel=2e-3)
    assert told == pytest.approx(1.0 - (square - mean**2), abs=5e-3)
    assert told * pull == pytest.approx(expected)


def test_where_the_floor_hides_half_of_craving_couplings_are_found_that_its_value_would_hide():
    """The same lives on a scale that begins higher: 45% of what is felt lies at its floor or below."""
    ways = {"whole": 0.0, "floor": 0.3, "value": 0.3}
    found, surprises = {way: [] for way in ways}, []
    for seed in range(8):
        felt = [replace(one, floor=frozenset()) for one in stream(Person(), 300 + seed, 30)]
        for way, cut in ways.items():
            told = [replace(one, answers={**one.answers, "craving": max(0.0, one.answers["craving"] - cut)}) for one in felt]
            marked = [replace(one, floor=frozenset({"craving"} if one.answers["craving"] == 0.0 else ())) for one in told]
            state, estimates = run(marked if way == "floor" else told)
            found[way].append([state.coupling.theta[place] for place in (4, 5)])
            surprises += [one.innovation for one in estimates[20:]] if way == "floor" else []
    cue, stress = (dict(zip(ways, (np.mean(found[way], axis=0)[place] for way in ways), strict=True)) for place in (0, 1))
    for one in (cue, stress):
        assert one["value"] < 0.75 * one["whole"]
        assert one["floor"] == pytest.approx(one["whole"], rel=0.1)
    assert abs(np.mean(surprises)) < 0.1, "the detector of change hears no rise in a floor"


def test_the_order_of_answers_and_of_items_changes_no_bit():
    observations = stream(Person(), 240, 6)
    turned = [replace(one, answers=dict(reversed(one.answers.items()))) for one in observations]
    shuffled = Nodes(dict(reversed(list(ITEMS.items()))))
    assert estimator.fold(estimator.start(PRIOR, "map"), turned, PRIOR, shuffled) == run(observations)


def test_place_and_company_count_as_this_persons_own_history_there():
    draw = np.random.default_rng(250)
    observations = []
    for observation in stream(Person(noise=0.5), 250, 40):
        place = "corner-friends" if draw.random() < 0.4 else "home-alone"
        craving = min(1.0, observation.answers["craving"] + 0.25 * (place == "corner-friends"))
        observations.append(replace(observation, context=place, answers={**observation.answers, "craving": craving}))
    state, estimates = run(observations)
    assert state.contexts["corner-friends"][0] > state.contexts["home-alone"][0] + 0.5
    assert estimates[-1].couplings["context"].low > 0.0
    crowd = [replace(one, context=f"place{index}") for index, one in enumerate(observations)]
    assert len(run(crowd)[0].contexts) <= estimator.CONTEXTS
