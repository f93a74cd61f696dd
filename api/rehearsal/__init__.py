"""Trying a study: existing datasets sent through the API, and simulated people."""
