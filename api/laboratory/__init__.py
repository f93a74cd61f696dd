"""Datasets in and reports out: what `breakwater evaluate` and `breakwater drift` read and write."""
