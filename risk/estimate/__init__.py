"""A streaming estimate of craving-network activity for one person. Pure; knows nothing of interventions.

`estimator.update` folds one observation into the state in constant time and says what it means. Live use, replay
and training share it: a batch is a fold of the same function over sorted observations.
"""
