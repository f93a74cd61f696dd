"""One cheap check that couplings are found again in synthetic people; never evidence about real ones."""

import numpy as np

from tests.risk.estimate_streams import PRIOR, people, run


def test_couplings_of_synthetic_people_are_found_again_and_shrinkage_pays():
    true, found, covered = [], [], []
    for person, observations in people(40, 14, seed=6, answered=0.72):
        last = run(observations)[1][-1]
        true.append((person.cue, person.stress))
        found.append((last.couplings["R"].value, last.couplings["S"].value))
        covered.append(
            [band.low <= truth <= band.high for truth, band in zip(true[-1], (last.couplings["R"], last.couplings["S"]), strict=True)]
        )
    truths, shrunk = np.array(true), np.array(found)
    assert np.corrcoef(truths[:, 0], shrunk[:, 0])[0, 1] > 0.75
    assert np.corrcoef(truths[:, 1], shrunk[:, 1])[0, 1] > 0.70
    population = [PRIOR.document.coupling[name].mean for name in ("R", "S")]
    assert (np.mean((shrunk - truths) ** 2, axis=0) < np.mean((population - truths) ** 2, axis=0)).all()
    assert np.mean(covered) > 0.75


def test_surprises_are_standard_and_contributions_add_up():
    _, estimates = run(next(people(1, 60, seed=7))[1])
    surprises = [one.innovation for one in estimates[40:]]
    assert 0.85 < np.std(surprises) < 1.15
    assert abs(np.mean(surprises)) < 0.2
    assert all(abs(sum(one.contributions.values()) - one.drive) < 1e-12 for one in estimates)
