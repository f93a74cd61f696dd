"""The shipped prior says what it assumes; a bad one is refused with its place."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import Invalid
from models.protocols import Protocols
from risk.estimate import estimator
from risk.estimate.prior import PRIOR_FILE, REGRESSORS, load
from risk.mind import Mind
from tests.conftest import fixed_keys
from tests.risk.estimate_streams import ITEMS, PRIOR, Person, stream

RAW = (Path(__file__).parents[2] / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes()


def changed(pointer: str, value: object) -> bytes:
    document = json.loads(RAW)
    *path, last = pointer.strip("/").split("/")
    place = document
    for part in path:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[last] = value
    return json.dumps(document).encode()


def test_the_shipped_prior_says_that_it_is_assumed_and_where_each_direction_is_from():
    document = PRIOR.document
    assert document.assumption is True
    assert document.synthetic is False
    assert "clinical validity" in document.statement
    assert all(one.source in document.sources for one in document.coupling.values())
    assert all(one.note for one in document.variables.values())
    assert document.limits_note


def test_the_id_of_a_prior_changes_with_any_byte_of_it():
    assert PRIOR.id.startswith("population-1-")
    assert load(RAW + b"\n").id != PRIOR.id
    assert load(RAW).id == PRIOR.id


@pytest.mark.parametrize(
    ("pointer", "value", "place"),
    [
        ("/variables/craving/mean", 1.2, "/variables/craving"),
        ("/variables/craving/loading", 1.0, "/variables/craving/loading"),
        ("/generic/loading", None, "/generic/loading"),
        ("/nodes/S/sd", 0.0, "/nodes/S"),
        ("/coupling/R/sd", -0.1, "/coupling/R"),
        ("/coupling/R/source", "hearsay", "/coupling/R/source"),
        ("/day/sds/C", 0.0, "/day"),
        ("/day/means/stress", {"C": 0.2}, "/day/means"),
        ("/night/means/C", {"cue": 0.2}, "/night/means"),
        ("/limits", [], "/limits"),
        ("/limits/0/innovation", 0.0, "/limits"),
        ("/residual/shape", 0.0, "/residual"),
        ("/coupling_covariance", [[1.0]], "/coupling_covariance"),
        ("/sd_ref", 0.0, "/sd_ref"),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_place(pointer: str, value: object, place: str):
    with pytest.raises(Invalid) as refusal:
        load(changed(pointer, value))
    assert place in [fault.pointer for fault in refusal.value.faults]


def test_a_misspelt_field_and_a_covariance_that_cannot_be_inverted_are_refused():
    for bad in (changed("/variables/craving/men", 0.3), b"{}", b"no"):
        with pytest.raises(Invalid, match="prior_refused"):
            load(bad)
    flat = [[1.0] * (row + 1) for row in range(len(REGRESSORS))]
    with pytest.raises(Invalid) as refusal:
        load(changed("/coupling_covariance", flat))
    assert refusal.value.faults[0].rule == "positive_definite"


def test_a_prior_with_correlated_couplings_forgets_towards_all_of_it():
    size = len(REGRESSORS)
    sds = np.array([PRIOR.document.coupling[name].sd for name in REGRESSORS])
    correlation = 0.3 ** np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    covariance = np.outer(sds, sds) * correlation
    prior = load(changed("/coupling_covariance", [covariance[row, : row + 1].tolist() for row in range(size)]))
    low = np.zeros((size, size))
    low[np.tril_indices(size)] = prior.coupling.precision
    assert low + np.tril(low, -1).T == pytest.approx(np.linalg.inv(covariance), rel=1e-9, abs=1e-9)
    state, estimates = estimator.fold(estimator.start(prior, "map"), stream(Person(), 400, 20), prior, ITEMS)
    before, x = state.coupling, np.array([1.0, 0.5, 0.5, 0.3, 1.5, 1.0, 0.5, 0.5, 1.5, 0.2, 0.1, 1.0])
    step = estimator.coupling.step(before, prior.coupling, prior.document.residual, list(x), 48.0, None, 0.0, 0.0)
    low[np.tril_indices(size)] = before.precision
    whole = low + np.tril(low, -1).T
    keep = np.diag(np.sqrt(2.0 ** (-48.0 * np.minimum(4.0, x**2 / before.exposure) / 672.0)))
    lose, anchor = np.sqrt(np.eye(size) - keep**2), np.linalg.inv(covariance)
    after = keep @ whole @ keep + lose @ anchor @ lose
    moment = (keep @ whole @ keep) @ before.theta + lose @ anchor @ lose @ np.array(prior.coupling.means[0])
    assert step.theta == pytest.approx(np.linalg.solve(after, moment), abs=1e-6)
    assert step.spread == pytest.approx(np.diag(np.linalg.inv(after))[3:], abs=1e-6)
    assert estimates[-1].prior_id == prior.id


def test_what_was_learned_from_simulated_people_loads_in_a_rehearsal_only():
    learned = changed("/synthetic", True)
    with pytest.raises(Invalid) as refusal:
        load(learned)
    assert [(one.pointer, one.rule) for one in refusal.value.faults] == [("/synthetic", "synthetic")]
    with pytest.raises(Invalid):
        Mind(fixed_keys(), Protocols(), prior=learned)
    assert Mind(fixed_keys(), Protocols(), rehearsal=True, prior=learned).prior.document.synthetic is True
