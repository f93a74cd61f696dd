"""Evaluation of the population models and of the craving forecast: people held out, past use as the baseline, intervals over people."""
