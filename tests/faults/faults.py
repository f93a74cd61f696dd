"""The faults. Each takes a run whose load is going on, breaks things, and leaves them mended."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from tests.faults.disk import Disk
from tests.faults.house import Process
from tests.faults.run import Run

BASE_SECONDS = 48 * 3600.0
Tell = Callable[[str], None]


def kill(run: Run, kills: int, tell: Tell) -> None:
    """SIGKILL at a random moment of a random process, again and again: soon after it is ready, or on its way up."""
    killed: Counter[str] = Counter()
    on_the_way_up, begun = 0, monotonic()
    for number in range(1, kills + 1):
        process = run.chance.choice(run.house.processes)
        if not process.alive:
            process.start()
        process.wait_ready()
        sleep(_life(run))
        process.kill()
        killed[process.name] += 1
        process.start()
        if run.chance.random() < 0.12 and number < kills:
            sleep(run.chance.uniform(0.0, 2.5))
            on_the_way_up += 1
            process.kill()
            process.start()
        process.wait_ready()
        if run.mover is not None and number % 15 == 0:
            run.mover.days_ahead = run.chance.uniform(0.1, 0.5)
        if number % 40 == 0:
            Thread(target=run.ask_for_export, args=(number,), daemon=True).start()
        if number % 5 == 0 or number == kills:
            stored = len(run.ledger.stored())
            tell(f"{number} of {kills} kills, {stored} answers acknowledged, {(monotonic() - begun) / number:.1f} s a kill")
    run.outcome.notes |= {
        "kills": dict(killed),
        "kills on the way up": on_the_way_up,
        "seconds a kill": round((monotonic() - begun) / max(1, kills), 2),
    }


def _life(run: Run) -> float:
    """Mostly 0.2 to 2 s; now and then longer, so that more than the way up is tried."""
    return run.chance.uniform(0.2, 2.0) if run.chance.random() < 0.75 else run.chance.uniform(2.0, 5.0)


def away(run: Run, seconds: float, tell: Tell) -> None:
    """The database goes away and comes back: stopped without warning, its connections cut, or locked by someone else."""
    ends, rounds = monotonic() + seconds, Counter[str]()
    while monotonic() < ends:
        sleep(run.chance.uniform(1.5, 4))
        if run.cluster is None:
            for_seconds = run.chance.choice([1.0, 3.0, 7.0])  # shorter and longer than the 5 s that a writer waits
            _hold_lock(run.house.directory / "breakwater.db", for_seconds)
            rounds["locked by another process"] += 1
        elif run.chance.random() < 0.5:
            rounds["connections cut"] += run.cluster.reset_connections()
        else:
            run.cluster.stop_at_once()
            sleep(run.chance.uniform(0.2, 3))
            run.cluster.start()
            rounds["stopped at once and started"] += 1
        tell(f"{dict(rounds)}, {len(run.ledger.stored())} answers acknowledged")
    run.outcome.notes["away"] = dict(rounds)
    run.outcome.notes["processes that ended by themselves"] = _revived(run)


def _hold_lock(path: Path, seconds: float) -> None:
    """As a careless backup or a database browser would."""
    other = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        sleep(seconds)
        other.execute("ROLLBACK")
    finally:
        other.close()


def disk(run: Run, volume: Disk, seconds: float, tell: Tell) -> None:
    """The disk fills up to the last byte, stays so, and is freed again."""
    ends, rounds, full = monotonic() + seconds, 0, 0.0
    while monotonic() < ends:
        sleep(run.chance.uniform(2, 4))
        begun = monotonic()
        volume.fill(run.house.processes)
        sleep(run.chance.uniform(2, 5))
        volume.free(run.house.processes)
        rounds, full = rounds + 1, full + monotonic() - begun
        if run.cluster is not None and not run.cluster.alive:
            run.cluster.start()
            run.outcome.notes["PostgreSQL had to be started again"] = run.outcome.notes.get("PostgreSQL had to be started again", 0) + 1
        tell(f"{rounds} times full, {len(run.ledger.stored())} answers acknowledged")
    run.outcome.notes |= {"times full": rounds, "seconds full": round(full, 1), "disk": volume.words}
    if run.cluster is not None:
        _wait_for_cluster(run)
    run.outcome.notes["processes that ended by themselves"] = _revived(run)


def _wait_for_cluster(run: Run) -> None:
    assert run.cluster is not None
    for _ in range(100):
        if not run.cluster.alive:
            run.cluster.start()
        try:
            run.cluster.reset_connections()
        except Exception:
            sleep(0.2)
        else:
            return


def clock(run: Run, seconds: float, tell: Tell) -> None:
    """The system clock of one process at a time is hours wrong, forward and back; in a rehearsal study time jumps by days."""
    # From the third day on, so that a clock that goes back does not go back before there was a study. The same hour of the day:
    # the checks of the true clock are asked then.
    for process in run.house.processes:
        _set(run, process, 0)
    ends, jumps = monotonic() + seconds, []
    while monotonic() < ends:
        process = run.chance.choice(run.house.processes)
        hours = run.chance.choice([-26.0, -3.0, -1.0, -0.02, 0.5, 2.0, 9.0, 30.0])
        _set(run, process, hours * 3600)
        sleep(run.chance.uniform(1.5, 5))
        _set(run, process, 0)
        if run.mover is not None and len(jumps) % 3 == 1:
            run.mover.days_ahead = run.chance.uniform(0.3, 1.2)
        jumps.append(f"{process.name} {hours:+g} h")
        tell(f"{len(jumps)} jumps, {len(run.ledger.stored())} answers acknowledged")
        sleep(run.chance.uniform(0.5, 2))
    run.outcome.notes |= {"jumps": len(jumps), "what jumped": dict(Counter(jumps))}
    run.outcome.notes["processes that ended by themselves"] = _revived(run)


def _set(run: Run, process: Process, seconds: float) -> None:
    (run.offsets / process.name).write_text(str(BASE_SECONDS + seconds))


def webhooks(run: Run, seconds: float, tell: Tell) -> None:
    """Receivers with every bad habit; now and then a sender is killed in the middle."""
    ends, killed = monotonic() + seconds, 0
    while monotonic() < ends:
        sleep(run.chance.uniform(4, 7))
        if run.chance.random() < 0.4:
            process = run.chance.choice([one for one in run.house.processes if one.port is None] or run.house.processes)
            process.kill()
            process.start()
            process.wait_ready()
            killed += 1
        tell(f"{dict(run.receivers.counts())}, {killed} kills")
    run.outcome.notes |= {"senders killed": killed}


def _revived(run: Run) -> list[str]:
    """Processes that a fault ended, which it should not have; they are started again."""
    dead = [one.name for one in run.house.processes if not one.alive]
    for one in run.house.processes:
        if not one.alive:
            one.start()
            one.wait_ready()
    return dead
