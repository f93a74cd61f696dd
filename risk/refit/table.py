"""Windows as arrays: what a learner sees of a model and a target."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from risk.population.features import Model, columns, of_model
from risk.population.windows import ENDED, UNANSWERED, USE, Target, Windows

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one model and target whose window did not end early. `names` and `rising` go with the columns of `x`.

    `row` is the place among all windows, `person` among all people. `y` is 1 for use, 0 for none and NaN where nobody answered; `train` is
    what training may take.
    """

    names: tuple[str, ...]
    rising: tuple[int, ...]
    row: Whole
    x: Floats
    y: Floats
    person: Whole
    day: Whole
    abstinent: Floats
    train: Flags

    @property
    def answered(self) -> Flags:
        return ~np.isnan(self.y)

    def rows(self, chosen: Flags | Whole) -> "Table":
        """These rows alone."""
        return replace(
            self,
            row=self.row[chosen],
            x=self.x[chosen],
            y=self.y[chosen],
            person=self.person[chosen],
            day=self.day[chosen],
            abstinent=self.abstinent[chosen],
            train=self.train[chosen],
        )


def make_table(windows: Windows, model: Model, target: Target, *, fence: bool = True) -> Table:
    """`fence` False keeps negatives within 24 hours of a use in training, for data whose days are whole days."""
    places = of_model(windows.sources, model)
    outcome = np.frombuffer(windows.outcome[target], dtype=np.int8)
    due = outcome != ENDED
    y = np.where(outcome == UNANSWERED, np.nan, (outcome == USE).astype(float))[due]
    fenced = np.frombuffer(windows.fenced[target], dtype=np.int8).astype(bool)[due] if fence else np.zeros(int(due.sum()), dtype=bool)
    all_columns = columns(windows.sources)
    return Table(
        names=tuple(all_columns[place].name for place in places),
        rising=tuple(all_columns[place].rising for place in places),
        row=np.nonzero(due)[0].astype(np.int64),
        x=np.column_stack([np.frombuffer(windows.values[place])[due] for place in places]),
        y=y,
        person=np.frombuffer(windows.person, dtype=windows.person.typecode)[due].astype(np.int64),
        day=np.frombuffer(windows.day, dtype=windows.day.typecode)[due].astype(np.int64),
        abstinent=np.frombuffer(windows.abstinent)[due],
        train=~np.isnan(y) & ~fenced,
    )
