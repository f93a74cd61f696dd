"""The house under faults: real processes, real HTTP, a real database, and laws that must hold afterwards.

See `python -m tests.faults --help`.
"""
