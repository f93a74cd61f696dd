"""RADAR aRMT: questionnaires and protocols."""
