"""Keeping promises: claim, send, record. Knows nothing of plans."""
