"""A streaming estimate of craving-network activity for one person. Pure; knows nothing of interventions.

`estimator.update` folds one observation into the state in constant time and says what it means. Live use, replay
and training share it: a batch is a fold of the same function over sorted observations.
"""

from typing import Final

from risk import compiled

FORM: Final = compiled.prefer(__path__[0])
"""Whether the modules of an update were compiled ahead of time, or are Python as written."""
