"""A duty's work batch by batch, each in a transaction of its own, so that nobody waits long for a lock."""

from collections.abc import Callable

from models.session import Sessions, WriteSession


def in_batches(sessions: Sessions, work: Callable[[WriteSession], int], *, batch: int, rounds: int) -> int:
    """How many were worked, for as long as a batch comes back full; what is left after `rounds` waits for the duty's next beat."""
    worked = 0
    for _ in range(rounds):
        with sessions.transaction() as session:
            found = work(session)
        worked += found
        if found < batch:
            break
    return worked
