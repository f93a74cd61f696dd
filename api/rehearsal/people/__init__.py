"""Simulated people: who they are, how they feel, what they answer, what their phones do. Pure, keyed by a seed, synthetic.

For trying a study and for load; never evidence about anybody (risk-model.md section 4). Every draw is a function of the
seed, the person's number, what is drawn and on which occasion, so neither order nor company changes anything.
"""
