"""The population risk layer: what is read of a person, what is to be foreseen, and a model's file scored in plain Python. Pure.

Training lives in `risk.refit`, evaluation in `risk.laboratory`. Both use this package, so that what is scored is what was trained.
"""
