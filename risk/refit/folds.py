"""Who is trained on and who is tested. Always whole people: there is no way to ask for a split by rows.

Row-wise splits inflate: 0.785 by rows against 0.616 by people on the same smoking diary (risk-model.md 0.3).
"""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from models.errors import Invalid
from risk.refit.table import Floats, Whole

Split = tuple[Whole, Whole]
"""Places of training rows and of test rows; no group has rows in both."""


def grouped(groups: Whole, y: Floats, *, folds: int, seed: int) -> list[Split]:
    """Folds of whole groups, alike in how many of their people ever have an event. Raises Invalid with fewer groups than folds."""
    if len(np.unique(groups)) < folds:
        raise Invalid("too_few_people", f"{folds} folds of people need at least {folds} people.")
    ever = np.zeros(int(groups.max()) + 1, dtype=np.int64)
    np.maximum.at(ever, groups, np.nan_to_num(y).astype(np.int64))
    kinds = ever[groups]
    if np.bincount(kinds, minlength=2).min() < folds:
        kinds = np.zeros(len(groups), dtype=np.int64)  # too few of one kind to be alike in
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return [(train.astype(np.int64), test.astype(np.int64)) for train, test in splitter.split(groups, kinds, groups)]


def rolling_origin(groups: Whole, days: Whole, began: Sequence[date | None], *, share: float = 0.6) -> Split | None:
    """Train on what happened before a calendar day T, test on people who enrolled on T or later. None without a calendar or newcomers.

    `began` by group. T leaves `share` of the people before it.
    """
    starts = np.array([one.toordinal() if one else -1 for one in began], dtype=np.int64)
    present = np.unique(groups)
    if (starts[present] < 0).any():
        return None
    origin = int(np.sort(starts[present])[int(share * len(present))])
    train = np.nonzero((starts[groups] < origin) & (starts[groups] + days < origin))[0]
    test = np.nonzero(starts[groups] >= origin)[0]
    return (train, test) if len(train) and len(test) else None


def leave_site_out(groups: Whole, sites: Sequence[str]) -> Iterator[tuple[str, Split]]:
    """Each site in turn as the test, trained on the others. `sites` by group; nothing where there is one site."""
    names = sorted({sites[one] for one in np.unique(groups)} - {""})
    of_row = np.array(sites, dtype=object)[groups]
    for name in names if len(names) > 1 else ():
        yield name, (np.nonzero(of_row != name)[0], np.nonzero(of_row == name)[0])
